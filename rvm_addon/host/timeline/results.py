"""Finished jobs become strips, which look like their sources and lie where these do."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...engine.contract.outputs import Result
from ...engine.contract.spec import JobSpec
from ..blender import sequencers, versions
from ..blender.versions import Span
from ..strip import hiding, masks
from ..strip.image_strips import new_image_strip
from ..strip.likeness import copy_look, is_placed_alike, read_as_written
from ..strip.placements import (
    Placement,
    StripUnsuitable,
    find,
    first_matted,
    free_channel,
    is_timed_alike,
    lying_apart,
)
from ..strip.soundtrack import sounds_of
from ..strip.sources import frames_within, is_within, pieces
from . import belonging, effects, giving_way, recipes
from .belonging import cut_off, made_from, stems_of, was_mask, without_suffixes


def _hide(source: versions.Strip, start: int, end: int) -> None:
    """Hide a strip below its result, which lies from `start` to `end` - 1, together with the strip's inputs.

    Inputs of an effect that reach beyond the result must stay visible there, but not under the effect.
    """
    inputs = versions.inputs(source)
    within = all(is_within(strip, start, end) for strip in inputs)
    hiding.hide(source, needed=not within)
    if within:
        for strip in inputs:
            _hide(strip, start, end)


@dataclass(frozen=True)
class Inserted:
    """A result on its timeline."""

    strips: tuple[versions.Strip, ...]
    """One strip, or one for each contiguous run of the source's pieces if these lie apart."""
    not_covered: tuple[str, ...]
    """The names of the source's pieces that show more than was matted; these stay visible."""
    apart: tuple[str, ...]
    """The names of strips elsewhere that show matted frames but get no result, such as pieces cut off the source."""
    below: tuple[str, ...]
    """The names of strips above the source that lie below the result."""


def insert_result(spec: JobSpec, folder: Path, place: Placement) -> Inserted:
    """Put the frames in `folder` above their source as a new strip that looks and lies like it, and hide the source.

    Raises:
        StripUnsuitable: the source strip is gone, or every channel above it is taken.
    """
    found = find(place)
    if found is None:
        raise StripUnsuitable(place.strip, f"is gone or was renamed; its frames are in “{folder}”")
    scene, source = found
    is_mask = spec.look.result is Result.MASK
    ground = _ground(scene, source, place, whole=is_mask)
    free = [free_channel(scene.sequence_editor, ground.below, *span) for span in ground.spans]
    channels = [channel for channel in free if channel is not None]
    if len(channels) < len(free):
        raise StripUnsuitable(place.strip, f"has no free channel above it; its frames are in “{folder}”")
    for part in ground.parts:
        hiding.forget_if_shown(part)
    if ground.old is not None:
        giving_way.take_back(ground.parts or (source,), ground.old, keep_source=place.keep_source)
    laid = [
        _laid(spec, folder, place, ground, span, channel) for span, channel in zip(ground.spans, channels, strict=True)
    ]
    for part, run in [] if is_mask or place.keep_source else ground.covered:
        _hide(part, *run)
    results = tuple(result for _, result in laid)
    if ground.old is not None:
        if is_mask:
            effects.remove_repeated(ground.old)
        giving_way.make_way(scene, ground.old, results)
    for like, result in laid:
        giving_way.remember_range(result, ground.runs)
        _connect(scene, like, result)
    covered = [part for part, _ in ground.covered]
    not_covered = tuple(part.name for part in ground.parts if part not in covered)
    below = () if is_mask or ground.old is not None else _between(scene, laid)
    return Inserted(results, not_covered, ground.apart, below)


@dataclass(frozen=True)
class _Ground:
    """What a placement finds on its timeline."""

    source: versions.Strip
    parts: tuple[versions.Strip, ...]
    """The pieces of the source that exist when the result arrives, as far as they concern the result."""
    covered: tuple[tuple[versions.Strip, Span], ...]
    """The parts that were matted completely, each with the run of matted frames that it lies in."""
    runs: tuple[Span, ...]
    """Where the source lies and was matted."""
    spans: tuple[Span, ...]
    """Where results go: the same, within the reach of the result that they replace."""
    old: versions.Strip | None
    """The result that the new one replaces."""
    apart: tuple[str, ...]
    """As `Inserted.apart`."""

    @property
    def below(self) -> versions.Strip:
        """The strip at whose level, and above whose channel, the results go.

        That is the source, unless one of the two was gathered in a meta strip since: then it is the result to replace.
        """
        is_elsewhere = self.old is not None and self.old.parent_meta() != self.source.parent_meta()
        return self.old if is_elsewhere else self.source


