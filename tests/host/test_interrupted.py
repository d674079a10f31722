"""The plug is pulled half way: the next session offers to go on, and the frames are those of one run."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import pytest

from rvm_addon.engine.contract import locks
from rvm_addon.engine.stages import LOOKS_AHEAD
from tests import tiny
from tests.host.conftest import set_model
from tests.waiting import PATIENCE_SECONDS, wait

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 200


@pytest.fixture
def counting_byte_by_byte(addon: SimpleNamespace, passthrough: Path, tmp_path: Path) -> Any:
    """The extension's model: the n-th frame has the alpha n / 255, so that a lost memory is seen at once."""
    set_model(addon, tiny.counting_model(tmp_path / "counting.onnx", step=1 / 255))
    yield
    set_model(addon, passthrough)


@dataclass
class Sessions:
    """Blenders one after another on one project."""

    project: Path
    results: Path
    clip: Path

    def start(self, what: str, last: str = "") -> subprocess.Popen[str]:
        """Start a session; its lines can be read."""
        return subprocess.Popen(self._command(what, last), **self._process)

    def run(self, what: str, last: str = "") -> list[dict[str, Any]]:
        """Run a session to its end, and return what it told."""
        ended = subprocess.run(self._command(what, last), timeout=PATIENCE_SECONDS, check=False, **self._process)
        assert ended.returncode == 0, ended.stdout
        return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]

    def _command(self, what: str, last: str) -> list[str]:
        """Return the command line of a session."""
        arguments = (what, self.project, self.results, last or self.clip)
        return [sys.executable, "-m", "tests.host.session", *map(str, arguments)]

    @property
    def _process(self) -> dict[str, Any]:
        """How a session is started."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return {"stdout": subprocess.PIPE, "env": environment, "cwd": ROOT, "text": True}


@pytest.fixture
def sessions(addon: SimpleNamespace, tmp_path: Path) -> Sessions:  # noqa: ARG001  # installed for all sessions
    """Sessions on a project with one movie strip of 200 frames, large enough to be interrupted."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", FRAMES, fourcc="MJPG", size=(1280, 640))
    return Sessions(tmp_path / "edit.blend", tmp_path / "results", clip)


def pull_the_plug(sessions: Sessions) -> Path:
    """Begin a job, kill Blender and worker dead in the middle of it, and return the job's folder."""
    with sessions.start("begin") as process:
        assert process.stdout is not None
        told = json.loads(next(line for line in process.stdout if line.startswith("{")))
        for victim in (process.pid, told["worker"]):
            with contextlib.suppress(ProcessLookupError):  # the worker may have seen its parent's end first
                os.kill(victim, signal.SIGKILL)
    wait(lambda: not Path(f"/proc/{told['worker']}").exists())
    return Path(told["folder"])


