"""Which strips show the frames of a job, whose results they are, and what was cut off them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import bpy

from ..engine.outputs import Result
from ..engine.spec import JobSpec, holds_job
from . import recipes, versions
from .placements import Placement, find, first_matted
from .sources import absolute, frames_within, only_one_below, source_below, source_file, was_cut_from


def is_result(strip: versions.Strip) -> bool:
    """Return whether a strip shows the frames of a job: its job lies beside them."""
    return strip.type == "IMAGE" and holds_job(Path(absolute(strip.directory)).parent)


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


def cut_off(scene: bpy.types.Scene, result: versions.Strip) -> list[versions.Strip]:
    """Return the strips that were one with a result, and lie where the cut has left them; copies are others."""
    recipe, stems, start = recipes.read(result), stems_of(result), versions.content_start(result)
    if recipe is None:
        return []
    return [
        strip
        for where, strip in strips_of(Path(source_file(result)).parent)
        if where == scene
        and strip != result
        and versions.content_start(strip) == start
        and lies_beside(strip, result)
        and (remembered := recipes.read(strip)) is not None
        and (remembered.strip, stems_of(strip)) == (recipe.strip, stems)
    ]


def lies_beside(strip: versions.Strip, result: versions.Strip) -> bool:
    """Return whether a strip begins and ends before a result does, or after."""
    (start, end), (first, last) = versions.handles(strip), versions.handles(result)
    return (start < first and end < last) or (first < start and last < end)


def stems_of(strip: versions.Strip) -> list[str]:
    """Return what a strip's files are called, without their formats' suffixes."""
    return without_suffixes(element.filename for element in strip.elements)


def without_suffixes(names: Iterable[str]) -> list[str]:
    """Return what files are called without their suffixes."""
    return [os.path.splitext(name)[0] for name in names]  # noqa: PTH122  # pathlib takes ten times as long


def was_mask(result: versions.Strip) -> bool:
    """Return whether a result was made to be the mask of its source."""
    recipe = recipes.read(result)
    return recipe is not None and recipe.look.result is Result.MASK
