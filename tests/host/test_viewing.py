"""A trial of one frame: it is the right frame, and touches nothing else."""

import shutil
from pathlib import Path
from typing import Any

import bpy
import cv2
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.waiting import wait


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A movie of 30 frames."""
    return tiny.barcode_movie(tmp_path / "clip.avi", 30, fourcc="MJPG")


def tried(timeline: Timeline, strip: Any, frame: int) -> int:
    """Try the frame under the playhead and return the number that the result's picture tells."""
    timeline.select([strip])
    timeline.editor.active_strip = strip
    timeline.scene.frame_set(frame)
    view = bpy.context.window_manager.rvm_view
    view.arrangement, view.behind = "RESULT", "CHECKER"
    with timeline.shown():
        assert bpy.ops.rvm.preview_frame() == {"FINISHED"}
    picture = cv2.imread(str(timeline.addon.watcher.current().path))
    assert picture is not None
    return tiny.read_barcode(picture)


def shown(timeline: Timeline, frame: int) -> int:
    """Return the number that the timeline shows at a frame."""
    return tiny.read_barcode(timeline.render(frame))


def test_the_frame_under_the_playhead(timeline: Timeline, clip: Path) -> None:
    """At the strip's ends, trimmed and reversed; the timeline and the list of jobs stay as they are."""
    strip = timeline.movie(clip, start=11)
    assert [tried(timeline, strip, frame) for frame in (11, 12, 25, 40)] == [0, 1, 14, 29]
    timeline.addon.versions.set_right_handle(strip, 30)
    strip.use_reverse_frames = True
    assert tried(timeline, strip, 11) == 29
    assert len(timeline.strips) == 1
    assert timeline.addon.runner.current().queue.jobs == []
    assert not (timeline.folder / "results").exists()


def test_handles_do_not_move_the_frame(timeline: Timeline, clip: Path) -> None:
    """What is matted beyond a trimmed strip comes before what it shows; so it does where a strip is rendered first."""
    timeline.scene.rvm_matting.handles = 10
    strip = timeline.movie(clip)
    timeline.addon.versions.set_left_handle(strip, 15)
    assert [tried(timeline, strip, frame) for frame in (15, 20, 30)] == [14, 19, 29]
    timeline.retime(strip, 20, 24)
    assert tried(timeline, strip, 22) == shown(timeline, 22)


def test_an_image_sequence(timeline: Timeline, clip: Path) -> None:
    """A picture is found by its place."""
    paths = tiny.barcode_pictures(clip.parent / "shots", [7, 8, 9])
    assert tried(timeline, timeline.pictures(paths), 2) == 8


def test_what_is_rendered_first(timeline: Timeline, clip: Path) -> None:
    """Of a retimed movie, another Blender shows the one frame."""
    strip = timeline.movie(clip)
    timeline.retime(strip, 10, 20)
    assert tried(timeline, strip, 15) == shown(timeline, 15)


def test_nothing_under_the_playhead(timeline: Timeline, clip: Path) -> None:
    """Beside the strip, or with a result only, the button is grey."""
    strip = timeline.movie(clip, start=11)
    timeline.editor.active_strip = strip
    for frame, possible in ((10, False), (11, True), (40, True), (41, False)):
        timeline.scene.frame_set(frame)
        with timeline.shown():
            assert bpy.ops.rvm.preview_frame.poll() is possible
    timeline.press_button(strip)
    timeline.scene.frame_set(20)
    timeline.editor.active_strip = timeline.result_of(strip)
    timeline.select([timeline.result_of(strip)])
    with timeline.shown():
        assert not bpy.ops.rvm.preview_frame.poll()


def test_looked_at_another_way(timeline: Timeline, clip: Path) -> None:
    """When the trial is over, its frame is drawn anew as the user wants it."""
    strip = timeline.movie(clip)
    tried(timeline, strip, 5)
    watcher = timeline.addon.watcher.current()
    bpy.context.window_manager.rvm_view.behind = "MATTE"
    wait(lambda: not watcher.step())
    picture = cv2.imread(str(watcher.path))
    assert picture is not None and (picture == 255).all()  # the tiny model's matte is 1 everywhere


def test_the_live_picture_survives_a_folder_that_is_gone(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """Blender drops a timer that raises: nobody would see the next job's frames."""
    watcher, runner = timeline.addon.watcher, timeline.addon.runner.current()
    bpy.context.window_manager.rvm_view.live = True
    try:
        jobs, _ = timeline.submit(timeline.movie(clip), timeline.movie(tiny.barcode_movie(tmp_path / "next.avi", 30)))
        runner.step()
        assert jobs[0].state.name == "RUNNING"
        shutil.rmtree(jobs[0].folder)
        assert watcher._tick() is not None

        def step() -> None:
            runner.step()
            assert watcher._tick() is not None

        wait(lambda: not runner.busy and watcher.current().path is not None, step)
    finally:
        bpy.context.window_manager.rvm_view.live = False
    assert watcher.current().job is jobs[1]
