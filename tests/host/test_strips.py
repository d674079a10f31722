"""What an editor gets: strips matted through the operator, rendered, and compared with their sources frame by frame."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import cv2
import numpy as np
import pytest

from rvm_addon.engine.stages import LOOKS_AHEAD
from tests import tiny
from tests.host.timeline import Timeline


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 40 frames at 24 a second, in which each frame is a key frame."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "clip ü 人.avi", 40, fourcc="MJPG")


@pytest.fixture(scope="module")
def slow_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 20 frames at 12 a second."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "slow.avi", 20, 12.0, "MJPG")


@pytest.fixture(scope="module")
def fast_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 40 frames at 30 a second."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "fast.avi", 40, 30.0, "MJPG")


def trimmed(strip: Any) -> None:
    """Cut 5 frames off the front and 20 off the end, by the handles."""
    strip.frame_offset_start, strip.frame_offset_end = 5, 20


def reverse_trimmed(strip: Any) -> None:
    """Play a trimmed strip backwards."""
    trimmed(strip)
    strip.use_reverse_frames = True


def strobed(strip: Any) -> None:
    """Show every third frame only."""
    trimmed(strip)
    strip.strobe = 3


def offset(strip: Any) -> None:
    """Cut source frames for good, and trim the rest."""
    strip.animation_offset_start, strip.animation_offset_end = 7, 4
    strip.frame_offset_start = 3


def held(strip: Any) -> None:
    """Pull the handles out beyond the content: its first and last frames stand."""
    strip.frame_offset_start, strip.frame_offset_end = -3, -2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # 5.2's new names are the product's affair, not the test's
@pytest.mark.parametrize("change", [trimmed, reverse_trimmed, strobed, offset, held])
def test_every_frame_shows_what_the_source_showed(
    timeline: Timeline, clip: Path, change: Callable[[Any], None]
) -> None:
    """Trims, reverse, strobe, offsets and held frames: the result shows the source's frame, at every frame."""
    strip = timeline.movie(clip, start=10)
    change(strip)
    extent = timeline.addon.versions.handles(strip)
    assert timeline.press_button(strip) == {"FINISHED"}
    assert timeline.addon.versions.handles(timeline.result_of(strip)) == extent
    told = timeline.compare(strip)
    assert len(told) == extent[1] - extent[0] > 10
    assert [(frame, source) for frame, source, _ in told] == [(frame, result) for frame, _, result in told]
    assert len({source for _, source, _ in told}) > 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["slow_clip", "fast_clip"])
def test_another_frame_rate_is_kept(timeline: Timeline, name: str, request: pytest.FixtureRequest) -> None:
    """A movie whose playback rate was adjusted to the scene's, as the menu does it, stays frame-exact."""
    strip = timeline.movie_by_operator(request.getfixturevalue(name), adjust_playback_rate=True)
    rate = timeline.addon.strips.movie_timing(timeline.scene, strip).rate
    assert rate == pytest.approx({"slow_clip": 0.5, "fast_clip": 1.25}[name])
    trimmed(strip)
    fps = timeline.scene.render.fps
    timeline.press_button(strip)
    assert timeline.scene.render.fps == fps
    told = timeline.compare(strip)
    assert [source for _, source, _ in told] == [result for _, _, result in told]


def test_only_the_frames_that_show_are_matted(timeline: Timeline, clip: Path) -> None:
    """A trimmed strip's job writes its frames once each, named by source frame."""
    strip = timeline.movie(clip)
    strobed(strip)
    timeline.press_button(strip)
    (job,) = timeline.addon.runner.current().queue.jobs
    shown = {source for _, source, _ in timeline.compare(strip)}
    assert sorted(path.name for path in job.output.iterdir()) == [f"clip ü 人_{n + 1:06d}.png" for n in sorted(shown)]


def test_a_picture_sequence_is_exact(timeline: Timeline, tmp_path: Path) -> None:
    """Pictures with gaps in their numbers and repeats in their order show in the same order."""
    numbers = [3, 4, 9, 9, 4, 12, 13]
    paths = dict(zip(numbers, tiny.barcode_pictures(tmp_path / "in", numbers), strict=True))
    strip = timeline.pictures([paths[n] for n in numbers], start=5)
    timeline.press_button(strip)
    assert [result for _, _, result in timeline.compare(strip)] == numbers
    (job,) = timeline.addon.runner.current().queue.jobs
    assert job.frames_done == 5


