"""A result is changed afterwards: by its raw mattes, in its place, with what it remembers."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests import tiny
from tests.host import rendered_strips
from tests.host.timeline import Timeline

pytestmark = pytest.mark.usefixtures("with_green")


@pytest.fixture
def source(timeline: Timeline, tmp_path: Path) -> Any:
    """A movie of 40 frames, trimmed to six; the model's matte is its green channel."""
    strip = timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 40, fourcc="MJPG"), channel=2)
    timeline.addon.versions.set_right_handle(strip, 7)
    timeline.scene.rvm_matting.edge_colour = "SOURCE"
    timeline.press_button(strip)
    return strip


def one_movie(timeline: Timeline, clip: Path) -> Any:
    """All of a movie."""
    return timeline.movie(clip)


def update(timeline: Timeline, result: Any) -> Any:
    """Press "Update Result" and return the job that did it."""
    timeline.select([result])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    job = timeline.addon.runner.current().queue.jobs[-1]
    assert (job.state.name, job.error) == ("DONE", "")
    return job


def shown_alone(timeline: Timeline, result: Any, frame: int) -> Any:
    """Return what a result shows at a frame, rendered alone: H x W x 4, BGRA."""
    for strip in timeline.strips:
        strip.mute = strip.name != result.name
    return timeline.render(frame)


def alpha(timeline: Timeline, result: Any, frame: int) -> Any:
    """Return the alpha of a result at a frame, rendered alone."""
    return shown_alone(timeline, result, frame)[..., 3].astype(int)


def frames_of(strip: Any) -> Path:
    """Return the folder of a strip's pictures; in a project that is saved, Blender keeps it relative to that."""
    return Path(os.path.normpath(bpy.path.abspath(strip.directory)))


def test_edges_change_without_the_model(timeline: Timeline, source: Any) -> None:
    """The new black point is applied to the raw mattes; the strip stays where it is."""
    result = timeline.result_of(source)
    before = alpha(timeline, result, 3)
    result.channel, result.transform.offset_x = 7, 0
    raws = {path.name for path in timeline.addon.runner.current().queue.jobs[0].folder.joinpath("raw").glob("*.raw")}
    assert len(raws) == 6
    timeline.scene.rvm_matting.black = 0.5
    job = update(timeline, result)
    assert job.spec.raws
    after = alpha(timeline, result, 3)
    assert result.channel == 7, "the strip is the same one, where the user has put it"
    wanted = np.clip((before / 255 - 0.5) / 0.5, 0, 1) * 255
    assert np.abs(after - wanted).max() <= 2
    assert after.max() > 200 and (after == 0).sum() > (before == 0).sum()


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


def _extended(timeline: Timeline, source: Any) -> None:
    timeline.addon.versions.set_right_handle(source, 11)


def _with_handles(timeline: Timeline, _source: Any) -> None:
    timeline.scene.rvm_matting.handles = 3


@pytest.mark.parametrize(("change", "end"), [(_extended, 11), (_with_handles, 7)])
@pytest.mark.parametrize("chosen", [(0, 1, 2), (0,), (1,), (2,)], ids=str)
def test_a_result_that_was_cut_stays_cut_where_its_frames_are_others(
    timeline: Timeline, source: Any, change: Callable[[Timeline, Any], None], end: int, chosen: tuple[int, ...]
) -> None:
    """Each part keeps its range; only the outer end follows the source."""
    handles = timeline.addon.versions.handles
    result = timeline.result_of(source)
    second = result.split(frame=3, split_method="SOFT")
    parts = [result, second, second.split(frame=5, split_method="SOFT")]
    parts[1].blend_alpha = 0.5
    change(timeline, source)
    before = result.directory
    timeline.select([parts[number] for number in chosen])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    after = sorted((strip for strip in timeline.strips if strip.type == "IMAGE"), key=handles)
    wanted = [(1, 3), (3, 5), (5, end if 2 in chosen else 7)]
    assert [handles(strip) for strip in after] == wanted
    assert [strip.directory == before for strip in after] == [number not in chosen for number in range(3)]
    assert [(strip.channel, strip.blend_alpha) for strip in after] == [(3, 1.0), (3, 0.5), (3, 1.0)]
    assert source.mute
    job = timeline.addon.runner.current().queue.jobs[-1]
    assert not any("shows more or other" in text for text in job.warnings)
    names = [strip.strip_elem_from_frame(frame).filename for strip in after for frame in range(*handles(strip))]
    assert [int(name[-10:-4]) for name in names] == list(range(1, wanted[-1][1]))


