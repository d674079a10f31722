"""A result gives way to a new one: what it did to its source is undone, and the new one takes over what it had."""

from collections.abc import Iterable, Sequence

import bpy

from ..blender import versions
from ..blender.versions import Span
from ..strip import hiding, masks
from ..strip.likeness import stand_still
from ..strip.placements import Placement
from ..strip.sources import frames_within
from . import belonging, recipes

EVERYWHERE = Span(-(2**31), 2**31)
"""More than all frames that a timeline has."""
_LAID = "rvm_matting_laid"
"""The property of a result that keeps its source's range, counted from where the result's content begins."""


def result_to_replace(
    scene: bpy.types.Scene, parts: Iterable[versions.Strip], place: Placement
) -> versions.Strip | None:
    """Return the result that gives way to a placement's new one, if any; `parts` are the strips of the source.

    A result that does not lie over its source stays: it may be all that the user has of other frames.
    """
    old = belonging.replaced_by(scene, place)
    lies_over = old is not None and any(frames_within(old, *versions.handles(part)) for part in parts)
    return old if lies_over else None


def remember_range(result: versions.Strip, runs: Iterable[Span]) -> None:
    """Note in a result which of these ranges its source fills, so that the user's trim is known later."""
    start = versions.content_start(result)
    result[_LAID] = next(
        ([first - start, last - start] for first, last in runs if frames_within(result, first, last)), []
    )


def _trimmed(old: versions.Strip, parts: Sequence[versions.Strip]) -> Span:
    """Return the range to which the user has trimmed a result; an end counts only where the source's is as it was."""
    laid, start = list(old.get(_LAID, ())), versions.content_start(old)
    if not (laid and parts):
        return EVERYWHERE
    source = Span.around([versions.handles(part) for part in parts])
    first, last = EVERYWHERE
    own_first, own_last = versions.handles(old)
    laid_first, laid_last = (start + offset for offset in laid)
    if laid_first == source.start and own_first != laid_first:
        first = own_first
    if laid_last == source.end and own_last != laid_last:
        last = own_last
    return Span(first, last)


def reach(scene: bpy.types.Scene, old: versions.Strip, parts: Sequence[versions.Strip]) -> Span:
    """Return the range in which a result gives way to new ones.

    Where the result was trimmed, it stays so. Where it was cut, the range ends at the cut, for the rest is another
    result of the same source.
    """
    recipe = recipes.read(old)
    names = {part.name for part in parts} | ({recipe.strip} if recipe is not None else set())
    start, end = versions.handles(old)
    first, last = _trimmed(old, parts)
    for strip in versions.siblings(scene.sequence_editor, old):
        is_near = any(frames_within(strip, *versions.handles(part)) for part in parts)
        if strip.type != "IMAGE" or not is_near or not belonging.lies_beside(strip, old):
            continue
        other = recipes.read(strip)
        if other is not None and other.strip in names:
            first, last = (start, last) if versions.handles(strip).start < start else (first, end)
    return Span(first, last)


def take_back(parts: Iterable[versions.Strip], old: versions.Strip, *, keep_source: bool) -> None:
    """Undo what a result did to the parts of its source: the mask is removed, and the part is shown again.

    Where sources stay visible, a part that is hidden nevertheless was muted by the user.
    """
    for part in parts:
        if masks.masks(part, old):
            masks.take_off(part)
        if hiding.was_hidden(part) or not (keep_source or belonging.was_mask(old)):
            hiding.unhide(part)


def make_way(scene: bpy.types.Scene, old: versions.Strip, results: Sequence[versions.Strip]) -> None:
    """Remove a result, and give new ones its channel where there is room; the first also gets its name and effects.

    All lie at one level: elsewhere, nobody has looked for room, and effects cannot reach them. Effects are handed over
    first: with a strip, Blender removes its effects and empties the modifiers that it masks.
    """
    name, channel = old.name, old.channel
    level = versions.siblings(scene.sequence_editor, old)
    stand_still(scene, old)  # otherwise its drivers would apply to the new strip of its name
    versions.take_inputs(level, old, results[0])
    masks.hand_over(versions.all_strips(scene.sequence_editor), old, results[0])
    level.remove(old)
    results[0].name = name
    for result in results:
        others = [one for one in level if one.channel == channel and one != result]
        if not any(frames_within(one, *versions.handles(result)) for one in others):
            result.channel = channel