def written(folder: Path) -> dict[str, int]:
    """Return when each frame of a job was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "frames").iterdir()}


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="whether a killed process is gone is read from /proc")
@pytest.mark.usefixtures("counting_byte_by_byte")
@pytest.mark.parametrize("how", ["continue", "button"])
def test_the_job_goes_on_after_a_restart(sessions: Sessions, how: str) -> None:
    """By its own button or by the main one: no frame that stands is written again, and all are as in one run."""
    folder = pull_the_plug(sessions)
    before = written(folder)
    assert 60 <= len(before) < FRAMES
    opened, ended = sessions.run("go_on", how)
    assert opened["strips"] == ["clip"]
    (job,) = opened["jobs"]
    assert (job["state"], job["frames"]) == ("INTERRUPTED", len(before))
    assert job["said"] == f"Interrupted, {len(before)} of {FRAMES} frames"
    (job,) = ended["jobs"]
    assert (job["state"], job["frames"]) == ("DONE", FRAMES)
    assert ended["strips"] == ["clip", "clip matte"]
    assert [path.name for path in sessions.results.iterdir()] == [folder.name], "it went on in the same folder"
    assert before.items() <= written(folder).items()
    for number, path in enumerate(sorted((folder / "frames").iterdir())):
        counted = number + LOOKS_AHEAD
        assert (cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3] == counted).all(), f"frame {number}"
    assert sessions.run("look") == [{"jobs": [], "strips": ["clip", "clip matte"]}]


@pytest.mark.usefixtures("addon")
def test_a_job_that_waits_in_another_blender_is_not_interrupted(sessions: Sessions) -> None:
    """The project is open there, too, and the job will be made there; only if that Blender dies, it can go on here."""
    with sessions.start("wait_in_queue") as other:
        try:
            assert other.stdout is not None
            assert json.loads(next(line for line in other.stdout if line.startswith("{"))) == {"state": "QUEUED"}
            assert sessions.run("look") == [{"jobs": [], "strips": ["clip"]}]
        finally:
            other.kill()
    (opened,) = sessions.run("look")
    assert [job["state"] for job in opened["jobs"]] == ["INTERRUPTED"]


@pytest.mark.usefixtures("addon")
def test_a_result_waits_for_its_project(sessions: Sessions) -> None:
    """While a copy is open, nothing appears there, and the panel says where the frames are; back, the strip appears."""
    running, done, back = sessions.run("away")
    for told in (running, done):
        assert any("Another file was opened" in text and "frames go to" in text for text in told["jobs"][0]["warnings"])
    assert done["jobs"][0]["state"] == "DONE"
    assert done["strips"] == ["clip"]
    assert back["strips"] == ["clip", "clip matte"]
    assert not [text for text in back["jobs"][0]["warnings"] if "Another file" in text]
    assert sessions.run("look")[0]["jobs"] == []


@pytest.mark.usefixtures("addon")
def test_two_projects_wait_for_the_same_frames(sessions: Sessions) -> None:
    """Asked for in both while they were made, each gets its strip."""
    pressed, other, first = sessions.run("shared")
    assert pressed == {"same": True}
    assert (other["strips"], first["strips"]) == (["clip", "clip matte"],) * 2
    assert sessions.run("look") == [{"jobs": [], "strips": ["clip"]}], "the project was not saved"


@pytest.mark.usefixtures("addon")
def test_a_result_waits_for_a_later_session(sessions: Sessions) -> None:
    """Blender was closed before its project was open again: there the strip appears, once; not in a copy.

    A Blender without window, such as one that renders the project, has nothing to do with it.
    """
    (closed,) = sessions.run("left")
    assert (closed["jobs"][0]["state"], closed["strips"]) == ("DONE", ["clip"])
    assert sessions.run("look_without_window") == [{"jobs": [], "strips": ["clip"]}]
    copy = replace(sessions, project=sessions.project.with_stem("other"))
    (there,) = copy.run("look")
    assert (there["jobs"][0]["state"], there["strips"]) == ("INTERRUPTED", ["clip"])
    (opened,) = sessions.run("come")
    assert [job["state"] for job in opened["jobs"]] == ["DONE"]
    assert opened["strips"] == ["clip", "clip matte"]
    assert sessions.run("come") == [{"jobs": [], "strips": ["clip", "clip matte"]}]


@pytest.mark.usefixtures("addon")
def test_a_movie_is_written_by_a_later_session(sessions: Sessions) -> None:
    """Blender was closed while it was written: Continue makes it, and no second strip appears."""
    (closed,) = sessions.run("writing")
    assert closed["strips"] == ["clip", "clip matte"]
    wait(lambda: not locks.is_held(Path(closed["folder"])))  # it ends with its parent
    opened, ended = sessions.run("come", "continue")
    (job,) = opened["jobs"]
    assert (job["state"], job["movies"]) == ("DONE", [])
    assert "The movie has not been written yet; the frames are there" in job["warnings"]
    (job,) = ended["jobs"]
    assert (job["state"], job["movies"]) == ("DONE", ["clip.mkv"])
    assert opened["strips"] == ended["strips"] == ["clip", "clip matte"]
    assert sessions.run("look") == [{"jobs": [], "strips": ["clip", "clip matte"]}]


@pytest.mark.usefixtures("addon")
def test_a_movie_that_was_written_is_not_written_again(sessions: Sessions) -> None:
    """Blender was closed while the next one was written: only that one is left."""
    (closed,) = sessions.run("writing_two")
    assert closed["movies"] == ["clip.mkv"]
    wait(lambda: not locks.is_held(Path(closed["folder"])))
    _, ended = sessions.run("come", "continue")
    assert [job["movies"] for job in ended["jobs"]] == [["other.mkv"]]
    assert sorted(path.name for path in Path(closed["folder"]).glob("*.mkv")) == ["clip.mkv", "other.mkv"]
    assert sessions.run("look")[0]["jobs"] == []


@pytest.mark.usefixtures("addon")
def test_two_projects_get_their_movies(sessions: Sessions) -> None:
    """Of the same frames, and Continue was pressed in the second first: the first one's order is left alone."""
    (closed,) = sessions.run("shared_movies")
    assert closed["same"]
    wait(lambda: not locks.is_held(Path(closed["folder"])))
    second = replace(sessions, project=sessions.project.with_stem("other"))
    for each in (second, sessions):
        _, ended = each.run("come", "continue")
        assert [len(job["movies"]) for job in ended["jobs"]] == [1]
        assert ended["strips"] == ["clip", "clip matte"]
    assert len(list(Path(closed["folder"]).glob("*.mkv"))) == 2
    assert [each.run("look")[0]["jobs"] for each in (second, sessions)] == [[], []]


