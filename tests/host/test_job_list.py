"""The buttons of the job list: each does what it says, and refuses in words."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.waiting import wait


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A movie of 30 frames."""
    return tiny.barcode_movie(tmp_path / "clip.avi", 30, fourcc="MJPG")


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Three movies of 30 frames: strips of one file would share a job."""
    return [tiny.barcode_movie(tmp_path / f"clip {number}.avi", 30, fourcc="MJPG") for number in range(3)]


def test_a_failed_job_runs_again(timeline: Timeline, clip: Path) -> None:
    """Once the file is back, the same job makes the strip that the first one would have made."""
    strip = timeline.movie(clip)
    (job,), _ = timeline.submit(strip)
    clip.rename(clip.with_suffix(".away"))
    timeline.drive(lambda: job.state.ended)
    assert job.state.name == "FAILED"
    clip.with_suffix(".away").rename(clip)
    assert bpy.ops.rvm.retry_job(folder=str(job.folder)) == {"FINISHED"}
    (again,) = timeline.addon.runner.current().queue.jobs
    timeline.drive(lambda: again.state.ended)
    assert (again.state.name, again.folder) == ("DONE", job.folder)
    assert timeline.addon.versions.handles(timeline.result_of(strip)) == (1, 31)


@pytest.mark.parametrize("by_button", [True, False])
def test_what_goes_on_follows_the_preferences(
    timeline: Timeline, clip: Path, preferences: Any, by_button: bool
) -> None:
    """After “Choose another device”, or fewer threads, that is what the job has: the frames are the same."""
    preferences.threads = 3
    strip = timeline.movie(clip)
    (job,), _ = timeline.submit(strip)
    clip.rename(clip.with_suffix(".away"))
    timeline.drive(lambda: job.state.ended)
    clip.with_suffix(".away").rename(clip)
    preferences.threads, preferences.device, preferences.raw_gigabytes = 1, "CUDA", 0.0
    if by_button:
        timeline.submit(strip)
    else:
        bpy.ops.rvm.retry_job(folder=str(job.folder))
    (again,) = timeline.addon.runner.current().queue.jobs
    assert again.folder == job.folder
    assert (again.spec.threads, again.spec.device, again.spec.raw_limit) == (1, "cuda", 0)
    assert json.loads((job.folder / "job.json").read_text())["threads"] == 1
    timeline.finish()
    assert again.state.name == "DONE"


def test_what_was_stopped_begins_anew_in_another_folder(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """“Choose another output folder” is the remedy where a disk is full; in the old one, the job would fail again."""
    strip = timeline.movie(clip)
    (job,), _ = timeline.submit(strip)
    clip.rename(clip.with_suffix(".away"))
    timeline.drive(lambda: job.state.ended)
    clip.with_suffix(".away").rename(clip)
    assert job.state.name == "FAILED"
    timeline.scene.rvm_matting.output = str(tmp_path / "another disk")
    (again,), _ = timeline.submit(strip)
    assert again.folder.parent == tmp_path / "another disk"
    timeline.finish()
    result = timeline.result_of(strip)
    assert Path(os.path.normpath(bpy.path.abspath(result.directory))) == again.output


def test_a_job_that_goes_on_counts_once(timeline: Timeline, clips: list[Path]) -> None:
    """The bar of all jobs does not go back, as it would if there were one more."""
    runner = timeline.addon.runner.current()
    strips = [timeline.movie(clip, start=1 + 40 * number) for number, clip in enumerate(clips)]
    jobs, _ = timeline.submit(*strips)
    timeline.drive(lambda: jobs[0].frames_done > 2)
    bpy.ops.rvm.cancel_job(folder=str(jobs[0].folder))
    timeline.drive(lambda: jobs[0].state.ended)
    bpy.ops.rvm.retry_job(folder=str(jobs[0].folder))
    assert sorted(job.folder for job in runner.batch) == sorted(job.folder for job in jobs)
    timeline.finish()
    assert runner.progress == 1.0


def test_nobody_waits_for_a_dismissed_job(timeline: Timeline, clips: list[Path]) -> None:
    """Its strip will have no result that could lie above the other one's, so the user is told to move it."""
    below = timeline.movie(clips[0], channel=1)
    above = timeline.movie(clips[1], channel=2)
    (first, second), _ = timeline.submit(below, above)
    for job in (first, second) if first.spec.name == above.name else (second,):
        bpy.ops.rvm.cancel_job(folder=str(job.folder))
        timeline.drive(lambda job=job: job.state.ended)
        bpy.ops.rvm.dismiss_job(folder=str(job.folder))
    timeline.finish()
    (left,) = timeline.addon.runner.current().queue.jobs
    assert any(f"lies above “{above.name}”" in text for text in left.warnings)


