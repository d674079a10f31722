"""A new strip takes an updated result's place: where it lies, how long it is, what it takes over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.host.updating import frames_of, update

pytestmark = pytest.mark.usefixtures("with_green")


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


def test_a_result_far_from_its_source_is_not_taken_away(timeline: Timeline, source: Any) -> None:
    """The new frames lie over the source; the strip that was moved away stays."""
    result, versions = timeline.result_of(source), timeline.addon.versions
    setattr(result, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", 101)
    versions.set_right_handle(source, 9)  # other frames, so that the strip cannot show the new ones
    update(timeline, result)
    shown = sorted(versions.handles(strip) for strip in timeline.strips if strip.type == "IMAGE")
    assert shown == [(1, 9), (101, 107)]


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


def test_a_source_that_was_shown_and_muted_by_hand_stays_muted(timeline: Timeline, source: Any) -> None:
    """Its first result hid it; that is deleted, and the next leaves sources visible: what mutes it now is the user."""
    timeline.strips.remove(timeline.result_of(source))
    source.mute = False
    timeline.scene.rvm_matting.keep_source = True
    timeline.press_button(source)
    assert not source.mute
    source.mute = True
    timeline.scene.rvm_matting.handles = 3
    update(timeline, timeline.result_of(source))
    assert source.mute


def test_the_opacity_that_the_user_gave_a_hidden_source_wins(timeline: Timeline, tmp_path: Path) -> None:
    """A meta strip with sound is hidden by its opacity: raised and muted by hand, it stays so."""
    movie = timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 5, fourcc="FFV1"), channel=6, start=201)
    sound = timeline.strips.new_sound(
        name="sound", filepath=str(tiny.tone(tmp_path / "tone.wav", 1)), channel=7, frame_start=201
    )
    timeline.addon.versions.set_right_handle(sound, 206)
    meta = timeline.meta([movie, sound])
    meta.blend_type, meta.blend_alpha = "ADD", 0.6
    timeline.press_button(meta)
    assert (meta.mute, meta.blend_alpha, timeline.result_of(meta).blend_alpha) == (False, 0.0, pytest.approx(0.6))
    meta.blend_alpha, meta.mute = 0.3, True
    timeline.scene.rvm_matting.keep_source, timeline.scene.rvm_matting.result = True, "MASK"
    update(timeline, timeline.result_of(meta))
    assert (meta.mute, meta.blend_type, meta.blend_alpha) == (True, "ADD", pytest.approx(0.3))
    meta.mute = False
    timeline.scene.rvm_matting.keep_source, timeline.scene.rvm_matting.result = False, "CUTOUT"
    update(timeline, timeline.result_of(meta))
    assert (meta.mute, meta.blend_alpha, timeline.result_of(meta).blend_alpha) == (False, 0.0, pytest.approx(0.3))
    assert timeline.result_of(meta).blend_type == "ADD"


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