@pytest.mark.usefixtures("addon")
def test_a_movie_stays_owed_where_its_frames_were_made_elsewhere(sessions: Sessions) -> None:
    """Continue was pressed while another project was open: back in its own, the movie can still be written."""
    (closed,) = sessions.run("shared_movies")
    wait(lambda: not locks.is_held(Path(closed["folder"])))
    elsewhere, back, ended = sessions.run("continued_elsewhere")
    assert [(job["state"], job["movies"]) for job in elsewhere["jobs"]] == [("DONE", [])]
    (job,) = back["jobs"]
    assert "The movie has not been written yet; the frames are there" in job["warnings"]
    assert [job["movies"] for job in ended["jobs"]] == [["clip.mkv"]]
    assert back["strips"] == ended["strips"] == ["clip", "clip matte"]


@pytest.mark.usefixtures("addon")
def test_a_movie_comes_with_the_frames_that_were_begun_elsewhere(sessions: Sessions) -> None:
    """Continue was pressed while another project was open, and the job's own was opened before the frames stood."""
    (closed,) = sessions.run("shared_movies")
    wait(lambda: not locks.is_held(Path(closed["folder"])))
    _, back = sessions.run("continued_elsewhere", "early")
    assert [job["movies"] for job in back["jobs"]] == [["clip.mkv"]]
    assert back["strips"] == ["clip", "clip matte"]


@pytest.mark.usefixtures("addon")
def test_a_job_cancelled_in_one_project_keeps_what_another_waits_for(sessions: Sessions) -> None:
    """Also where the frames of cancelled jobs are deleted."""
    assert sessions.run("cancelled_elsewhere") == [{"state": "CANCELLED", "there": True}]
    assert [job["state"] for job in sessions.run("look")[0]["jobs"]] == ["INTERRUPTED"]


def waiting_for(folder: str) -> list[str]:
    """Return the names of the projects that a job's folder notes."""
    notes = Path(folder, "places.json")
    return sorted(Path(one["project"]).stem for one in json.loads(notes.read_text())) if notes.exists() else []


@pytest.mark.usefixtures("addon")
def test_a_renamed_project_gets_its_result_once(sessions: Sessions) -> None:
    """What was noted under its old name is noted under the new one, and what another project waits for stays."""
    (closed,) = sessions.run("shared_movies")
    wait(lambda: not locks.is_held(Path(closed["folder"])))
    assert waiting_for(closed["folder"]) == ["edit", "other"]
    renamed = replace(sessions, project=sessions.project.with_stem("renamed"))
    sessions.project.rename(renamed.project)
    _, ended = renamed.run("go_on", "continue")
    assert ended["strips"] == ["clip", "clip matte"]
    assert waiting_for(closed["folder"]) == ["other"]
    assert renamed.run("look") == [{"jobs": [], "strips": ["clip", "clip matte"]}]


@pytest.mark.usefixtures("addon")
@pytest.mark.parametrize("moved", [True, False])
def test_a_job_is_dismissed_under_another_name(sessions: Sessions, moved: bool) -> None:
    """A project that was moved waits no more; what the original of a copy waits for is not the copy's to dismiss."""
    (closed,) = sessions.run("shared_movies")
    wait(lambda: not locks.is_held(Path(closed["folder"])))
    new = replace(sessions, project=sessions.project.with_stem("new"))
    if moved:
        sessions.project.rename(new.project)
        notes = Path(closed["folder"], "places.json")
        notes.write_text(json.dumps(json.loads(notes.read_text())[::-1]))
    else:
        shutil.copy(sessions.project, new.project)
    assert new.run("left_dismissed") == [{"jobs": []}]
    assert waiting_for(closed["folder"]) == (["other"] if moved else ["edit", "other"])


