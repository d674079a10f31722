"""Processes beside this one take their modules from nowhere but Python's own folders and the engine's."""

import os
from pathlib import Path

import pytest

from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.jobs import aside
from rvm_addon.jobs.job import Job, State
from rvm_addon.jobs.queue import JobQueue
from rvm_addon.jobs.worker import Launcher, Standby
from tests import tiny
from tests.jobs.ticking import drive
from tests.waiting import PATIENCE_SECONDS, wait


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """The file that a foreign module makes once it is run."""
    return tmp_path / "trap"


def laid(folder: Path, trap: Path) -> Path:
    """Lay modules in a folder that bear the names of what processes import, and return it."""
    for name in ("engine", "shutil", "webbrowser", "numpy"):
        (folder / name).mkdir(parents=True)
        for module in ("__init__", "__main__", "caches"):
            (folder / name / f"{module}.py").write_text(f"open({str(trap)!r}, 'a').write({name!r})\n")
    return folder


@pytest.mark.parametrize("ahead", [True, False])
def test_a_worker_runs_no_module_of_a_users_folder(
    queue: JobQueue, passthrough: Path, tmp_path: Path, trap: Path, monkeypatch: pytest.MonkeyPatch, ahead: bool
) -> None:
    """Neither of the folder that Blender was started in, nor of the job's own, where anybody may have put it."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 3, fourcc="MJPG")
    spec = JobSpec("clip", Source(SourceKind.MOVIE, (str(clip),)), "frames", "clip", str(passthrough))
    job = Job(laid(tmp_path / "job", trap), spec)
    monkeypatch.chdir(laid(tmp_path / "here", trap))
    if ahead:
        queue.stand_by()
    queue.submit(job)
    drive(queue, lambda: job.state.ended)
    assert (job.state, job.frames_done, trap.exists()) == (State.DONE, 3, False)


def test_small_processes_run_no_module_of_a_users_folder(
    tmp_path: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that delete, draw and count."""
    monkeypatch.chdir(laid(tmp_path / "here", trap))
    doomed = laid(tmp_path / "doomed", trap)
    aside.discard(doomed, Launcher())
    aside.redraw(laid(tmp_path / "job", trap), Launcher()).wait(PATIENCE_SECONDS)
    with aside.look_after_caches([tmp_path], Launcher(), clear=False) as counting:
        assert counting.communicate(timeout=PATIENCE_SECONDS)[0] == "0\n"
    wait(lambda: not (tmp_path / ".doomed.part").exists())
    assert not trap.exists()


def test_a_users_own_python_stops_no_small_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings for another Python, with which this one would not even begin: what is to go goes, the page is shown.

    The browser has them all the same: it may be a script of the user's.
    """
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1 $PYTHONHOME" > {opened}.part\nmv {opened}.part {opened}\n')
    browser.chmod(0o755)
    (tmp_path / "doomed").mkdir()
    for name, value in {"PYTHONHOME": "/another/python", "BROWSER": f"{browser} %s"}.items():
        monkeypatch.setenv(name, value)
    aside.discard(tmp_path / "doomed", Launcher())
    aside.open_page(tmp_path / "page.html", Launcher())
    wait(lambda: not (tmp_path / ".doomed.part").exists())
    wait(opened.exists)
    assert opened.read_text() == f"{(tmp_path / 'page.html').as_uri()} /another/python\n"


def test_caches_are_looked_after_in_however_many_folders(tmp_path: Path) -> None:
    """Of years of projects: no command line takes so many, on Windows not even a hundredth of that."""
    folders = [tmp_path / f"{number:06d}" / "A Project With A Name" / "matte" for number in range(50_000)]
    with aside.look_after_caches(folders, Launcher(), clear=True) as clearing:
        assert clearing.communicate(timeout=PATIENCE_SECONDS)[0] == "0\n"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="where a process works is read from /proc")
def test_what_has_no_job_yet_works_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that Blender was started in can be renamed and deleted meanwhile, on Windows too."""
    monkeypatch.chdir(tmp_path)
    standby = Standby(Launcher())
    try:
        works_in = os.readlink(f"/proc/{standby._process.pid}/cwd")  # noqa: PTH115  # a link of /proc
    finally:
        standby.dismiss().wait(PATIENCE_SECONDS)
    assert not Path(works_in).is_relative_to(tmp_path)
