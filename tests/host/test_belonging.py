"""Which strips an update concerns, where results and sources were cut, copied, renamed or deleted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests import tiny
from tests.host import rendered_strips
from tests.host.timeline import Timeline
from tests.host.updating import frames_of, raws_of, update

pytestmark = pytest.mark.usefixtures("with_green")


def one_movie(timeline: Timeline, clip: Path) -> Any:
    """All of a movie."""
    return timeline.movie(clip)


def test_pieces_of_a_result_change_together(timeline: Timeline, source: Any) -> None:
    """What was cut off a result shows the new frames too."""
    result = timeline.result_of(source)
    piece = result.split(frame=4, split_method="SOFT")
    timeline.scene.rvm_matting.result = "COLOUR"
    job = update(timeline, result)
    names = timeline.addon.versions.top_strips(timeline.editor)
    shown = [strip for strip in names if strip.type == "IMAGE"]
    assert len(shown) == 2 and piece is not None
    assert {frames_of(strip) for strip in shown} == {job.output}


@pytest.mark.parametrize("first", [60, 50], ids=["other frames", "the same frames"])
def test_a_result_that_shares_the_job_is_another(timeline: Timeline, tmp_path: Path, first: int) -> None:
    """Strips of one file have one job; only the result that is selected is made anew."""
    clip, versions = tiny.barcode_movie(tmp_path / "clip.avi", 40, fourcc="MJPG"), timeline.addon.versions
    strips = [timeline.movie(clip, start=start, name=name) for name, start in (("one", 1), ("two", 50))]
    versions.set_left_handle(strips[1], first)
    for strip in strips:
        versions.set_right_handle(strip, versions.handles(strip)[0] + 6)
    timeline.press_button(*strips)
    one, two = map(timeline.result_of, strips)
    assert one.directory == two.directory
    told = [timeline.addon.words.recipe(timeline.addon.recipes.read(result))[1] for result in (one, two)]
    assert told == ["6 frames · PNG"] * 2
    before = [two.directory, two["rvm_matting"], *(element.filename for element in two.elements)]
    timeline.scene.rvm_matting.black = 0.5
    update(timeline, one)
    assert one.directory != two.directory
    assert [two.directory, two["rvm_matting"], *(element.filename for element in two.elements)] == before


@pytest.mark.parametrize("both", [False, True], ids=["one", "both"])
def test_a_result_cut_together_with_its_source(timeline: Timeline, source: Any, both: bool) -> None:
    """Each part is made anew from the part of the source below it, though both remember the first one's name."""
    result = timeline.result_of(source)
    parts = [result, result.split(frame=4, split_method="SOFT")]
    sources = [source, source.split(frame=4, split_method="SOFT")]
    before = parts[0].directory
    timeline.scene.rvm_matting.black = 0.5
    timeline.select(parts if both else parts[1:])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    handles = timeline.addon.versions.handles
    shown = sorted((*handles(strip), strip.directory == before) for strip in timeline.strips if strip.type == "IMAGE")
    assert shown == [(1, 4, not both), (4, 7, False)]
    assert all(strip.mute for strip in sources)


def duplicated(timeline: Timeline, strips: list[Any]) -> dict[str, Any]:
    """Return the copies of strips, as the menu makes them, by their kinds."""
    before = set(timeline.strips.keys())
    timeline.select(strips)
    with timeline.shown():
        bpy.ops.sequencer.duplicate()
    return {timeline.strips[name].type: timeline.strips[name] for name in set(timeline.strips.keys()) - before}