def test_a_still_stays_one_picture(timeline: Timeline, tmp_path: Path) -> None:
    """One picture that stands for 30 frames is matted once, and can be pulled longer afterwards."""
    (path,) = tiny.barcode_pictures(tmp_path / "in", [99])
    strip = timeline.pictures([path], start=3)
    timeline.addon.versions.set_right_handle(strip, 33)
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    assert timeline.addon.versions.handles(result) == (3, 33)
    assert len(result.elements) == 1
    assert {number for _, _, number in timeline.compare(strip, [3, 20, 32])} == {99}


def test_the_result_looks_like_the_source(timeline: Timeline, clip: Path) -> None:
    """Transform, crop, flips, opacity and colour are taken over: both render alike."""
    strip = timeline.movie(clip)
    trimmed(strip)
    strip.transform.offset_x, strip.transform.offset_y = 9, -4
    strip.transform.scale_x, strip.transform.scale_y, strip.transform.rotation = 0.7, 0.8, 0.3
    strip.crop.min_x, strip.crop.max_y = 11, 6
    strip.use_flip_x, strip.color_multiply, strip.blend_alpha = True, 0.8, 0.75
    strip.color_tag = "COLOR_03"
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    start, _ = timeline.addon.versions.handles(strip)
    strip.mute, result.mute = False, True
    source = timeline.render(start)
    strip.mute, result.mute = True, False
    assert np.abs(source.astype(int) - timeline.render(start)).max() <= 4
    assert (result.color_tag, result.transform.filter) == ("COLOR_03", strip.transform.filter)


@pytest.mark.parametrize(("before", "after"), [("REPLACE", "ALPHA_OVER"), ("CROSS", "ALPHA_OVER"), ("ADD", "ADD")])
def test_the_blend_type_lets_the_background_through(timeline: Timeline, clip: Path, before: str, after: str) -> None:
    """A blend type is taken over, but for those that would hide what lies below the cut-out."""
    strip = timeline.movie(clip)
    trimmed(strip)
    strip.blend_type = before
    timeline.press_button(strip)
    assert timeline.result_of(strip).blend_type == after


@pytest.mark.usefixtures("with_counting")
def test_what_lies_below_shows_through(timeline: Timeline, tmp_path: Path) -> None:
    """Half-transparent pixels come out of Blender as F·a + B·(1 - a), to one unit."""
    strip = timeline.pictures(tiny.barcode_pictures(tmp_path / "in", range(6)), channel=2)
    below = timeline.addon.versions.new_colour_strip(timeline.strips, "below", 1, 1, 7)
    below.color = (0.0, 0.4, 1.0)
    timeline.scene.rvm_matting.edge_colour = "SOURCE"
    timeline.press_button(strip)
    picture = timeline.render(2).astype(float)
    alpha = round((LOOKS_AHEAD + 1) / 10 * 255) / 255  # of the second frame: a tenth for each that the model has seen
    source = tiny.barcode(1).astype(float)
    wanted = source * alpha + np.array([255, 102, 0]) * (1 - alpha)
    assert np.abs(picture[..., :3] - wanted).max() <= 1.0


@pytest.mark.usefixtures("with_counting")
def test_over_colour_hides_what_lies_below(timeline: Timeline, tmp_path: Path) -> None:
    """The background colour that was chosen is the one that is written, to the unit."""
    strip = timeline.pictures(tiny.barcode_pictures(tmp_path / "in", [255, 255]), channel=2)
    timeline.scene.rvm_matting.result = "COLOUR"
    timeline.scene.rvm_matting.background = (10 / 255, 200 / 255, 30 / 255)
    timeline.press_button(strip)
    assert (timeline.render(1) == (30, 200, 10, 255)).all()


def test_the_source_is_muted_unless_it_is_to_be_kept(timeline: Timeline, clip: Path) -> None:
    """The option leaves the source as it was."""
    first, second = timeline.movie(clip), timeline.movie(clip, channel=3, start=100)
    trimmed(first)
    trimmed(second)
    timeline.press_button(first)
    assert first.mute
    timeline.scene.rvm_matting.keep_source = True
    timeline.press_button(second)
    assert not second.mute


def test_the_result_takes_the_lowest_free_channel_above(timeline: Timeline, clip: Path) -> None:
    """Channels that are taken in that range, locked or muted are passed over; nothing is moved.

    In a muted one nothing would be seen of the result, nor, below it, of the source.
    """
    strip = timeline.movie(clip, channel=2, start=1)
    others = [timeline.movie(clip, channel=3, start=30), timeline.movie(clip, channel=4, start=41)]
    timeline.editor.channels[4].lock = True
    timeline.editor.channels[5].mute = True
    before = [(other.channel, *timeline.addon.versions.handles(other)) for other in others]
    timeline.press_button(strip)
    assert timeline.result_of(strip).channel == 6
    assert [(other.channel, *timeline.addon.versions.handles(other)) for other in others] == before