def test_a_rendered_job_runs_again(timeline: Timeline) -> None:
    """What another Blender renders first is rendered again."""
    strip = timeline.addon.versions.new_colour_strip(timeline.strips, "blue", 1, 1, 6)
    (job,), _ = timeline.submit(strip)
    timeline.drive(lambda: job.frames_of_part[0] > 0)
    bpy.ops.rvm.cancel_job(folder=str(job.folder))
    timeline.drive(lambda: job.state.ended)
    bpy.ops.rvm.retry_job(folder=str(job.folder))
    (again,) = timeline.addon.runner.current().queue.jobs
    timeline.drive(lambda: again.state.ended)
    assert (again.state.name, again.error, again.frames_done) == ("DONE", "", 5)


@pytest.mark.parametrize("movie", [False, True])
def test_what_a_dismissed_job_has_rendered_is_deleted(timeline: Timeline, movie: bool) -> None:
    """Cancelled, it can go on, and keeps pictures and project; off the list, it keeps what frames it has, no more."""
    timeline.scene.rvm_matting.write_movie = movie
    strip = timeline.addon.versions.new_colour_strip(timeline.strips, "blue", 1, 1, 61)
    (job,), _ = timeline.submit(strip)
    rendered, project = job.folder / "rendered", job.folder / "project.blend"
    timeline.drive(lambda: job.matted if movie else job.frames_of_part[0] > 2)
    bpy.ops.rvm.cancel_job(folder=str(job.folder))
    timeline.drive(lambda: job.state.ended)
    assert job.state.name == ("DONE" if movie else "CANCELLED")
    assert project.is_file() and any(rendered.iterdir()) is not movie
    frames = list(job.output.glob("*"))
    bpy.ops.rvm.dismiss_job(folder=str(job.folder))
    assert not project.exists() and not rendered.exists()
    timeline.drive(lambda: not list(job.folder.glob(".*")))
    assert list(job.output.glob("*")) == frames
    assert len(frames) == (60 if movie else 0)


def test_a_result_is_found_under_another_name(timeline: Timeline, clip: Path) -> None:
    """Renamed and moved, it is still what shows the job's frames; deleted, the user reads where those are."""
    strip = timeline.movie(clip)
    timeline.press_button(strip)
    (job,) = timeline.addon.runner.current().queue.jobs
    result = timeline.result_of(strip)
    result.name, result.channel = "renamed", 9
    with timeline.shown():
        assert bpy.ops.rvm.select_result(folder=str(job.folder)) == {"FINISHED"}
    assert [one.name for one in timeline.strips if one.select] == ["renamed"]
    assert timeline.editor.active_strip == result
    timeline.strips.remove(result)
    with timeline.shown(), pytest.raises(RuntimeError, match="any more"):
        bpy.ops.rvm.select_result(folder=str(job.folder))


@pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="the sequencer always shows the active scene")
def test_a_result_is_asked_for_where_no_scene_is_shown(timeline: Timeline, clip: Path) -> None:
    """The list of jobs is there all the same."""
    timeline.press_button(timeline.movie(clip))
    (job,) = timeline.addon.runner.current().queue.jobs
    workspace = bpy.context.window.workspace
    workspace.sequencer_scene = None
    try:
        with timeline.shown(), pytest.raises(RuntimeError, match="shows no scene"):
            bpy.ops.rvm.select_result(folder=str(job.folder))
    finally:
        workspace.sequencer_scene = timeline.scene