@pytest.mark.usefixtures("addon")
def test_a_copy_of_a_project_gets_its_result_once(sessions: Sessions) -> None:
    """It is not offered again because the original waits; that gets its own."""
    (closed,) = sessions.run("shared_movies")
    wait(lambda: not locks.is_held(Path(closed["folder"])))
    copy = replace(sessions, project=sessions.project.with_stem("copy"))
    shutil.copy(sessions.project, copy.project)
    _, ended = copy.run("go_on", "continue")
    assert ended["strips"] == ["clip", "clip matte"]
    assert copy.run("look") == [{"jobs": [], "strips": ["clip", "clip matte"]}]
    assert waiting_for(closed["folder"]) == ["edit", "other"]


@pytest.mark.usefixtures("addon")
def test_a_result_finds_its_project_under_another_name(sessions: Sessions) -> None:
    """Saved in another folder meanwhile, with another folder for what comes next: the strip appears all the same."""
    (opened,) = sessions.run("moved")
    assert [job["state"] for job in opened["jobs"]] == ["DONE"]
    assert opened["strips"] == ["clip", "clip matte"]


def test_disabling_the_extension_interrupts(sessions: Sessions) -> None:
    """Its worker is gone at once; enabled again, the list has the job, to go on with."""
    stopped, back = sessions.run("disabled")
    assert not stopped["running"]
    (job,) = back["jobs"]
    assert job["state"] == "INTERRUPTED" and job["frames"] >= 60
    assert sessions.run("go_on", "continue")[-1]["strips"] == ["clip", "clip matte"]


def test_what_the_user_cancelled_does_not_come_back(sessions: Sessions) -> None:
    """Nor what was taken off the list."""
    assert sessions.run("cancelled") == [{"listed": 2}]
    assert sessions.run("look") == [{"jobs": [], "strips": ["clip"]}]


def test_what_a_cancelled_job_has_rendered_goes_with_the_session(sessions: Sessions) -> None:
    """No later one goes on with it."""
    assert sessions.run("given_up") == [{"there": [True, True]}, {"there": [False, False]}]


def test_what_was_cancelled_goes_on_after_the_file_was_opened_again(sessions: Sessions) -> None:
    """Its result goes where it would have gone, though no folder notes that any more."""
    _, elsewhere, back, cancelled, reverted = sessions.run("cancel_and_revert")
    assert any("Another file was opened" in text for text in elsewhere["jobs"][0]["warnings"])
    assert back["strips"] == ["clip", "clip matte"]
    assert cancelled["jobs"][-1]["state"] == "CANCELLED" and cancelled["strips"] == ["clip"]
    assert reverted["strips"] == ["clip", "clip matte"]
    assert not any("Another file" in text for job in reverted["jobs"] for text in job["warnings"])


def test_what_goes_on_in_another_project_comes_to_its_own(sessions: Sessions) -> None:
    """However often the project is left and opened again meanwhile."""
    *_, last = sessions.run("cancel_and_go_on_elsewhere")
    assert last["strips"] == ["clip", "clip matte"]
    assert not any("Another file" in text for job in last["jobs"] for text in job["warnings"])


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be stopped there")
def test_a_held_job_is_nobody_elses(sessions: Sessions) -> None:
    """While one Blender works on it, another one that opens the project does not offer to go on with it."""
    with sessions.start("begin") as process:
        assert process.stdout is not None
        worker = json.loads(next(line for line in process.stdout if line.startswith("{")))["worker"]
        os.kill(worker, signal.SIGSTOP)  # it must not end before the other one has looked
        try:
            assert sessions.run("look") == [{"jobs": [], "strips": ["clip"]}]
        finally:
            process.kill()
            os.kill(worker, signal.SIGKILL)


@pytest.mark.parametrize(("how", "is_said"), [("trusted", True), ("distrusted", False)])
def test_python_that_runs_here_and_not_in_the_background_is_told_of(
    sessions: Sessions, how: str, is_said: bool
) -> None:
    """There, the preferences decide, which allow none: what a driver moves stands still."""
    (told,) = sessions.run("driven", how)
    assert (told["state"], told["different"]) == ("DONE", 1)
    assert any("Auto Run Python Scripts" in text for text in told["said"]) is is_said
