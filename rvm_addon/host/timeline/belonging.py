"""Which strips show the frames of a job, whose results they are, and what was cut off them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import bpy

from ...engine.contract.outputs import Result
from ...engine.contract.spec import JobSpec, holds_job
from ..blender import versions
from ..blender.paths import absolute
from ..strip import hiding
from ..strip.placements import Placement, find, first_matted
from ..strip.sources import frames_within, only_one_below, source_below, source_file, was_cut_from
from . import recipes


def is_result(strip: versions.Strip) -> bool:
    """Return whether a strip shows the frames of a job: the folder around them holds the job."""
    return strip.type == "IMAGE" and holds_job(Path(absolute(strip.directory)).parent)


def shows_results(strip: versions.Strip) -> bool:
    """Return whether a strip is a result, or an effect or a meta strip in which nothing but results is seen."""
    inside: Iterable[versions.Strip] = versions.inputs(strip)
    if strip.type == "META":
        inside = [one for one in versions.children(strip) if one.type != "SOUND" and not hiding.is_hidden(one)]
    return is_result(strip) or (bool(inside) and all(map(shows_results, inside)))


def is_matted(scene: bpy.types.Scene, strip: versions.Strip) -> bool:
    """Return whether results of a strip, one or the pieces of one, lie over all of it."""
    start, end = versions.handles(strip)
    level = versions.siblings(scene.sequence_editor, strip)
    over = [one for one in level if frames_within(one, start, end) and made_from(scene, one) == strip]
    return set(range(start, end)) <= {frame for one in over for frame in range(*versions.handles(one))}


def strips_of(folder: Path) -> Iterator[tuple[bpy.types.Scene, versions.Strip]]:
    """Yield every strip of the project whose files lie in `folder`, such as a job's frames, with its scene."""
    for scene in bpy.data.scenes:
        if scene.sequence_editor is not None:
            for strip in versions.all_strips(scene.sequence_editor):
                if strip.type in ("IMAGE", "MOVIE") and Path(source_file(strip)).parent == folder:
                    yield scene, strip


def made_from(scene: bpy.types.Scene, strip: versions.Strip) -> versions.Strip | None:
    """Return the strip that a strip was made from (see `source_of`); None if it is no result, too."""
    recipe = recipes.read(strip)
    return None if recipe is None else source_of(scene, strip, recipe)


def source_of(scene: bpy.types.Scene, result: versions.Strip, recipe: recipes.Recipe) -> versions.Strip | None:
    """Return the strip that a result with this recipe was made from, even if one of the two was renamed.

    None where the strip is gone, or several could be the one. Of a strip that is rendered, the recipe knows no more
    than the name, which another may have by now: it must lie over some of the result's frames.
    """
    named = versions.all_strips(scene.sequence_editor).get(recipe.strip)
    if named is not None and is_result(named):
        named = None
    if named is None or (recipe.source and source_file(named) != recipe.source):  # did another strip take the name?
        named = only_one_below(scene, recipe.source, result) or named
    source = None if named is None else source_below(scene, named, result)
    is_near = source is not None and frames_within(source, *versions.handles(result)) > 0
    return source if recipe.source or is_near else None


def replaced_by(scene: bpy.types.Scene, place: Placement) -> versions.Strip | None:
    """Return the result that a placement's new frames are for, even if it was renamed; None if it is gone.

    A strip of the user's may have got its name since.
    """
    every = versions.all_strips(scene.sequence_editor)
    named = every.get(place.replaces)
    if not place.replaces:
        return None
    if named is not None and (source_file(named) == place.replaced_file or _is_of(scene, named, place)):
        return named
    alike = [strip for strip in every if source_file(strip) == place.replaced_file and _is_of(scene, strip, place)]
    return alike[0] if len(alike) == 1 else None


def _is_of(scene: bpy.types.Scene, result: versions.Strip, place: Placement) -> bool:
    """Return whether a strip is a result of a placement's source, and not of a copy of it."""
    found, source = find(place), made_from(scene, result)
    return found is not None and source is not None and was_cut_from(source, found[1])


def is_on_timeline(spec: JobSpec, folder: Path, place: Placement) -> bool:
    """Return whether results of a placement's strip show all of a job's frames (in `folder`) that belong over it.

    The results may have been cut, and so may the strip.
    """
    found = find(place)
    if found is None:
        return False
    scene, source = found
    wanted = _wanted(spec, place, source)
    shown = {frame for strip in _results_of(scene, source, folder) for frame in _shows(strip, wanted)}
    return bool(wanted) and len(shown) == len(wanted)


def _wanted(spec: JobSpec, place: Placement, source: versions.Strip) -> dict[int, str]:
    """Return, for each matted timeline frame of a source, the file name of the picture that belongs there."""
    start, end = versions.handles(source)
    if place.still:
        return dict.fromkeys(range(start, end), spec.file_name(place.shown[0]))
    first = first_matted(source, place)
    frames = range(max(start, first), min(end, first + len(place.shown)))
    return {frame: spec.file_name(place.shown[frame - first]) for frame in frames}


def _shows(result: versions.Strip, wanted: dict[int, str]) -> list[int]:
    """Return the timeline frames at which a result shows the wanted picture."""
    frames = range(*versions.handles(result))
    names = {frame: result.strip_elem_from_frame(frame).filename for frame in frames if frame in wanted}
    return [frame for frame, name in names.items() if name == wanted[frame]]


def _results_of(scene: bpy.types.Scene, source: versions.Strip, folder: Path) -> Iterator[versions.Strip]:
    """Yield the results over a source with frames in `folder`, made from it or from a strip it was cut apart from."""
    start, end = versions.handles(source)
    for strip in versions.siblings(scene.sequence_editor, source):
        if strip.type == "IMAGE" and frames_within(strip, start, end) and Path(source_file(strip)).parent == folder:
            original = made_from(scene, strip)
            if original is not None and was_cut_from(original, source):
                yield strip


def cut_off(scene: bpy.types.Scene, result: versions.Strip) -> list[versions.Strip]:
    """Return the strips that were one with a result before a cut, and were not moved since; copies do not count."""
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
    """Return whether a strip begins and ends before a result does, or begins and ends after it does."""
    (start, end), (first, last) = versions.handles(strip), versions.handles(result)
    return (start < first and end < last) or (first < start and last < end)


def stems_of(strip: versions.Strip) -> list[str]:
    """Return the names of a strip's files without their suffixes."""
    return without_suffixes(element.filename for element in strip.elements)


def without_suffixes(names: Iterable[str]) -> list[str]:
    """Return these file names without their suffixes."""
    return [os.path.splitext(name)[0] for name in names]  # noqa: PTH122  # pathlib takes ten times as long


def was_mask(result: versions.Strip) -> bool:
    """Return whether a result was made as the mask of its source."""
    recipe = recipes.read(result)
    return recipe is not None and recipe.look.result is Result.MASK