def test_a_result_that_is_not_in_sight_is_named(timeline: Timeline, clip: Path) -> None:
    """Inside a meta strip that is closed, or outside one that is open, a selection would not be seen."""
    strip, later = timeline.movie(clip), timeline.movie(clip, start=100)
    timeline.press_button(strip)
    timeline.scene.rvm_matting.black = 0.2
    timeline.press_button(later)
    inner, outer = (str(job.folder) for job in timeline.addon.runner.current().queue.jobs)
    meta = timeline.meta([strip, timeline.result_of(strip)])
    timeline.select([later])
    with timeline.shown():
        with pytest.raises(RuntimeError, match=f"in the meta strip “{meta.name}”"):
            bpy.ops.rvm.select_result(folder=inner)
        assert [one.name for one in timeline.strips if one.select] == [later.name]
        timeline.editor.active_strip = meta
        meta.select = True
        bpy.ops.sequencer.meta_toggle()
        assert bpy.ops.rvm.select_result(folder=inner) == {"FINISHED"}
        with pytest.raises(RuntimeError, match="outside the meta strip"):
            bpy.ops.rvm.select_result(folder=outer)


def test_cancel_all_and_clear_finished(timeline: Timeline, clips: list[Path]) -> None:
    """One button stops what runs and what waits, the other empties the list; each is grey without need."""
    jobs, _ = timeline.submit(*(timeline.movie(clip, start=40 * number) for number, clip in enumerate(clips)))
    assert not bpy.ops.rvm.clear_ended_jobs.poll()
    timeline.drive(lambda: jobs[0].state.name == "RUNNING")
    assert bpy.ops.rvm.cancel_all_jobs() == {"FINISHED"}
    timeline.drive(lambda: all(job.state.ended for job in jobs))
    assert [job.state.name for job in jobs] == ["CANCELLED"] * 3
    assert not bpy.ops.rvm.cancel_all_jobs.poll()
    assert bpy.ops.rvm.clear_ended_jobs() == {"FINISHED"}
    assert timeline.addon.runner.current().queue.jobs == []


def test_cancel_all_leaves_what_has_ended(timeline: Timeline, clips: list[Path]) -> None:
    """A failed job is offered again by a later session, and a result that waits for its project still comes to it."""
    runner = timeline.addon.runner.current()
    jobs, _ = timeline.submit(*(timeline.movie(clip, start=40 * number) for number, clip in enumerate(clips)))
    running = jobs[-1]
    clips[1].rename(clips[1].with_suffix(".away"))
    runner.forget_placements()  # another file was opened
    timeline.drive(lambda: running.frames_done > 0)
    assert [job.state.name for job in jobs] == ["DONE", "FAILED", "RUNNING"]
    assert bpy.ops.rvm.cancel_all_jobs() == {"FINISHED"}
    timeline.drive(lambda: running.state.ended)
    noted = [(job.folder / timeline.addon.unfinished.PLACES_FILE).is_file() for job in jobs]
    assert noted == [True, True, False]


