"""Jobs become strips, and come to look and lie like their sources."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.outputs import Result
from ..engine.spec import JOB_FILE, JobSpec
from . import hiding, masks, recipes, versions
from .image_strips import new_image_strip
from .likeness import LINEAR, copy_look, is_placed_alike, read_as_written, stand_still
from .placements import Placement, StripUnsuitable, find, first_matted, free_channel
from .sources import absolute, frames_within, is_within, only_one_below, pieces, source_below, source_file, was_cut_from


def is_result(strip: versions.Strip) -> bool:
    """Return whether a strip shows the frames of a job: its job lies beside them."""
    return strip.type == "IMAGE" and (Path(absolute(strip.directory)).parent / JOB_FILE).is_file()


def strips_of(folder: Path) -> Iterator[tuple[bpy.types.Scene, versions.Strip]]:
    """Yield every strip of the project that shows a job's frames, which are in `folder`, and its scene."""
    for scene in bpy.data.scenes:
        if scene.sequence_editor is not None:
            for strip in versions.all_strips(scene.sequence_editor):
                if strip.type in ("IMAGE", "MOVIE") and Path(source_file(strip)).parent == folder:
                    yield scene, strip


def source_of(scene: bpy.types.Scene, result: versions.Strip, recipe: recipes.Recipe) -> versions.Strip | None:
    """Return the strip that a result was made from, which has this recipe, also where one of the two was renamed.

    None where it is gone, or several might be it.
    """
    named = versions.all_strips(scene.sequence_editor).get(recipe.strip)
    if named is not None and is_result(named):
        named = None
    if named is None or (recipe.source and source_file(named) != recipe.source):  # another strip's name by now?
        named = only_one_below(scene, recipe.source, result) or named
    return None if named is None else source_below(scene, named, result)


def is_on_timeline(spec: JobSpec, folder: Path, place: Placement) -> bool:
    """Return whether results of a placement's strip show all of a job's frames, which are in `folder`, where it lies.

    They may have been cut, as may the strip.
    """
    found = find(place)
    if found is None:
        return False
    scene, source = found
    wanted = _wanted(spec, place, source)
    shown = {frame for strip in _results_of(scene, source, folder) for frame in _shows(strip, wanted)}
    return bool(wanted) and len(shown) == len(wanted)


def _wanted(spec: JobSpec, place: Placement, source: versions.Strip) -> dict[int, str]:
    """Return the name of the picture that belongs over a source at each of its timeline frames that was matted."""
    start, end = versions.handles(source)
    if place.still:
        return dict.fromkeys(range(start, end), spec.file_name(place.shown[0]))
    first = first_matted(source, place)
    frames = range(max(start, first), min(end, first + len(place.shown)))
    return {frame: spec.file_name(place.shown[frame - first]) for frame in frames}


def _shows(result: versions.Strip, wanted: dict[int, str]) -> list[int]:
    """Return the timeline frames at which a result shows the picture that is wanted there."""
    frames = range(*versions.handles(result))
    names = {frame: result.strip_elem_from_frame(frame).filename for frame in frames if frame in wanted}
    return [frame for frame, name in names.items() if name == wanted[frame]]


def _results_of(scene: bpy.types.Scene, source: versions.Strip, folder: Path) -> Iterator[versions.Strip]:
    """Yield the strips with frames in `folder` over a source that were made from it, or from what was one with it."""
    start, end = versions.handles(source)
    for strip in versions.siblings(scene.sequence_editor, source):
        if strip.type == "IMAGE" and frames_within(strip, start, end) and Path(source_file(strip)).parent == folder:
            recipe = recipes.read(strip)
            made_from = None if recipe is None else source_of(scene, strip, recipe)
            if made_from is not None and was_cut_from(made_from, source):
                yield strip


def _hide(source: versions.Strip, start: int, end: int) -> None:
    """Hide a strip below its result, which lies from `start` to `end` - 1, and what it is made of.

    Inputs of an effect that reach beyond must be seen there, and not where the effect is.
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

    strip: versions.Strip
    not_covered: tuple[str, ...]
    """The names of the source's pieces that show more by now than was matted: these stay seen."""


