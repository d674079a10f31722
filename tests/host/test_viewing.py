"""A trial of one frame: it is the right frame, and touches nothing else."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import cv2
import pytest

from tests import movies, tiny
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


def test_a_movie_with_a_speed_effect(timeline: Timeline, clip: Path) -> None:
    """With the movie active, too, the effect's frame is tried, as the button mattes the effect."""
    movie = timeline.movie(clip)
    effect = timeline.effect("SPEED", 30, movie, channel=2)
    effect.speed_control, effect.speed_factor = "MULTIPLY", 0.5
    assert tried(timeline, movie, 21) == shown(timeline, 21) != 20


def test_one_trial_at_a_time_is_kept(timeline: Timeline, clip: Path) -> None:
    """The next one deletes the former's folder, and nothing of the project stays even of the last."""
    strip = timeline.movie(clip)
    timeline.retime(strip, 10, 20)
    folders = []
    for frame in (5, 15, 25):
        tried(timeline, strip, frame)
        watcher = timeline.addon.watcher.current()
        folders.append(watcher.job.folder)
        assert [job.folder for job in watcher.queue.jobs] == folders[-1:]
        assert [folder.exists() for folder in folders] == [False] * (len(folders) - 1) + [True]
        assert not (watcher.job.folder / "project.blend").exists() and not (watcher.job.folder / "rendered").exists()
    timeline.addon.watcher.stop()
    assert not folders[-1].exists()


def test_a_trial_that_still_runs_keeps_its_folder(timeline: Timeline, clip: Path) -> None:
    """The next trial ends it first; then its folder goes."""
    timeline.scene.frame_set(5)
    strip, settings = timeline.movie(clip), timeline.addon.properties.snapshot(timeline.scene)
    watcher = timeline.addon.watcher.current()
    described = timeline.addon.strips.job_spec(timeline.scene, strip, settings)
    first = watcher.try_frame(*described)
    watcher.step()
    assert first.state.name == "RUNNING"
    second = watcher.try_frame(*described)
    assert (first.state.name, first.folder.exists()) == ("CANCELLING", True)
    wait(lambda: not watcher.step())
    assert (second.state.name, second.folder.exists()) == ("DONE", True)
    assert (first.state.name, first.folder.exists(), watcher.queue.jobs) == ("CANCELLED", False, [second])


def test_a_trial_that_is_refused_leaves_nothing(timeline: Timeline, clip: Path) -> None:
    """Neither a folder nor a job; what is shown stays."""
    strip = timeline.movie(clip)
    tried(timeline, strip, 5)
    watcher = timeline.addon.watcher.current()
    kept, beside = watcher.job, watcher.job.folder.parent
    settings = timeline.addon.properties.snapshot(timeline.scene)
    spec, place = timeline.addon.strips.job_spec(timeline.scene, strip, settings)
    before = sorted(path.name for path in beside.glob("rvm_preview_*"))
    with pytest.raises(timeline.addon.errors.SpecError):
        watcher.try_frame(replace(spec, threads=-1), place)
    assert sorted(path.name for path in beside.glob("rvm_preview_*")) == before
    assert (watcher.job, watcher.queue.jobs) == (kept, [kept])


def test_another_frame_is_tried_before_the_last_is_drawn_anew(
    timeline: Timeline, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new trial draws as the user wants it; a helper beside it would draw whichever of its frames it finds."""
    drawn: list[Path] = []
    monkeypatch.setattr(timeline.addon.watcher, "redraw", lambda folder, _: drawn.append(folder))
    strip = timeline.movie(clip)
    for frame in (1, 2):
        assert tried(timeline, strip, frame) == frame - 1
    assert drawn == []


def test_a_preview_whose_job_is_gone(timeline: Timeline, clip: Path) -> None:
    """Its picture went with it, and the button says so."""
    tried(timeline, timeline.movie(clip), 5)
    Path(timeline.addon.watcher.current().path).unlink()
    with timeline.shown(), pytest.raises(RuntimeError, match="The preview is gone"):
        bpy.ops.rvm.open_preview()


def test_an_interlaced_backdrop_is_refused(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """As the main button does it: the picture would show it black."""
    settings, strip = timeline.scene.rvm_matting, timeline.movie(clip)
    settings.result, settings.backdrop = "BACKDROP", str(movies.interlaced(tmp_path / "camcorder.mts"))
    timeline.select([strip])
    timeline.editor.active_strip = strip
    with timeline.shown(), pytest.raises(RuntimeError, match="backdrop: it is interlaced"):
        bpy.ops.rvm.preview_frame()


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


def test_nobody_looks_any_more(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """Live is off, or another job is watched: its worker is asked for no more pictures, whatever is set."""
    watcher, runner = timeline.addon.watcher, timeline.addon.runner.current()
    view = bpy.context.window_manager.rvm_view
    (job,), _ = timeline.submit(timeline.movie(clip))
    asked = job.folder / "view.json"
    runner.step()
    try:
        for _ in range(2):
            view.live = True
            watcher._tick()
            assert watcher.current().job is job and asked.is_file()
            view.live = False
            assert not asked.exists()
            view.wipe = 0.25
            assert not asked.exists()
        view.live = True
        watcher._tick()
        other = timeline.addon.job.Job(tmp_path / "other", job.spec)
        other.folder.mkdir()
        watcher.current().look_at(other)
        assert not asked.exists() and (other.folder / "view.json").is_file()
    finally:
        view.live = False
        view.property_unset("wipe")
        watcher.stop()