def test_a_result_that_waits_for_a_render_stays_its_projects(
    timeline: Timeline, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file is opened before it is put on its timeline, and saved: what is to come is not that file's."""
    runner = timeline.addon.runner.current()
    (job,), _ = timeline.submit(timeline.movie(clip))
    note = job.folder / timeline.addon.unfinished.PLACES_FILE
    (told,) = json.loads(note.read_text())
    note.write_text(json.dumps([told | {"project": "/first.blend"}]))
    app = SimpleNamespace(background=True, is_job_running=lambda _: True)
    with monkeypatch.context() as patch:
        patch.setattr(timeline.addon.arrivals, "bpy", SimpleNamespace(app=app))
        timeline.drive(lambda: job.state.ended)
        runner.forget_placements()
    runner.step()
    runner.follow_project()
    (told,) = json.loads(note.read_text())
    assert (told["project"], [place["strip"] for place in told["places"]]) == ("/first.blend", ["clip.avi"])
    assert not runner.busy


def test_a_save_looks_only_where_something_is_to_come(timeline: Timeline, clips: list[Path]) -> None:
    """Not into the folders of all jobs of a long session: one whose result is there is left alone."""
    runner = timeline.addon.runner.current()
    timeline.scene.rvm_matting.write_movie, timeline.scene.rvm_matting.movie_format = True, "FFV1"
    (with_movie,), _ = timeline.submit(timeline.movie(clips[0], channel=1))
    timeline.scene.rvm_matting.write_movie = False
    (alone,), _ = timeline.submit(timeline.movie(clips[1], channel=3))
    (waits,), _ = timeline.submit(timeline.movie(clips[2], channel=5))
    timeline.drive(lambda: with_movie.state.ended and alone.state.ended)
    notes = [job.folder / timeline.addon.unfinished.PLACES_FILE for job in (with_movie, alone, waits)]
    assert [note.exists() for note in notes] == [False, False, True]
    (told,) = json.loads(notes[2].read_text())
    for note in notes:
        note.write_text(json.dumps([{**told, "project": "/former name.blend"}]))
    runner._pending._project = "/former name.blend"
    runner.follow_project()
    projects = [json.loads(note.read_text())[0]["project"] for note in notes]
    here = bpy.data.filepath  # empty where no test before this one has saved its project
    assert projects == ["/former name.blend", "/former name.blend", here]


def test_what_another_project_waits_for_is_not_cancelled_here(timeline: Timeline, clip: Path) -> None:
    """Only this project's note goes, also where Cancel is pressed again, or the job is taken off the list."""
    (job,), _ = timeline.submit(timeline.movie(clip))
    note = job.folder / timeline.addon.unfinished.PLACES_FILE
    (own,) = json.loads(note.read_text())
    others = {**own, "project": "/another.blend"}
    note.write_text(json.dumps([own, others]))
    runner = timeline.addon.runner.current()
    for _ in range(2):
        runner.cancel(job)
        assert json.loads(note.read_text()) == [others]
    timeline.drive(lambda: job.state.ended)
    runner.dismiss(job)
    assert json.loads(note.read_text()) == [others]


def test_a_cancelled_job_keeps_its_frames(timeline: Timeline, clip: Path) -> None:
    """Unless the preferences say otherwise."""
    (job,), _ = timeline.submit(timeline.movie(clip))
    timeline.drive(lambda: job.frames_done > 0)
    bpy.ops.rvm.cancel_job(folder=str(job.folder))
    timeline.drive(lambda: job.state.ended)
    assert len(list(job.output.iterdir())) >= job.frames_done > 0


def test_frames_of_cancelled_jobs_can_be_deleted(timeline: Timeline, clips: list[Path], preferences: Any) -> None:
    """Then nothing is left of the job, in the list either; those of finished jobs stay."""
    preferences.discard_cancelled = True
    (done, doomed), _ = timeline.submit(*map(timeline.movie, clips[:2], (1, 2)))
    timeline.drive(lambda: doomed.state.name == "RUNNING")
    bpy.ops.rvm.cancel_job(folder=str(doomed.folder))
    timeline.drive(lambda: doomed.state.ended)
    assert timeline.addon.runner.current().queue.jobs == [done]
    timeline.drive(lambda: [path.name for path in done.folder.parent.iterdir()] == [done.folder.name])
    assert len(list(done.output.iterdir())) == 30


def test_cancel_all_deletes_what_waits_too(timeline: Timeline, preferences: Any) -> None:
    """What is rendered first has a copy of the project, what goes on has frames: nothing is left of either."""
    first, second = (
        tiny.barcode_movie(timeline.folder / f"{name}.avi", 200, fourcc="MJPG", size=(1280, 640)) for name in "ab"
    )
    (stopped,), _ = timeline.submit(timeline.movie(first))
    timeline.drive(lambda: stopped.frames_done > 0)
    bpy.ops.rvm.cancel_job(folder=str(stopped.folder))
    timeline.drive(lambda: stopped.state.ended)
    preferences.discard_cancelled = True
    (running,), _ = timeline.submit(timeline.movie(second, channel=3))
    colours = [
        timeline.addon.versions.new_colour_strip(timeline.strips, "blue", 5, start, start + 5) for start in (1, 9)
    ]
    waiting, _ = timeline.submit(*colours)
    bpy.ops.rvm.retry_job(folder=str(stopped.folder))
    timeline.drive(lambda: running.frames_done > 0)
    assert all((job.folder / "project.blend").is_file() for job in waiting)
    assert list(stopped.output.iterdir())
    assert bpy.ops.rvm.cancel_all_jobs() == {"FINISHED"}
    timeline.drive(lambda: running.state.ended)
    assert timeline.addon.runner.current().queue.jobs == []
    timeline.drive(lambda: not list(running.folder.parent.iterdir()))


def test_what_another_blender_works_on_is_not_deleted(timeline: Timeline, clip: Path, preferences: Any) -> None:
    """Cancelled while it waits here: the folder is the other one's."""
    preferences.discard_cancelled = True
    (job,), _ = timeline.submit(timeline.movie(clip))
    with timeline.addon.locks.held(job.folder) as free:
        assert free
        bpy.ops.rvm.cancel_job(folder=str(job.folder))
    assert job.state.name == "CANCELLED" and (job.folder / "job.json").is_file()


def test_the_whole_is_told_in_frames(timeline: Timeline, clips: list[Path]) -> None:
    """Over all jobs since the queue was idle last: it grows, and a new batch begins at nothing."""
    runner = timeline.addon.runner.current()
    long, short = map(timeline.movie, clips[:2], (1, 2))
    timeline.addon.versions.set_right_handle(short, 11)
    timeline.submit(long, short)
    told = [runner.progress]

    def step() -> None:
        runner.step()
        told.append(runner.progress)

    wait(lambda: not runner.busy, step)
    assert told == sorted(told) and (told[0], told[-1]) == (0.0, 1.0)
    assert 0.75 in told, "one job of thirty frames is done, and one of ten has not begun"
    timeline.submit(timeline.movie(clips[2], channel=3))
    assert (runner.progress, len(runner.batch)) == (0.0, 1)


def test_preferences_reach_the_job(timeline: Timeline, clips: list[Path], preferences: Any, tmp_path: Path) -> None:
    """Folder, model and threads; a folder of the project's own comes first."""
    model = tmp_path / "mine.onnx"
    preferences.model, preferences.model_file, preferences.threads = "FILE", str(model), 3
    preferences.output_place, preferences.output_folder = "FOLDER", str(tmp_path / "everywhere")
    (own,), _ = timeline.submit(timeline.movie(clips[0]))
    timeline.scene.rvm_matting.output = ""
    (general,), _ = timeline.submit(timeline.movie(clips[1], channel=2))
    assert (general.spec.model, general.spec.threads) == (str(model), 3)
    assert general.folder.parent == tmp_path / "everywhere"
    assert own.folder.parent == tmp_path / "results"


def test_a_press_has_one_model(timeline: Timeline, clips: list[Path], preferences: Any, passthrough: Path) -> None:
    """Replaced while strips are described: what the job asks for is the file that was there at the button."""
    preferences.model, preferences.model_file = "FILE", str(timeline.folder / "mine.onnx")
    model = Path(preferences.model_file)
    model.write_bytes(passthrough.read_bytes())
    settings = timeline.addon.properties.snapshot(timeline.scene)
    before = model.stat()
    tiny.counting_model(model)
    spec, place = timeline.addon.strips.job_spec(timeline.scene, timeline.movie(clips[0]), settings)
    job = timeline.addon.runner.current().submit(spec, timeline.folder / "job", place)
    assert job.spec.model_stamp == f"{before.st_size} {before.st_mtime_ns}"
