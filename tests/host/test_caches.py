"""What is kept for changes is counted and cleared from the preferences: frames stay, running jobs lose nothing."""

import errno
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests import tiny
from tests.host.timeline import Timeline


@pytest.fixture
def strip(timeline: Timeline, tmp_path: Path) -> Any:
    """A movie of 60 frames."""
    return timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 60, fourcc="MJPG"))


def raws(job: Any) -> list[Path]:
    """Return the raw mattes that a job keeps."""
    return sorted((job.folder / "raw").glob("*.raw"))


def test_the_button_clears_what_the_jobs_keep(timeline: Timeline, strip: Any) -> None:
    """It is counted before and after; every frame stays, and the result can still be changed."""
    cache = timeline.addon.caches.current()
    timeline.press_button(strip)
    (job,) = timeline.addon.runner.current().queue.jobs
    timeline.scene.rvm_matting.output = ""  # the folder is remembered, whatever the project says now
    assert bpy.ops.rvm.measure_caches() == {"FINISHED"}
    assert len(raws(job)) == 60
    before = cache.bytes
    assert before >= sum(path.stat().st_size for path in raws(job)) > 0
    assert cache.state().endswith("MB")
    assert bpy.ops.rvm.clear_caches("EXEC_DEFAULT") == {"FINISHED"}
    assert (raws(job), cache.state()) == ([], "Nothing")
    assert len(list(job.output.iterdir())) == 60
    timeline.scene.rvm_matting.output = str(job.folder.parent)
    timeline.scene.rvm_matting.grow = 2
    timeline.select([timeline.result_of(strip)])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    assert timeline.addon.runner.current().queue.jobs[-1].frames_done == 60


def test_a_running_job_keeps_its_own(timeline: Timeline, tmp_path: Path) -> None:
    """Cleared in the middle of a job that uses an earlier one's: both are complete in the end."""
    clip = timeline.movie(tiny.barcode_movie(tmp_path / "long.mp4", 250, size=(1280, 720)))
    versions = timeline.addon.versions
    versions.set_right_handle(clip, 120)
    timeline.press_button(clip)
    (first,) = timeline.addon.runner.current().queue.jobs
    versions.set_right_handle(clip, 251)
    timeline.scene.rvm_matting.black = 0.2
    (second,), _ = timeline.submit(clip)
    assert second.spec.raws == (str(first.folder / "raw"),)
    timeline.drive(lambda: second.frames_done > 3)
    bpy.ops.rvm.clear_caches("EXEC_DEFAULT")
    timeline.drive(lambda: second.state.ended)
    assert (second.state.name, second.error) == ("DONE", "")
    assert (len(raws(first)), len(raws(second))) == (119, 131)


def test_a_folder_is_remembered_once(timeline: Timeline, strip: Any) -> None:
    """However often results go there; a file that cannot be read is begun anew."""
    known = timeline.addon.known
    for frame in (30, 40):
        timeline.addon.versions.set_right_handle(strip, frame)
        timeline.press_button(strip)
    results = Path(timeline.scene.rvm_matting.output)
    timeline.scene.rvm_matting.output = ""
    assert known.folders().count(results) == 1
    known._path().write_text("{")
    assert results not in known.folders()


def test_a_full_disk_costs_no_folder(timeline: Timeline, strip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results that wait are found by the list: it keeps what it has where there is no room for one more."""
    known = timeline.addon.known
    timeline.press_button(strip)
    before = known._path().read_text()
    write_bytes = Path.write_bytes

    def half(path: Path, data: bytes) -> int:
        write_bytes(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    monkeypatch.setattr(Path, "write_text", lambda path, text, **_: half(path, text.encode()))
    known.expect(timeline.folder / "elsewhere" / "clip")
    assert known._path().read_text() == before
    assert [path.name for path in known._path().parent.glob("results.json*")] == ["results.json"]
