"""Many strips at once, what is refused at the press, and what keeps the timer going; the tick is called by hand."""

import json
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.unprivileged import as_anybody, closed


def test_five_strips_at_once(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """One file goes missing while it waits, one job is cancelled; the other three become strips, in order."""
    doomed = tiny.barcode_movie(tmp_path / "doomed.avi", 30, fourcc="MJPG")
    paths = [clips[0], clips[1], doomed, clips[3], clips[4]]
    strips = [timeline.movie(path, channel=1, start=1 + 40 * index) for index, path in enumerate(paths)]
    jobs, problems = timeline.submit(*strips)
    assert (len(jobs), problems) == (5, [])
    doomed.unlink()
    timeline.drive(lambda: jobs[0].frames_done > 0)
    assert bpy.ops.rvm.cancel_job(folder=str(jobs[1].folder)) == {"FINISHED"}
    timeline.finish()
    assert [job.state.name for job in jobs] == ["DONE", "CANCELLED", "FAILED", "DONE", "DONE"]
    assert "doomed.avi" in jobs[2].error and jobs[2].remedy
    results = sorted(strip.name for strip in timeline.strips if strip.name.endswith(" matte"))
    assert results == ["clip 0.avi matte", "clip 3.avi matte", "clip 4.avi matte"]
    assert [strip.mute for strip in strips] == [True, False, False, True, True]


def test_the_last_word_is_on_what_was_refused(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender shows the last report of an operator only: in a window, that of six strips one has a problem."""
    gone = tiny.barcode_movie(tmp_path / "gone.avi", 9, fourcc="MJPG")
    strips = [timeline.movie(clips[0]), timeline.movie(gone, start=100)]
    gone.unlink()
    told: list[tuple[set[str], str]] = []
    window = SimpleNamespace(app=SimpleNamespace(background=False))
    monkeypatch.setattr(addon.operators, "bpy", window)
    monkeypatch.setattr(addon.operators, "driver", SimpleNamespace(start_timer=lambda: None))
    operator = SimpleNamespace(report=lambda kind, text: told.append((kind, text)))
    assert addon.operators.go(operator, *timeline.submit(*strips)) == {"FINISHED"}
    (first, _), (last, text) = told
    assert (first, last) == ({"INFO"}, {"WARNING"}) and "gone.avi" in text


def test_the_status_bar_tells_the_time_for_all_jobs(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace
) -> None:
    """Not that of the job which runs, with four more to come."""
    jobs, _ = timeline.submit(*(timeline.movie(path, start=1 + 40 * index) for index, path in enumerate(clips)))
    timeline.drive(lambda: jobs[0].part_per_second > 0)
    rest = sum(job.frames_total - job.frames_done for job in jobs) / jobs[0].part_per_second
    assert addon.words.overall(jobs) == f"Matting · 1 of 5 · {addon.words.about(rest)} left"


def test_the_status_bar_tells_no_time_that_is_not_known(timeline: Timeline, clips: list[Path]) -> None:
    """Neither rendering nor encoding goes at the speed of matting."""
    timeline.scene.rvm_matting.write_movie = True
    jobs, _ = timeline.submit(timeline.movie(clips[0]), timeline.movie(clips[1], start=41))
    timeline.drive(lambda: jobs[0].part_per_second > 0)
    assert timeline.addon.words.overall(jobs) == "Matting · 1 of 2"


def test_strips_that_cannot_be_matted_are_named(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """A missing file is told, and the good strips go on."""
    gone = tiny.barcode_movie(tmp_path / "gone.avi", 9, fourcc="MJPG")
    good, missing = timeline.movie(clips[0]), timeline.movie(gone, start=50)
    gone.unlink()
    jobs, problems = timeline.submit(good, missing)
    assert [job.spec.name for job in jobs] == ["clip 0.avi"]
    assert len(problems) == 1
    assert "gone.avi" in problems[0] and "not found" in problems[0]


def test_a_worker_loads_while_the_press_is_busy(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, tmp_path: Path
) -> None:
    """The job that comes of it is that worker's; where none comes, nothing is left running."""
    gone = tiny.barcode_movie(tmp_path / "gone.avi", 9, fourcc="MJPG")
    good, missing = timeline.movie(clips[0]), timeline.movie(gone, start=50)
    gone.unlink()
    queue = addon.runner.current().queue
    assert timeline.submit(missing)[0] == []
    assert queue._waiting is None
    (job,), _ = timeline.submit(good)
    waiting = queue._waiting._process
    timeline.drive(lambda: job.frames_done > 0)
    assert queue._process._process is waiting
    timeline.finish()
    assert (job.state.name, queue._waiting) == ("DONE", None)


def test_what_may_not_be_looked_into_is_not_found(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """A movie and pictures in a folder that somebody closed meanwhile; the good strip goes on."""
    with closed(tmp_path / "closed") as folder:
        folder.chmod(0o700)
        movie = timeline.movie(tiny.barcode_movie(folder / "shut.avi", 9, fourcc="MJPG"), start=50)
        pictures = timeline.pictures(tiny.barcode_pictures(folder, [1, 2]), start=100)
        folder.chmod(0)
        with as_anybody():
            jobs, problems = timeline.submit(timeline.movie(clips[0]), movie, pictures)
    assert [job.spec.name for job in jobs] == ["clip 0.avi"]
    assert len(problems) == 2 and all("not found" in said for said in problems)


def test_nothing_to_matte_is_an_error(timeline: Timeline, tmp_path: Path) -> None:
    """Without a strip that can be matted the button says so; without a selection it is grey."""
    gone = tiny.barcode_movie(tmp_path / "gone.avi", 9, fourcc="MJPG")
    missing = timeline.movie(gone)
    gone.unlink()
    with pytest.raises(RuntimeError, match="not found"):
        timeline.press_button(missing)
    timeline.select([])
    with timeline.shown():
        assert not bpy.ops.rvm.matte_strips.poll()


def test_a_refused_press_leaves_nothing_behind(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Over a picture that was not chosen: no folder, and no copy of the project, is left of any strip."""
    timeline.scene.rvm_matting.result = "BACKDROP"
    colour = addon.versions.new_colour_strip(timeline.strips, "blue", 3, 1, 6)
    with pytest.raises(RuntimeError, match="picture or movie"):
        timeline.press_button(timeline.movie(clips[0]), colour)
    assert not (timeline.folder / "results").exists()


def test_a_result_is_not_matted_again(timeline: Timeline, clips: list[Path]) -> None:
    """Selected along with its source it is left alone; alone, it is said to be a result."""
    strip = timeline.movie(clips[0])
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    jobs, problems = timeline.submit(strip, result)
    timeline.finish()
    assert (len(jobs), problems) == (1, [])
    jobs, problems = timeline.submit(result)
    assert jobs == []
    assert "matted strip already" in problems[0]


def test_pictures_beside_another_programs_job_are_no_result(timeline: Timeline, tmp_path: Path) -> None:
    """Render managers, too, lay a `job.json` beside the folder of a shot's pictures."""
    strip = timeline.pictures(tiny.barcode_pictures(tmp_path / "shot_010" / "plates", range(3)))
    (tmp_path / "shot_010" / "job.json").write_text('{"name": "shot_010", "frames": [1, 200]}')
    timeline.press_button(strip)
    assert [a == b for _, a, b in timeline.compare(strip)] == [True] * 3


@pytest.mark.parametrize(
    "chosen", ["", "renders", "//renders/deeper", "//", "//../renders", "//renders\\deeper", "~no user/renders"]
)
def test_a_relative_folder_lies_beside_the_project(timeline: Timeline, tmp_path: Path, chosen: str) -> None:
    """With or without the leading //; never in whatever folder Blender was started from.

    One that only looks like somebody's home is a folder like any other.
    """
    project = tmp_path / "Projekt Ü 人"
    project.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(project / "cut.blend"))
    folder = timeline.addon.properties.output_folder(chosen)
    written = chosen.removeprefix("//").replace("\\", "/")  # on Windows, Blender writes it the other way
    assert folder == (tmp_path / "renders" if ".." in chosen else project / written)


def test_settings_are_frozen_when_the_button_is_pressed(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace
) -> None:
    """What is changed afterwards counts for the next job."""
    strip = timeline.movie(clips[0])
    (job,), _ = timeline.submit(strip)
    timeline.scene.rvm_matting.result = "COLOUR"
    timeline.scene.rvm_matting.keep_source = True
    timeline.finish()
    assert job.spec.look.result == addon.outputs.Result.CUTOUT
    assert strip.mute


def test_quality_chooses_how_closely_the_model_looks(timeline: Timeline, clips: list[Path]) -> None:
    """Draft, standard, fine and a ratio of one's own reach the job."""
    strip = timeline.movie(clips[0])
    told = []
    for quality in ("DRAFT", "STANDARD", "FINE", "RATIO"):
        timeline.scene.rvm_matting.quality = quality
        timeline.scene.rvm_matting.ratio = 0.5
        (job,), _ = timeline.submit(strip)
        told.append((job.spec.working_side, job.spec.ratio))
    assert told == [(256, None), (512, None), (1024, None), (512, 0.5)]


def test_a_folder_that_cannot_be_written_is_told_at_once(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """Before any work, with the folder's name."""
    (tmp_path / "in the way").touch()
    timeline.scene.rvm_matting.output = str(tmp_path / "in the way")
    jobs, problems = timeline.submit(timeline.movie(clips[0]))
    assert jobs == []
    assert "in the way" in problems[0]


def test_a_damaged_model_never_runs(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Half a file of weights ends the job with a sentence; no frame is made."""
    model = addon.folder / "weights" / "tiny.onnx"
    content = model.read_bytes()
    try:
        model.write_bytes(content[:-10])
        (job,), _ = timeline.submit(timeline.movie(clips[0]))
        timeline.finish()
    finally:
        model.write_bytes(content)
    assert job.state.name == "FAILED"
    assert "damaged" in job.error and "tiny.onnx" in job.error
    assert not job.output.exists()


def test_the_timer_survives_a_bug(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender drops a timer that raises: the other jobs would wait for ever."""
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    with monkeypatch.context() as broken:
        broken.setattr(addon.driver, "redraw", lambda: 1 / 0)
        assert addon.driver._tick() == addon.timers.AFTER_A_BUG_SECONDS
    timeline.finish()
    assert job.state.name == "DONE"


@pytest.mark.parametrize("module", ["caches", "self_test"])
def test_the_preferences_timers_survive_a_bug(
    addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """What they look after would never be seen to end."""
    monkeypatch.setattr(addon.preferences, "redraw", lambda: 1 / 0)
    assert getattr(addon, module)._tick() == addon.timers.AFTER_A_BUG_SECONDS


def test_a_bug_in_what_is_recalled_is_logged(
    addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once: Blender would tell nobody but a console that is not there."""
    monkeypatch.setattr(addon.unfinished, "of_this_project", lambda: 1 / 0)
    assert addon.driver._look() is None
    assert "ZeroDivisionError" in caplog.text


def test_another_file_keeps_its_timeline(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Opening another file while a job runs: its frames are made, no strip appears there, and the user is told.

    Not even where it has the same strip: a copy of the project in which the button was pressed.
    """
    strip = timeline.movie(clips[0])
    (job,), _ = timeline.submit(strip)
    note = job.folder / addon.unfinished.PLACES_FILE
    (told,) = json.loads(note.read_text())
    note.write_text(json.dumps([told | {"project": "/the/first.blend"}]))
    addon.driver._file_opened("")
    timeline.finish()
    assert job.state.name == "DONE"
    assert f"Another file was opened; the frames go to “{job.output}”" in job.warnings
    assert [one.name for one in timeline.strips] == [strip.name]
    assert not strip.mute


def test_ended_jobs_leave_the_list(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """The list's cross takes a job off, and tells of one that is not there."""
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    timeline.finish()
    assert bpy.ops.rvm.dismiss_job(folder=str(job.folder)) == {"FINISHED"}
    assert addon.runner.current().queue.jobs == []
    assert bpy.ops.rvm.cancel_job(folder=str(job.folder)) == {"CANCELLED"}


def test_operator_search_finds_the_button(addon: SimpleNamespace) -> None:
    """Search looks through menus: the operator stands in the Strip menu and in the context menu."""
    for name in ("SEQUENCER_MT_strip", "SEQUENCER_MT_context_menu"):
        assert addon.operators._draw_menu in getattr(bpy.types, name)._dyn_ui_initialize()


def test_disabling_the_extension_takes_everything_back(timeline: Timeline, clips: list[Path]) -> None:
    """A running worker ends, and menus, settings and operators are gone; enabling brings them back."""
    addon = timeline.addon
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    addon.runner.current().step()
    package = addon.runner.__name__.removesuffix(".host.session.runner")
    bpy.ops.preferences.addon_disable(module=package)
    try:
        assert job.state.ended
        assert not hasattr(timeline.scene, "rvm_matting")
        assert addon.operators._draw_menu not in bpy.types.SEQUENCER_MT_strip._dyn_ui_initialize()
    finally:
        bpy.ops.preferences.addon_enable(module=package)
    assert hasattr(timeline.scene, "rvm_matting")