def _ground(scene: bpy.types.Scene, source: versions.Strip, place: Placement, *, whole: bool) -> _Ground:
    """Return what a placement finds; a `whole` result ignores where the result that it replaces was cut."""
    first = first_matted(source, place)
    asked = Span(first + place.before, first + place.before + place.length)
    matted = giving_way.EVERYWHERE if place.still else Span(first, first + len(place.shown))
    parts = pieces(source, versions.siblings(scene.sequence_editor, source), *asked)
    runs = _runs(map(versions.handles, parts), matted) or _runs([asked], matted)
    old = giving_way.result_to_replace(scene, parts or [source], place)
    reach = giving_way.EVERYWHERE if whole or old is None else giving_way.reach(scene, old, parts)
    near = tuple(part for part in parts if frames_within(part, *reach))
    shown = [part for part in near if is_timed_alike(part, place)]
    covered = [
        (part, run) for part in shown for run in runs if _is_within(_clipped(versions.handles(part), reach), run)
    ]
    apart = [strip.name for strip in lying_apart(scene, source, parts, place) if _is_seen_whole(strip)]
    return _Ground(source, near, tuple(covered), tuple(runs), tuple(_runs(runs, reach) or runs), old, tuple(apart))


def _is_seen_whole(strip: versions.Strip) -> bool:
    """Return whether a strip is neither muted nor masked."""
    return not (strip.mute or masks.is_masked(strip))


def _laid(
    spec: JobSpec, folder: Path, place: Placement, ground: _Ground, span: Span, channel: int
) -> tuple[versions.Strip, versions.Strip]:
    """Put a new strip of the frames in `folder` over a span; return the part of the source it is like, and itself."""
    own = [part for part in ground.parts if frames_within(part, *span)]
    source = ground.source if ground.source in own or not own else own[0]
    result = _new_result(spec, folder, place, source, span, channel, beside=ground.below)
    if spec.look.result is Result.MASK:
        masks.put_on(source.id_data, own, result)
    else:
        like = source if ground.old is None or was_mask(ground.old) else ground.old
        copy_look(source.id_data, like, result)
        if like is not source:
            result.mute, result.lock = like.mute, like.lock
    return source, result


def _new_result(
    spec: JobSpec,
    folder: Path,
    place: Placement,
    source: versions.Strip,
    span: Span,
    channel: int,
    beside: versions.Strip,
) -> versions.Strip:
    """Return a new strip of the frames in `folder`, at another's level, that is aligned with its source and trimmed."""
    scene = source.id_data
    names = [spec.file_name(frame) for frame in place.shown]
    result = new_image_strip(scene, folder, names, channel, first_matted(source, place), beside=beside)
    result.name = _free_name(scene.sequence_editor, f"{source.name} matte")
    versions.set_left_handle(result, span.start)
    versions.set_right_handle(result, span.end)
    result.channel = channel  # while its handles overlapped another strip, Blender may have moved it up
    result.directory = _as_user_prefers(folder)
    result.select = False  # the user's selection stays as it is
    read_rightly(result, spec, source)
    recipes.write(result, source, spec, place)
    return result


def _runs(spans: Iterable[Span], limits: Span) -> list[Span]:
    """Return spans, clipped to limits; spans that touch are merged into one run.

    A source may be trimmed and cut while its job runs, and its pieces may lie apart.
    """
    runs: list[Span] = []
    for span in sorted(_clipped(span, limits) for span in spans):
        if runs and span.start <= runs[-1].end:
            runs[-1] = Span.around([runs[-1], span])
        elif span.start < span.end:
            runs.append(span)
    return runs


def _clipped(span: Span, limits: Span) -> Span:
    """Return a span, clipped to limits; a span outside them ends no later than it begins."""
    return Span(max(span.start, limits.start), min(span.end, limits.end))


def _is_within(span: Span, run: Span) -> bool:
    """Return whether a span lies within another."""
    return run.start <= span.start and span.end <= run.end


def _between(scene: bpy.types.Scene, results: list[tuple[versions.Strip, versions.Strip]]) -> tuple[str, ...]:
    """Return the names of the visible strips that lie above a source, but below its new result."""
    names: dict[str, None] = {}
    for source, result in results:
        channels = versions.channels(scene.sequence_editor, source)
        level = versions.siblings(scene.sequence_editor, source)
        over = [strip for strip in level if source.channel < strip.channel < result.channel]
        shown = [strip for strip in over if not (strip.type == "SOUND" or strip.mute or channels[strip.channel].mute)]
        between = [strip for strip in shown if frames_within(strip, *versions.handles(result))]
        made_of = [inputs for effect in level if source in (inputs := versions.inputs(effect))] if between else []
        for strip in between:
            if any(strip in inputs for inputs in made_of):
                continue  # `effects` tells of what goes into an effect together with the source
            if not (_is_made_of(strip, source) or _is_result_of_lower(scene, strip, source)):
                names[strip.name] = None
    return tuple(names)