def test_a_result_over_a_source_whose_middle_is_gone(timeline: Timeline, source: Any) -> None:
    """Where its frames are others, it lies where the source still is; what is there instead is seen."""
    result, versions = timeline.result_of(source), timeline.addon.versions
    result.name, result.channel = "anna", 5
    middle = source.split(frame=3, split_method="SOFT")
    middle.split(frame=5, split_method="SOFT")
    timeline.strips.remove(middle)
    timeline.scene.rvm_matting.handles = 2
    job = update(timeline, result)
    after = sorted((strip for strip in timeline.strips if strip.type == "IMAGE"), key=versions.handles)
    assert [(versions.handles(strip), strip.channel) for strip in after] == [((1, 3), 5), ((5, 7), 5)]
    assert after[0].name == "anna" and all(frames_of(strip) == job.output for strip in after)
    assert all(strip.mute for strip in timeline.strips if strip.type == "MOVIE")


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


def test_the_result_of_a_rendered_strip_whose_trim_slid(timeline: Timeline, tmp_path: Path) -> None:
    """It has as many pictures as before, which are numbered from one, but they belong elsewhere."""
    source = timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 40, fourcc="MJPG"), channel=2)
    source.use_deinterlace = True
    timeline.addon.versions.set_right_handle(source, 11)
    timeline.press_button(source)
    timeline.addon.versions.set_right_handle(source, 16)
    timeline.addon.versions.set_left_handle(source, 6)
    update(timeline, timeline.result_of(source))
    result = timeline.result_of(source)
    assert timeline.addon.versions.handles(result) == (6, 16)
    for frame in (6, 11, 15):
        numbers = [tiny.read_barcode(shown_alone(timeline, strip, frame)) for strip in (source, result)]
        assert numbers == [frame - 1] * 2