def insert_result(spec: JobSpec, folder: Path, place: Placement) -> Inserted:
    """Put the frames in `folder` above their source as a new strip that looks and lies like it, and hide the source.

    Raises:
        StripUnsuitable: the source strip is gone, or every channel above it is taken.
    """
    found = find(place)
    if found is None:
        raise StripUnsuitable(place.strip, f"is gone or was renamed; its frames are in “{folder}”")
    scene, source = found
    first = first_matted(source, place)
    siblings = versions.siblings(scene.sequence_editor, source)
    parts = pieces(source, siblings, first + place.before, first + place.before + place.length)
    start, end = _extent(parts, place, first)
    channel = free_channel(scene.sequence_editor, source, start, end)
    if channel is None:
        raise StripUnsuitable(place.strip, f"has no free channel above it; its frames are in “{folder}”")
    earlier = _taken_back(scene, parts or [source], place)
    names = [spec.file_name(frame) for frame in place.shown]
    result = new_image_strip(scene, folder, names, channel, first, beside=source)
    result.name = _free_name(scene.sequence_editor, f"{source.name} matte")
    versions.set_left_handle(result, start)
    versions.set_right_handle(result, end)
    result.channel = channel  # as long as its handles overlapped another strip, Blender may have moved it up
    result.directory = _as_user_prefers(folder)
    result.select = False  # the user goes on with what is selected
    read_rightly(result, spec, source)
    recipes.write(result, source, spec, place.shown, place.movie)
    covered = [part for part in parts if is_within(part, start, end)]
    if spec.look.result is Result.MASK:
        masks.put_on(scene, parts, result)
    else:
        copy_look(scene, source if earlier is None or _was_mask(earlier) else earlier, result)
        for part in [] if place.keep_source else covered:
            _hide(part, start, end)
    if earlier is not None:
        _give_way(scene, earlier, result)
    _connect(scene, source, result)
    return Inserted(result, tuple(part.name for part in parts if part not in covered))


def _connect(scene: bpy.types.Scene, source: versions.Strip, result: versions.Strip) -> None:
    """Let a result belong to its source, and to what belongs to that: its sound, and what the user has connected."""
    sounds = versions.sounds_of(source, versions.siblings(scene.sequence_editor, source))
    others = [*sounds, *versions.connected(source)]
    if others:
        versions.connect(scene, [source, result, *others])


def _extent(parts: list[versions.Strip], place: Placement, first: int) -> tuple[int, int]:
    """Return the timeline frames from which and before which a result is seen: where its source is, if it was matted.

    `first` is the timeline frame of the first one that was matted. A source may be trimmed while its job runs, and what
    is left of it may lie apart.
    """
    start, end = first + place.before, first + place.before + place.length
    if parts:
        edges = [versions.handles(part) for part in parts]
        start, end = min(left for left, _ in edges), max(right for _, right in edges)
    return (start, end) if place.still else (max(start, first), min(end, first + len(place.shown)))


def renew(spec: JobSpec, folder: Path, place: Placement) -> bool:
    """Let the result strip that a placement replaces, and what was cut off it, show the frames in `folder`.

    Their place, trims and looks stay as the user has made them. Returns False, and changes nothing, where that cannot
    be: the strip is gone, it shows other frames, what was a mask becomes a picture, or a mask no longer lies on its
    source, which has moved since.
    """
    found = find(place)
    if found is None:
        return False
    scene, source = found
    old = versions.all_strips(scene.sequence_editor).get(place.replaces)
    recipe = None if old is None else recipes.read(old)
    is_mask = spec.look.result is Result.MASK
    if recipe is None or _was_mask(old) is not is_mask:
        return False
    if is_mask and not (versions.content_start(old) == first_matted(source, place) and is_placed_alike(source, old)):
        return False
    names = [spec.file_name(frame) for frame in place.shown]
    stems = _without_suffixes(names)
    if _stems(old) != stems:
        return False
    for strip in [old, *_cut_off(scene, old)]:
        for element, name in zip(strip.elements, names, strict=True):
            element.filename = name
        strip.directory = _as_user_prefers(folder)
        read_rightly(strip, spec, source)
        recipes.write(strip, source, spec, place.shown, place.movie)
    return True