def _is_made_of(effect: versions.Strip, source: versions.Strip) -> bool:
    """Return whether a strip is an effect on `source`, directly or through other effects."""
    return any(strip == source or _is_made_of(strip, source) for strip in versions.inputs(effect))


def _is_result_of_lower(scene: bpy.types.Scene, strip: versions.Strip, source: versions.Strip) -> bool:
    """Return whether a strip is a result of `source` or of a strip below it, and so belongs below the new result."""
    original = made_from(scene, strip)
    return original is not None and original.channel <= source.channel


def _connect(scene: bpy.types.Scene, source: versions.Strip, result: versions.Strip) -> None:
    """Connect source, result and the source's sounds and connected strips, unless it has neither of these."""
    sounds = sounds_of(source, versions.siblings(scene.sequence_editor, source))
    others = [*sounds, *versions.connected(source)]
    if not (others and versions.CONNECTS):
        return
    with sequencers.any_sequencer() as area, sequencers.shown_level(scene.sequence_editor, source):
        if area is not None:
            versions.connect(scene, [source, result, *others], area)


def renew(spec: JobSpec, folder: Path, place: Placement) -> bool:
    """Let the result strip that a placement replaces, and pieces that were cut off it, show the frames in `folder`.

    Their position, trims and looks stay as the user has made them. Returns False and changes nothing if that is not
    possible: the strip is gone, it shows other frames or another part of a rendered strip, its still has another
    length, a mask becomes a picture or a picture a mask, or a mask is not aligned with its source, which was moved.
    """
    found = find(place)
    if found is None:
        return False
    scene, source = found
    old = belonging.replaced_by(scene, place)
    recipe = None if old is None else recipes.read(old)
    is_mask = spec.look.result is Result.MASK
    if recipe is None or was_mask(old) is not is_mask:
        return False
    if is_mask and not (versions.content_start(old) == first_matted(source, place) and is_placed_alike(source, old)):
        return False
    names = [spec.file_name(frame) for frame in place.shown]
    stems = without_suffixes(names)
    if stems_of(old) != stems or (place.still and recipe.length != place.length):
        return False
    if spec.source.disposable and recipe.first not in (None, recipes.first_of(place)):
        return False  # rendered pictures are numbered from one, whichever part of the strip they show
    strips = [old, *cut_off(scene, old)]
    for strip in strips:
        _refill(strip, names, spec, folder, source)
        recipes.write(strip, source, spec, place)
    for strip in [] if is_mask or place.keep_source else strips:
        _hide_what_stayed(scene, source, strip, place)
    return True


def _refill(strip: versions.Strip, names: Iterable[str], spec: JobSpec, folder: Path, source: versions.Strip) -> None:
    """Let an image strip show files of these names in `folder`, one for each of its elements."""
    for element, name in zip(strip.elements, names, strict=True):
        element.filename = name
    strip.directory = _as_user_prefers(folder)
    if spec.source.disposable:  # the strip may have shown other files before; rendered pictures are sRGB
        strip.colorspace_settings.name = "sRGB"
    read_rightly(strip, spec, source)


def _hide_what_stayed(scene: bpy.types.Scene, source: versions.Strip, result: versions.Strip, place: Placement) -> None:
    """Hide the pieces of a source below a result that were never hidden: they showed other frames than it did.

    What the user has shown again since stays as it is.
    """
    extent = versions.handles(result)
    for part in pieces(source, versions.siblings(scene.sequence_editor, source), *extent):
        if is_within(part, *extent) and is_timed_alike(part, place) and not hiding.was_hidden(part):
            _hide(part, *extent)


def read_rightly(result: versions.Strip, spec: JobSpec, source: versions.Strip) -> None:
    """Set the colour space and alpha mode in which Blender reads a result's files."""
    if not spec.source.disposable:
        result.colorspace_settings.name = source.colorspace_settings.name
    read_as_written(result, spec.look)


def _free_name(editor: bpy.types.SequenceEditor, name: str) -> str:
    """Return a name that no strip has. Blender would find one, too, but cuts off what follows the last dot."""
    taken, number, free = set(versions.all_strips(editor).keys()), 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _as_user_prefers(folder: Path) -> str:
    """Return the folder as Blender writes it: relative to the .blend if the user prefers that and it is possible."""
    path = f"{folder}/"
    if not (bpy.data.is_saved and bpy.context.preferences.filepaths.use_relative_paths):
        return path
    try:
        return bpy.path.relpath(path)
    except ValueError:  # another drive, on Windows
        return path