def test_inside_a_meta_strip_the_result_stays_inside(timeline: Timeline, clip: Path) -> None:
    """A strip in a meta strip gets its result beside it."""
    strip = timeline.movie(clip)
    trimmed(strip)
    meta = timeline.strips.new_meta(name="meta", channel=1, frame_start=1)
    strip.move_to_meta(meta)
    place = timeline.addon.strips.job_spec(timeline.scene, strip, timeline.addon.properties.snapshot(timeline.scene))
    spec, placement = place
    job = timeline.addon.runner.current().submit(spec, timeline.folder / "job", placement)
    timeline.finish()
    assert job.state.name == "DONE"
    assert timeline.result_of(strip).parent_meta().name == "meta"
    assert [s.name for s in timeline.strips] == ["meta"]


def test_settings_are_frozen_and_files_are_relative(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """In a saved project, frames lie beside the .blend and the strip points at them from there; both survive a move."""
    project = tmp_path / "project"
    project.mkdir()
    timeline.scene.rvm_matting.property_unset("output")
    strip = timeline.movie(clip)
    trimmed(strip)
    bpy.ops.wm.save_as_mainfile(filepath=str(project / "cut.blend"), copy=False, relative_remap=False)
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    assert result.directory.startswith("//matte")
    assert (project / "matte" / strip.name / "frames").is_dir()
    assert timeline.addon.versions.handles(strip) == timeline.addon.versions.handles(result)


def test_a_project_from_windows_finds_its_files(timeline: Timeline, tmp_path: Path) -> None:
    """There Blender writes relative paths with backslashes, and reads them so on every system."""
    project = tmp_path / "project"
    (project / "clips").mkdir(parents=True)
    clip = tiny.barcode_movie(project / "clips" / "clip.avi", 10, fourcc="MJPG")
    pictures = tiny.barcode_pictures(project / "clips" / "pictures", range(3))
    bpy.ops.wm.save_as_mainfile(filepath=str(project / "cut.blend"), copy=False, relative_remap=False)
    movie, sequence = timeline.movie(clip), timeline.pictures(pictures, channel=3)
    movie.filepath, sequence.directory = "//clips\\clip.avi", "//clips\\pictures\\"
    assert timeline.press_button(movie, sequence) == {"FINISHED"}
    for strip, length in ((movie, 10), (sequence, 3)):
        result = timeline.result_of(strip)
        assert len(result.elements) == length
        result.directory = bpy.path.relpath(result.directory).replace("/", "\\").replace("\\\\", "//", 1)
        assert timeline.addon.belonging.is_result(result)


def test_a_second_run_does_not_touch_the_first(timeline: Timeline, clip: Path) -> None:
    """Each way of matting writes a folder of its own, so that strips made before keep their frames."""
    strip = timeline.movie(clip)
    trimmed(strip)
    timeline.press_button(strip)
    timeline.scene.rvm_matting.quality = "DRAFT"
    timeline.press_button(strip)
    first, second = timeline.addon.runner.current().queue.jobs
    assert first.output != second.output
    assert len(list(first.output.iterdir())) == len(list(second.output.iterdir())) == 15


def test_every_frame_of_a_result_is_a_whole_picture(timeline: Timeline, clip: Path, addon: SimpleNamespace) -> None:
    """What a strip shows are PNGs of the clip's size that other programs read, one per frame."""
    strip = timeline.movie(clip)
    trimmed(strip)
    timeline.press_button(strip)
    (job,) = addon.runner.current().queue.jobs
    made = [(path.suffix, np.fromfile(path, np.uint8)) for path in job.output.iterdir()]
    told = [(suffix, cv2.imdecode(content, cv2.IMREAD_UNCHANGED).shape) for suffix, content in made]
    assert told == [(".png", (64, 128, 4))] * 15


@pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="the sequencer shows the active scene")
def test_the_sequencers_scene_need_not_be_the_active_one(timeline: Timeline, clip: Path) -> None:
    """The strips are those of the scene that the sequencer shows; without one the button is grey."""
    strip = timeline.movie(clip)
    trimmed(strip)
    other = bpy.data.scenes.new("active")
    window = bpy.context.window
    window.scene = other
    window.workspace.sequencer_scene = timeline.scene
    assert timeline.press_button(strip) == {"FINISHED"}
    assert timeline.result_of(strip).name in timeline.strips
    assert other.sequence_editor is None or not len(other.sequence_editor.strips)
    window.workspace.sequencer_scene = None
    with timeline.shown():
        assert not bpy.ops.rvm.matte_strips.poll()
    window.workspace.sequencer_scene = timeline.scene
    window.scene = timeline.scene
    bpy.data.scenes.remove(other)