def _cut_off(scene: bpy.types.Scene, result: versions.Strip) -> list[versions.Strip]:
    """Return the strips that were one with a result, and lie where the cut has left them; copies are others."""
    recipe, stems, start = recipes.read(result), _stems(result), versions.content_start(result)
    return [
        strip
        for where, strip in strips_of(Path(source_file(result)).parent)
        if where == scene
        and strip != result
        and versions.content_start(strip) == start
        and _lies_beside(strip, result)
        and (remembered := recipes.read(strip)) is not None
        and (remembered.strip, _stems(strip)) == (recipe.strip, stems)
    ]


def _lies_beside(strip: versions.Strip, result: versions.Strip) -> bool:
    """Return whether a strip begins and ends before a result does, or after."""
    (start, end), (first, last) = versions.handles(strip), versions.handles(result)
    return (start < first and end < last) or (first < start and last < end)


def _stems(strip: versions.Strip) -> list[str]:
    """Return what a strip's files are called, without their formats' suffixes."""
    return _without_suffixes(element.filename for element in strip.elements)


def _without_suffixes(names: Iterable[str]) -> list[str]:
    """Return what files are called without their suffixes."""
    return [os.path.splitext(name)[0] for name in names]  # noqa: PTH122  # pathlib takes ten times as long


def _taken_back(scene: bpy.types.Scene, parts: list[versions.Strip], place: Placement) -> versions.Strip | None:
    """Return the result that gives way to a new one, if any, when what it had done to its source's parts is undone.

    What lies elsewhere than its source stays: it may be all that the user has of other frames.
    """
    old = versions.all_strips(scene.sequence_editor).get(place.replaces)
    if old is None or not any(frames_within(old, *versions.handles(part)) for part in parts):
        return None
    for part in parts:
        if masks.masks(part, old):
            masks.take_off(part)
        hiding.unhide(part)
    return old


def _give_way(scene: bpy.types.Scene, old: versions.Strip, result: versions.Strip) -> None:
    """Remove a result, and let a new one have its name, its effects, and its channel where there is room.

    With a strip, Blender removes its effects, and empties the modifiers that it masks.
    """
    name, channel = old.name, old.channel
    level = versions.siblings(scene.sequence_editor, old)
    stand_still(scene, old)  # or the drivers would be the new one's, too
    versions.take_inputs(level, old, result)
    masks.hand_over(versions.all_strips(scene.sequence_editor), old, result)
    level.remove(old)
    result.name = name
    others = [one for one in level if one.channel == channel and one != result]
    if not any(frames_within(one, *versions.handles(result)) for one in others):
        result.channel = channel


def _was_mask(result: versions.Strip) -> bool:
    """Return whether a result was made to be the mask of its source."""
    recipe = recipes.read(result)
    return recipe is not None and recipe.look.result is Result.MASK


def read_rightly(result: versions.Strip, spec: JobSpec, source: versions.Strip) -> None:
    """Tell Blender how the values in a result's files are meant."""
    if not spec.source.disposable:
        result.colorspace_settings.name = source.colorspace_settings.name
    elif result.colorspace_settings.name == LINEAR:  # it has held OpenEXR; what is rendered has the screen's colours
        result.colorspace_settings.name = "sRGB"
    read_as_written(result, spec.look)


def _free_name(editor: bpy.types.SequenceEditor, name: str) -> str:
    """Return a name that no strip has: Blender's own way to one cuts off what follows the last dot."""
    taken, number, free = set(versions.all_strips(editor).keys()), 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _as_user_prefers(folder: Path) -> str:
    """Return the folder as Blender writes it: relative to the .blend where the user wants that and it can be."""
    path = f"{folder}/"
    if not (bpy.data.is_saved and bpy.context.preferences.filepaths.use_relative_paths):
        return path
    try:
        return bpy.path.relpath(path)
    except ValueError:  # another drive, on Windows
        return path