@pytest.mark.parametrize("start", [1, 101], ids=["above it", "elsewhere"])
def test_a_result_whose_copy_is_updated_stays_as_it_is(timeline: Timeline, source: Any, start: int) -> None:
    """It is not what was cut off the copy, though it shows the same frames."""
    result = timeline.result_of(source)
    copies = duplicated(timeline, [source, result])
    for kind, channel in (("IMAGE", 6), ("MOVIE", 5)):
        copy = copies[kind]
        copy.channel = channel
        setattr(copy, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", start)
    before = result.directory
    timeline.scene.rvm_matting.black = 0.5
    job = update(timeline, copies["IMAGE"])
    assert result.directory == before
    assert frames_of(copies["IMAGE"]) == job.output


def told(timeline: Timeline) -> list[tuple[str, bool, tuple[int, int]]]:
    """Return each strip's name, whether it is muted, and its handles."""
    return sorted((strip.name, strip.mute, timeline.addon.versions.handles(strip)) for strip in timeline.strips)


@pytest.mark.parametrize("make", [one_movie, rendered_strips.retimed], ids=lambda make: make.__name__)
@pytest.mark.parametrize("kinds", [("CUTOUT", "MASK"), ("MASK", "CUTOUT")], ids=lambda kinds: kinds[0].lower())
def test_a_result_over_a_source_that_was_cut(
    timeline: Timeline, tmp_path: Path, kinds: tuple[str, str], make: Callable[[Timeline, Path], Any]
) -> None:
    """It stays over all parts, without the model; as another kind, too, what the earlier one did is taken back."""
    if kinds[0] == "MASK" and bpy.app.version < (4, 5, 0):
        pytest.skip("cut from Python, the second part has the mask of a copy that 4.2 has thrown away")
    clip, handles = tiny.barcode_movie(tmp_path / "clip.avi", 12, fourcc="MJPG"), timeline.addon.versions.handles
    name = make(timeline, clip).name
    timeline.scene.rvm_matting.result = kinds[0]
    timeline.press_button(timeline.strips[name])
    timeline.strips[name].split(frame=6, split_method="SOFT")
    extent = handles(timeline.strips[f"{name} matte"])
    timeline.scene.rvm_matting.black = 0.5
    for timeline.scene.rvm_matting.result in kinds:
        job = update(timeline, timeline.strips[f"{name} matte"])
        result = timeline.strips[f"{name} matte"]
        parts = [strip for strip in timeline.strips if strip.type == "MOVIE"]
        is_mask = result.mute
        assert is_mask is (timeline.scene.rvm_matting.result == "MASK")
        assert handles(result) == extent and len(parts) == 2 and raws_of(job) == 0
        assert [strip.mute for strip in parts] == [not is_mask] * 2
        masks = [modifier.input_mask_strip for strip in parts for modifier in strip.modifiers]
        assert masks == [result] * (2 * is_mask)


@pytest.mark.parametrize("length", [3, 10], ids=["shorter", "longer"])
def test_another_strip_of_the_same_clip_is_another(timeline: Timeline, source: Any, length: int) -> None:
    """Though it lies below the same frames, and below more of them: the strip that the result names is made anew."""
    name = source.name
    timeline.movie(Path(source.filepath), channel=1, name="background")
    timeline.addon.versions.set_right_handle(source, 1 + length)
    update(timeline, timeline.result_of(source))
    shown = (1, 1 + length)
    assert told(timeline) == [("background", False, (1, 41)), (name, True, shown), (f"{name} matte", False, shown)]


def test_a_copy_of_a_result_belongs_to_the_copy_of_its_source(timeline: Timeline, source: Any) -> None:
    """Both were copied to another place: the originals stay as they are."""
    timeline.select([source, timeline.result_of(source)])
    before = set(timeline.strips.keys())
    with timeline.shown():
        bpy.ops.sequencer.duplicate()
    copies = [timeline.strips[name] for name in set(timeline.strips.keys()) - before]
    for copy in copies:
        setattr(copy, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", 101)
    (movie,), (result,) = ([copy for copy in copies if copy.type == kind] for kind in ("MOVIE", "IMAGE"))
    timeline.addon.versions.set_right_handle(movie, 105)
    originals = [entry for entry in told(timeline) if entry[2][0] == 1]
    update(timeline, result)
    assert [entry for entry in told(timeline) if entry[2][0] == 1] == originals
    copied = [entry[1:] for entry in told(timeline) if entry[2][0] > 1]
    assert sorted(copied) == [(False, (101, 105)), (True, (101, 105))]


def test_a_result_that_is_renamed_while_its_update_runs(timeline: Timeline, source: Any) -> None:
    """It is found by its frames, and keeps its new name."""
    result = timeline.result_of(source)
    timeline.scene.rvm_matting.feather = 3
    timeline.select([result])
    with timeline.shown():
        (job,), _ = timeline.addon.result_operators.update_selected(bpy.context)
    result.name = "hero"
    timeline.finish()
    assert told(timeline) == [(source.name, True, (1, 7)), ("hero", False, (1, 7))]
    assert frames_of(timeline.strips["hero"]) == job.output


def test_a_result_that_is_deleted_while_its_update_runs(timeline: Timeline, source: Any) -> None:
    """A copy of both elsewhere shows the same frames: it stays as it is, and the source gets a new result."""
    copies = [timeline.movie(Path(source.filepath), channel=2, start=101, name="copy")]
    timeline.addon.versions.set_right_handle(copies[0], 107)
    timeline.press_button(copies[0])
    copy, before = timeline.result_of(copies[0]), frames_of(timeline.result_of(copies[0]))
    timeline.scene.rvm_matting.feather = 3
    timeline.select([timeline.result_of(source)])
    with timeline.shown():
        (job,), _ = timeline.addon.result_operators.update_selected(bpy.context)
    timeline.strips.remove(timeline.result_of(source))
    timeline.finish()
    assert frames_of(copy) == before
    assert frames_of(timeline.result_of(source)) == job.output


def test_a_result_without_its_source_says_so(timeline: Timeline, source: Any) -> None:
    """And stays as it is; of two strips that might be it, neither is."""
    result = timeline.result_of(source)
    source.name = "other"
    timeline.movie(Path(source.filepath), channel=1, name="background")
    timeline.select([result])
    with timeline.shown(), pytest.raises(RuntimeError, match="gone or was renamed"):
        bpy.ops.rvm.update_result()
    assert timeline.strips[result.name] == result


def test_a_source_is_known_under_another_name(timeline: Timeline, source: Any) -> None:
    """As the strip below its result that shows the file."""
    result = timeline.result_of(source)
    source.name = "interview"
    timeline.scene.rvm_matting.black = 0.5
    update(timeline, result)
    assert '"strip": "interview"' in result["rvm_matting"]


def test_a_source_whose_name_another_strip_has_by_now(timeline: Timeline, source: Any, tmp_path: Path) -> None:
    """The strip below that shows the file is meant: cameras give the same names again and again."""
    result, name = timeline.result_of(source), source.name
    source.name = "interview"
    (tmp_path / "other card").mkdir()
    timeline.movie(tiny.barcode_movie(tmp_path / "other card" / name, 6, fourcc="MJPG"), start=100, name=name)
    timeline.scene.rvm_matting.black = 0.5
    job = update(timeline, result)
    assert job.spec.source.paths == (source.filepath,)
    assert '"strip": "interview"' in result["rvm_matting"]


def test_a_strip_that_takes_a_results_name_is_left_alone(timeline: Timeline, source: Any) -> None:
    """While an update runs, the result is renamed and its name given to a title; the result gets the new frames."""
    result = timeline.result_of(source)
    name = result.name
    timeline.scene.rvm_matting.handles = 3
    timeline.select([result])
    with timeline.shown():
        (job,), _ = timeline.addon.result_operators.update_selected(bpy.context)
    result.name = "first take"
    timeline.effect("TEXT", 10, channel=5).name = name
    timeline.finish()
    assert timeline.strips[name].type == "TEXT"
    assert frames_of(timeline.strips["first take"]) == job.output


def test_a_meta_strip_that_has_the_sources_name_elsewhere_is_another(timeline: Timeline, tmp_path: Path) -> None:
    """The source was taken apart, and Blender gives its name to the next meta strip: that is not matted instead."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 12, fourcc="MJPG")
    meta = timeline.meta([timeline.movie(clip)])
    timeline.press_button(meta)
    result, name = timeline.result_of(meta), meta.name
    before = result.directory
    meta.mute = False
    timeline.select([meta])
    timeline.editor.active_strip = meta
    with timeline.shown():
        bpy.ops.sequencer.meta_separate()
    other = timeline.meta([timeline.movie(clip, start=101)])
    other.name = name
    timeline.select([result])
    with timeline.shown():
        jobs, problems = timeline.addon.result_operators.update_selected(bpy.context)
    assert (jobs, result.directory, other.mute) == ([], before, False)
    assert "which is gone" in problems[0]
