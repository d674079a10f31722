"""What jobs keep is counted and given up, and nothing else is touched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rvm_addon.engine import caches, lifeline
from rvm_addon.engine.events import Failed, Finished, FrameDone, Started, encode

STARTED = Started(9, 16, 9, "CPU", 1.0, "")


def job(
    results: Path, name: str, *events: Finished | Failed | FrameDone | Started, raws: tuple[Path, ...] = ()
) -> Path:
    """Make a job's folder with two raw mattes of 500 bytes and a frame."""
    folder = results / name
    for inner in ("raw", "frames"):
        (folder / inner).mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"raws": list(map(str, raws))}))
    (folder / "events.jsonl").write_text("".join(map(encode, events)))
    for frame in range(2):
        (folder / "raw" / f"{frame:06d}.raw").write_bytes(bytes(500))
    (folder / "frames" / "a.png").write_bytes(bytes(700))
    return folder


def kept(*jobs: Path) -> list[bool]:
    """Return which of these jobs still have their raw mattes; the frames must be there."""
    assert all((folder / "frames" / "a.png").is_file() for folder in jobs)
    return [any(folder.glob("raw/*.raw")) for folder in jobs]


@pytest.fixture
def users_own(tmp_path: Path) -> Path:
    """Camera files in a folder that happens to have the name, where the user lets results go to."""
    own = tmp_path / "matte" / "holidays" / "raw" / "shot.dng"
    own.parent.mkdir(parents=True)
    own.write_bytes(bytes(5000))
    return own


def run(*results: Path, clear: bool = False) -> int:
    """Run the command and return what it prints: how much is kept."""
    environment = {"PYTHONPATH": str(Path(caches.__file__).parents[1])}
    line = [sys.executable, "-m", "engine.caches", *(["--clear"] if clear else [])]
    told = json.dumps([*map(str, results)])
    return int(subprocess.run(line, env=environment, input=told, check=True, capture_output=True, text=True).stdout)


@pytest.mark.usefixtures("users_own")
def test_what_is_kept_is_counted(tmp_path: Path) -> None:
    """Over several folders of results, one of which is gone."""
    for name in ("a", "b"):
        job(tmp_path / "matte", name, Finished(2, 1.0))
    job(tmp_path / "other", "c", Finished(2, 1.0))
    assert run(tmp_path / "matte", tmp_path / "other", tmp_path / "gone") == 3000


def test_what_is_kept_is_cleared(tmp_path: Path, users_own: Path) -> None:
    """Of jobs that ended well, that failed, and that were killed; frames and the user's own files stay."""
    done = job(tmp_path / "matte", "done", STARTED, Finished(2, 1.0))
    failed = job(tmp_path / "matte", "failed", STARTED, Failed("what", "x" * 3000))
    killed = job(tmp_path / "matte", "killed", STARTED, FrameDone(1, 1.0))
    half = job(tmp_path / "matte", "half", Finished(2, 1.0))
    (half / "raw").rename(half / "raw.part")
    assert run(tmp_path / "matte", clear=True) == 0
    assert kept(done, failed, killed, half) == [False] * 4
    assert not (half / "raw.part").exists()
    assert users_own.is_file()


def test_a_running_job_loses_nothing(tmp_path: Path) -> None:
    """Neither what it makes nor what it reads of an earlier job, in whichever Blender it runs."""
    used = job(tmp_path / "matte", "used", Finished(2, 1.0))
    unused = job(tmp_path / "matte", "unused", Finished(2, 1.0))
    running = job(tmp_path / "matte", "running", STARTED, FrameDone(0, 1.0), raws=(used / "raw",))
    assert lifeline.hold(running), "as its worker does"
    assert run(tmp_path / "matte", clear=True) == 2000
    assert kept(used, unused, running) == [True, False, True]


def test_a_running_job_loses_nothing_to_another(tmp_path: Path) -> None:
    """The limit, too, spares what a job of another Blender makes and reads, however old; it counts all the same."""
    names = ("newest", "running", "used", "unused")
    newest, unused = (job(tmp_path / "matte", name, Finished(2, 1.0)) for name in ("newest", "unused"))
    used = job(tmp_path / "matte", "used", Finished(2, 1.0))
    running = job(tmp_path / "matte", "running", STARTED, FrameDone(0, 1.0), raws=(used / "raw",))
    for age, name in enumerate(names):
        os.utime(tmp_path / "matte" / name / "raw", (1_000_000 - age, 1_000_000 - age))
    assert lifeline.hold(running), "as its worker does"
    caches.prune(tmp_path / "matte", 3000)
    assert kept(newest, running, used, unused) == [True, True, True, False]
    caches.prune(tmp_path / "matte", 0)
    assert kept(newest, running, used, unused) == [False, True, True, False]
    assert not list(tmp_path.glob("matte/*/raw.part"))


def test_the_oldest_jobs_give_way(tmp_path: Path, users_own: Path) -> None:
    """Whole jobs at a time, the newest stay; what no job made is not counted, and stays."""
    jobs = [job(tmp_path / "matte", name, Finished(2, 1.0)) for name in ("newest", "middle", "oldest")]
    for age, folder in enumerate(jobs):
        os.utime(folder / "raw", (1_000_000 - age, 1_000_000 - age))
    caches.prune(tmp_path / "matte", 2000)
    assert kept(*jobs) == [True, True, False]
    caches.prune(tmp_path / "matte", 0)
    assert kept(*jobs) == [False] * 3
    assert users_own.is_file()