def test_a_result_far_from_its_source_is_not_taken_away(timeline: Timeline, source: Any) -> None:
    """The new frames lie over the source; the strip that was moved away stays."""
    result, versions = timeline.result_of(source), timeline.addon.versions
    setattr(result, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", 101)
    versions.set_right_handle(source, 9)  # other frames, so that the strip cannot show the new ones
    update(timeline, result)
    shown = sorted(versions.handles(strip) for strip in timeline.strips if strip.type == "IMAGE")
    assert shown == [(1, 9), (101, 107)]


def test_a_format_changes_the_files_names(timeline: Timeline, source: Any) -> None:
    """The elements follow."""
    result = timeline.result_of(source)
    timeline.scene.rvm_matting.format = "WEBP"
    update(timeline, result)
    assert all(element.filename.endswith(".webp") for element in result.elements)
    assert alpha(timeline, result, 3).max() > 200


def test_what_was_light_is_shown_in_the_screens_colours_again(timeline: Timeline, tmp_path: Path) -> None:
    """Also where the strip is rendered first, whose own colour space is not the pictures'."""
    name = rendered_strips.meta(timeline, tiny.barcode_movie(tmp_path / "clip.avi", 12, fourcc="FFV1")).name
    chosen = timeline.scene.rvm_matting
    chosen.edge_colour = "SOURCE"
    timeline.press_button(timeline.strips[name])
    result = timeline.result_of(timeline.strips[name])
    before = shown_alone(timeline, result, 5)
    for chosen.format in ("EXR", "PNG"):
        update(timeline, result)
    assert np.array_equal(shown_alone(timeline, result, 5), before)


def test_a_longer_trim_mattes_the_new_frames_only(timeline: Timeline, source: Any) -> None:
    """The result grows with its source; what was known is read, not matted again."""
    timeline.addon.versions.set_right_handle(source, 11)
    job = update(timeline, timeline.result_of(source))
    assert timeline.addon.versions.handles(timeline.result_of(source)) == (1, 11)
    assert job.spec.raws and len(job.spec.source.frames) == 10
    assert [s.name for s in timeline.strips if s.type == "IMAGE"] == [f"{source.name} matte"]


def test_a_longer_result_keeps_what_the_user_did_to_it(timeline: Timeline, source: Any) -> None:
    """Name, channel, opacity, place and movement: it is like the strip that gives way, not like the source."""
    result, versions = timeline.result_of(source), timeline.addon.versions
    result.name, result.channel, result.blend_alpha, result.transform.offset_x = "anna", 7, 0.5, 30
    for frame, place in ((1, 0), (10, 90)):
        result.transform.offset_y = place
        result.transform.keyframe_insert("offset_y", frame=frame)
    versions.set_right_handle(source, 11)
    update(timeline, result)
    (result,) = (strip for strip in timeline.strips if strip.type == "IMAGE")
    assert (result.name, result.channel, result.blend_alpha, result.transform.offset_x) == ("anna", 7, 0.5, 30)
    assert versions.handles(result) == (1, 11) and source.mute
    (curve,) = versions.strip_curves(timeline.scene)
    assert (curve.data_path, curve.evaluate(10)) == (f"{result.path_from_id()}.transform.offset_y", 90)


def test_effects_and_masks_of_a_result_go_on_with_the_new_one(timeline: Timeline, source: Any, tmp_path: Path) -> None:
    """Where a new strip takes its place: Blender would delete the effects along with the old one, and empty the masks.

    They become as long as the new one lets them.
    """
    result, versions = timeline.result_of(source), timeline.addon.versions
    other = timeline.movie(tiny.barcode_movie(tmp_path / "other.avi", 40, fourcc="MJPG"), channel=4, name="other")
    glow = timeline.effect("GLOW", 6, result, channel=5)
    cross = timeline.effect("CROSS", 6, other, result, channel=6)
    hole = other.modifiers.new("hole", "MASK")
    hole.input_mask_type, hole.input_mask_strip = "STRIP", result
    versions.set_right_handle(source, 11)
    update(timeline, result)
    new = timeline.result_of(source)
    assert versions.handles(new) == (1, 11) and new.channel == 3
    assert {strip.name for strip in timeline.strips} == {source.name, new.name, "other", "glow", "cross"}
    assert (glow.input_1, cross.input_1, cross.input_2, hole.input_mask_strip) == (new, other, new, new)
    assert versions.handles(glow) == versions.handles(cross) == (1, 11)
    assert timeline.render(9).max() > 0


def test_a_driver_is_never_doubled(timeline: Timeline, source: Any) -> None:
    """Blender leaves the drivers of a strip that is removed: a result made in its place has its own, once.

    Of two on one property, none would move it.
    """
    source.driver_add("blend_alpha").driver.expression = "frame / 10"
    for length in (6, 10):  # a result that the user removes, and one that gives way to a longer one
        timeline.strips.remove(timeline.result_of(source))
        timeline.addon.versions.set_right_handle(source, 1 + length)
        timeline.press_button(source)
    timeline.addon.versions.set_right_handle(source, 21)
    update(timeline, timeline.result_of(source))
    drivers = [driver.data_path for driver in timeline.scene.animation_data.drivers]
    assert sorted(drivers) == sorted(f"{s.path_from_id()}.blend_alpha" for s in (source, timeline.result_of(source)))
    timeline.scene.frame_set(3)
    assert timeline.result_of(source).blend_alpha == pytest.approx(0.3)


def test_a_cutout_becomes_a_mask_and_back(timeline: Timeline, source: Any) -> None:
    """What the earlier kind did to the source is taken back."""
    timeline.scene.rvm_matting.result = "MASK"
    update(timeline, timeline.result_of(source))
    assert not source.mute and len(source.modifiers) == 1
    timeline.scene.rvm_matting.result = "CUTOUT"
    timeline.scene.rvm_matting.black = 0.1
    update(timeline, timeline.result_of(source))
    assert source.mute and not source.modifiers
    assert not timeline.result_of(source).mute


def _reframed(source: Any) -> None:
    source.transform.offset_x, source.transform.scale_x, source.crop.min_x = 30, 0.5, 9


def _moved(source: Any) -> None:
    setattr(source, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", 4)


@pytest.mark.parametrize("change", [_reframed, _moved])
def test_a_mask_follows_its_source(timeline: Timeline, source: Any, change: Callable[[Any], None]) -> None:
    """Which is what the user sees, and moves; one that still lies on it is the same strip, with what was done to it."""
    timeline.scene.rvm_matting.result = "MASK"
    update(timeline, timeline.result_of(source))
    mask = timeline.result_of(source)
    mask.channel = 7
    mask.modifiers.new("softer", "BRIGHT_CONTRAST")
    timeline.scene.rvm_matting.black = 0.1
    update(timeline, mask)
    assert mask.channel == 7 and len(mask.modifiers) == 1
    change(source)
    timeline.scene.rvm_matting.black = 0.0
    update(timeline, mask)
    mask, handles = timeline.result_of(source), timeline.addon.versions.handles
    assert source.modifiers[0].input_mask_strip == mask and mask.mute and mask.channel == 7
    assert handles(mask) == handles(source) and mask.crop.min_x == source.crop.min_x
    assert {strip.name for strip in timeline.strips} == {mask.name, source.name}
    shown = timeline.render(handles(source)[0] + 2)
    timeline.scene.rvm_matting.result = "CUTOUT"
    update(timeline, mask)
    differs = np.abs(timeline.render(handles(source)[0] + 2).astype(int) - shown) > 2
    assert differs.mean() < 0.03, "soft edges are scaled by Blender in another order"


def test_a_recipe_is_remembered_and_copied_back(timeline: Timeline, source: Any, tmp_path: Path) -> None:
    """Through a saved file: the settings come back as they were when the strip was made."""
    chosen = timeline.scene.rvm_matting
    chosen.result, chosen.grow, chosen.quality, chosen.opaque_format = "BLUR", 3, "FINE", "JPEG"
    update(timeline, timeline.result_of(source))
    chosen.result, chosen.grow, chosen.quality, chosen.opaque_format = "CUTOUT", 0, "DRAFT", "PNG"
    path = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
    with bpy.data.libraries.load(str(path)) as (there, wanted):
        wanted.scenes = [name for name in there.scenes if name == timeline.scene.name]
    (loaded,) = wanted.scenes
    strips = timeline.addon.versions.all_strips(loaded.sequence_editor)
    assert "BLUR" in strips[f"{source.name} matte"]["rvm_matting"].upper()
    bpy.data.scenes.remove(loaded)
    timeline.editor.active_strip = timeline.result_of(source)
    with timeline.shown():
        assert bpy.ops.rvm.use_recipe() == {"FINISHED"}
    assert (chosen.result, chosen.grow, chosen.quality, chosen.opaque_format) == ("BLUR", 3, "FINE", "JPEG")


def test_a_recipe_reads_as_the_panel_shows_it(timeline: Timeline, source: Any) -> None:
    """Blender's numbers have 32 bits: 0.1 would be 0.10000000149011612."""
    chosen = timeline.scene.rvm_matting
    chosen.edge_colour, chosen.black, chosen.grow, chosen.feather = "MODEL", 0.1, -2, 1.3
    chosen.quality, chosen.format = "DRAFT", "PNG16"
    result = timeline.result_of(source)
    update(timeline, result)
    told = timeline.addon.words.recipe(timeline.addon.recipes.read(result))
    assert told[1].endswith(" · PNG, 16 Bit")
    assert told[2].endswith(" · Draft")
    assert told[3:] == ["Colour: Model", "Black Point: 0.1", "Grow: -2", "Feather: 1.3"]


@pytest.mark.parametrize(("black", "white"), [(0.0, 0.01), (0.99, 0.01), (0.99, 0.5), (0.5, 0.5)])
def test_a_black_point_gives_way_to_the_white_one(timeline: Timeline, source: Any, black: float, white: float) -> None:
    """Whatever the sliders say, the button works: what the model is surer of than the white point is opaque."""
    timeline.scene.rvm_matting.black, timeline.scene.rvm_matting.white = black, white
    result = timeline.result_of(source)
    before = alpha(timeline, result, 3)
    update(timeline, result)
    after = alpha(timeline, result, 3)
    assert (after[before <= 255 * (white - 0.02)] == 0).all() and (after[before > 255 * white] == 255).all()
    assert after[before == 0].max() == 0


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


def test_a_longer_still_has_a_longer_result(timeline: Timeline) -> None:
    """And a shorter one a shorter; where the source is as it was, the result stays as the user has trimmed it."""
    versions = timeline.addon.versions
    still = timeline.pictures(tiny.barcode_pictures(timeline.folder / "in", [9]), start=5)
    versions.set_right_handle(still, 20)
    timeline.press_button(still)
    for end in (40, 15):
        versions.set_right_handle(still, end)
        update(timeline, timeline.result_of(still))
        assert versions.handles(timeline.result_of(still)) == (5, end) and still.mute
    result = timeline.result_of(still)
    versions.set_right_handle(result, 12)
    timeline.scene.rvm_matting.black = 0.5
    update(timeline, result)
    assert versions.handles(result) == (5, 12)
    assert len(timeline.strips) == 2


def test_two_results_of_one_source_become_what_was_made_before(timeline: Timeline, source: Any) -> None:
    """Each of them, with the frames that a third has: both are selected."""
    chosen, folders = timeline.scene.rvm_matting, []
    for chosen.black in (0.5, 0.3):
        timeline.press_button(source)
        folders.append(timeline.addon.runner.current().queue.jobs[-1].output)
    first, *others = sorted((strip for strip in timeline.strips if strip.type == "IMAGE"), key=lambda one: one.channel)
    assert [frames_of(one) for one in others] == folders
    chosen.black = 0.0
    timeline.select(others)
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    assert {one.directory for one in others} == {first.directory}


def test_a_result_that_is_matted_anew_and_updated_is_one(timeline: Timeline, source: Any) -> None:
    """Both buttons were pressed, and one job serves them: its frames are not laid over themselves."""
    result = timeline.result_of(source)
    timeline.scene.rvm_matting.black = 0.5
    (job,), _ = timeline.submit(source)
    timeline.select([result])
    with timeline.shown():
        assert timeline.addon.result_operators.update_selected(bpy.context) == ([job], [])
    timeline.finish()
    assert [strip.name for strip in timeline.strips if strip.type == "IMAGE"] == [result.name]
    assert frames_of(result) == job.output


def raws_of(job: Any) -> int:
    """Return how many frames of a job the model has looked at to make a matte."""
    return len(list(job.folder.joinpath("raw").glob("*.raw")))


@pytest.mark.parametrize("make", [rendered_strips.retimed, rendered_strips.meta], ids=lambda make: make.__name__)
def test_what_is_rendered_again_needs_the_model_where_it_looks_different(
    timeline: Timeline, tmp_path: Path, make: Callable[[Timeline, Path], Any]
) -> None:
    """Edges change without the model, also under other frame numbers; other footage in the strip is matted."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 30, fourcc="MJPG")
    strip = make(timeline, clip)
    timeline.scene.rvm_matting.edge_colour = "SOURCE"
    name, versions = strip.name, timeline.addon.versions
    timeline.press_button(strip)
    first = timeline.addon.runner.current().queue.jobs[-1]
    length = len(first.spec.source.frames)
    assert raws_of(first) == length
    timeline.scene.rvm_matting.black = 0.5
    job = update(timeline, timeline.result_of(timeline.strips[name]))
    assert job.spec.raws and raws_of(job) == 0
    strip = timeline.strips[name]
    versions.set_left_handle(strip, versions.handles(strip)[0] + 2)
    timeline.scene.rvm_matting.black = 0.3
    job = update(timeline, timeline.result_of(strip))
    assert len(job.spec.source.frames) == length - 2 and raws_of(job) == 0
    strip = timeline.strips[name]
    (strip if strip.type == "MOVIE" else versions.children(strip)[0]).filepath = str(
        tiny.barcode_movie(tmp_path / "other.avi", 30, fourcc="FFV1")
    )
    job = update(timeline, timeline.result_of(strip))
    assert raws_of(job) == length - 2


@pytest.mark.parametrize("gathered", ["result", "source"])
@pytest.mark.parametrize("with_effect", [False, True], ids=["alone", "with an effect"])
def test_a_result_at_another_level_than_its_source(
    timeline: Timeline, source: Any, gathered: str, with_effect: bool
) -> None:
    """One of the two was gathered in a meta strip: the new result lies where the old one lay, with its effects."""
    versions, result = timeline.addon.versions, timeline.result_of(source)
    versions.set_left_handle(source, 3)
    versions.set_left_handle(result, 3)
    result.channel = 4
    blur = [timeline.effect("GAUSSIAN_BLUR", 4, result, channel=5, start=3)] if with_effect else []
    meta = timeline.meta([result, *blur] if gathered == "result" else [source])
    name, extent = result.name, versions.handles(meta)
    timeline.scene.rvm_matting.handles = 2
    timeline.editor.display_stack(meta if gathered == "result" else None)
    update(timeline, result)
    timeline.editor.display_stack(None)
    every = versions.all_strips(timeline.editor)
    new = every[name]
    assert (new.parent_meta() == meta) is (gathered == "result") and len(new.elements) == 8
    assert (versions.handles(new), new.channel, versions.handles(meta)) == ((3, 7), 4, extent)
    assert [strip.name for strip in every if strip.type == "IMAGE"] == [name] and every[source.name].mute
    assert [versions.inputs(strip) for strip in every if strip.type == "GAUSSIAN_BLUR"] == [[new]] * with_effect
    assert timeline.render(4)[..., 3].max() > 200


def test_a_result_without_room_at_its_level_stays(timeline: Timeline, source: Any) -> None:
    """It lies in a meta strip's uppermost channel: it shows what it showed, and a warning tells why."""
    result, name = timeline.result_of(source), f"{source.name} matte"
    result.channel = 128
    meta = timeline.meta([result])
    before = result.directory
    timeline.scene.rvm_matting.handles = 2
    timeline.editor.display_stack(meta)
    job = update(timeline, result)
    timeline.editor.display_stack(None)
    result = timeline.addon.versions.all_strips(timeline.editor)[name]
    assert (result.directory, result.channel, result.parent_meta()) == (before, 128, meta) and source.mute
    assert any("has no free channel above it" in text for text in job.warnings)


@pytest.mark.parametrize(
    "change",
    [
        *(lambda _, told=told: told for told in ([], {}, None, 7, "text", True)),
        *(lambda told, name=name: {k: v for k, v in told.items() if k != name} for name in ("strip", "look", "ratio")),
        *(lambda told, name=name: told | {name: []} for name in ("strip", "model", "first", "ratio", "look", "frames")),
        lambda told: told | {"movie": "flip book"},
        lambda told: told | {"flavour": "vanilla"},
        lambda told: told | {"look": told["look"] | {"blur": "much"}},
        lambda told: told | {"look": told["look"] | {"edges": []}},
    ],
)
def test_what_is_no_recipe_is_none(timeline: Timeline, tmp_path: Path, change: Any) -> None:
    """A project may come from anybody: no content of the property makes the panel fail."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 3, fourcc="MJPG")
    recipes, strip = timeline.addon.recipes, timeline.movie(clip)
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    told = json.loads(result[recipes.PROPERTY])
    assert recipes.read(result) is not None
    result[recipes.PROPERTY] = json.dumps(change(told))
    assert recipes.read(result) is None


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


@pytest.mark.parametrize("space", ["AgX Log", "Non-Color"])
def test_a_result_that_is_rendered_from_now_on_is_shown_as_rendered(
    timeline: Timeline, tmp_path: Path, space: str
) -> None:
    """Its files were in its source's colour space before; rendered pictures never are."""
    source = timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 12, fourcc="MJPG"))
    source.colorspace_settings.name = space
    timeline.press_button(source)
    assert timeline.result_of(source).colorspace_settings.name == space
    source.use_deinterlace = True
    update(timeline, timeline.result_of(source))
    assert timeline.result_of(source).colorspace_settings.name == "sRGB"


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


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_source_that_the_user_muted_stays_muted(timeline: Timeline, source: Any, by_hand: bool) -> None:
    """Sources are to stay visible: only one that its result has hidden is shown again."""
    if by_hand:
        timeline.scene.rvm_matting.keep_source = True
        source = timeline.movie(Path(source.filepath), start=101, name="another")
        timeline.addon.versions.set_left_handle(source, 106)
        timeline.press_button(source)
        assert not source.mute
        source.mute = True
    timeline.scene.rvm_matting.keep_source = True
    timeline.scene.rvm_matting.handles = 3
    update(timeline, timeline.result_of(source))
    assert source.mute is by_hand


def test_a_result_that_the_user_has_trimmed_stays_trimmed(timeline: Timeline, source: Any) -> None:
    """Where its frames are others, and again; an end that the source's follows, it follows, too."""
    versions = timeline.addon.versions
    for handles in (3, 5):
        result = timeline.result_of(source)
        versions.set_left_handle(result, 3)
        versions.set_right_handle(result, 5)
        timeline.scene.rvm_matting.handles = handles
        update(timeline, result)
        assert versions.handles(timeline.result_of(source)) == (3, 5)
        assert source.mute
    versions.set_right_handle(source, 15)
    update(timeline, timeline.result_of(source))
    assert versions.handles(timeline.result_of(source)) == (3, 15)
