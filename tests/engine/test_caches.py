"""What jobs keep is counted and given up, and nothing else is touched."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rvm_addon.engine.contract import locks
from rvm_addon.engine.contract.events import Failed, Finished, FrameDone, Started, encode
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.kept import caches
from tests.unprivileged import closed, give_up_rights

STARTED = Started(9, 16, 9, "CPU", 1.0, "")
SPEC = JobSpec("clip", Source(SourceKind.MOVIE, ("/clip.mp4",)), "frames", "clip", "/model.onnx")


def job(
    results: Path, name: str, *events: Finished | Failed | FrameDone | Started, raws: tuple[Path, ...] = ()
) -> Path:
    """Make a job's folder with two raw mattes of 500 bytes and a frame."""
    folder = results / name
    for inner in ("raw", "frames"):
        (folder / inner).mkdir(parents=True)
    (folder / "job.json").write_text(replace(SPEC, raws=tuple(map(str, raws))).to_json())
    (folder / "events.jsonl").write_text("".join(map(encode, events)))
    for frame in range(2):
        (folder / "raw" / f"{frame:06d}.raw").write_bytes(bytes(500))
    (folder / "frames" / "a.png").write_bytes(bytes(700))
    return folder


def kept(*jobs: Path) -> list[bool]:
    """Return which of these jobs still have their raw mattes; the frames must be there."""
    assert all((folder / "frames" / "a.png").is_file() for folder in jobs)
    return [any(folder.glob("raw/*.raw")) for folder in jobs]


@pytest.fixture(params=[None, "", "[7]", '{"shot": 10, "frames": [1, 200]}', '{"name": "shot_010", "source": "A001"}'])
def users_own(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Camera files in a folder that happens to have the name, where the user lets results go to.

    Beside it may lie what another program calls a job.
    """
    own = tmp_path / "matte" / "holidays" / "raw" / "000001.raw"
    own.parent.mkdir(parents=True)
    own.write_bytes(bytes(5000))
    if request.param is not None:
        (own.parents[1] / "job.json").write_text(request.param)
    return own


def run(*results: Path, clear: bool = False) -> int:
    """Run the command and return what it prints: how much is kept."""
    environment = {"PYTHONPATH": str(Path(caches.__file__).parents[2])}
    line = [sys.executable, "-m", "engine.kept.caches", *(["--clear"] if clear else [])]
    told = json.dumps([*map(str, results)])
    pipes = {"capture_output": True, "text": True, "preexec_fn": give_up_rights if os.name == "posix" else None}
    return int(subprocess.run(line, env=environment, input=told, check=True, **pipes).stdout)


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
    assert locks.hold(running), "as its worker does"
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
    assert locks.hold(running), "as its worker does"
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


def test_what_somebody_else_put_there_stays(tmp_path: Path) -> None:
    """Among what a job keeps, whatever is not called as jobs call it; the folder keeps its name, and is not counted."""
    folder = job(tmp_path / "matte", "a", Finished(2, 1.0))
    own = ("pictures.txt", "memory.bin", "memory.bin.part", "._000001.raw")
    others = ("A001_C003.raw", "notes.txt", "._A001_C003.raw", "1")
    for name in (*own, *others[:-1]):
        (folder / "raw" / name).write_bytes(bytes(10))
    (folder / "raw" / "1").mkdir()
    assert run(tmp_path / "matte") == 1040
    assert run(tmp_path / "matte", clear=True) == 0
    assert sorted(path.name for path in (folder / "raw").iterdir()) == sorted(others)
    assert not (folder / "raw.part").exists()


def test_what_may_not_be_looked_into_is_passed_over(tmp_path: Path) -> None:
    """Such as `lost+found`, and a colleague's folder: in a folder of results, as a job's own, and as all of them."""
    done = job(tmp_path / "matte", "done", Finished(2, 1.0))
    hidden = job(tmp_path / "matte", "hidden", Finished(2, 1.0))
    with closed(tmp_path / "matte" / "lost+found"), closed(hidden / "raw"), closed(tmp_path / "other") as other:
        assert run(tmp_path / "matte", other, other / "matte", clear=True) == 0
        assert kept(done) == [False]
    assert kept(hidden) == [True]


def test_a_folder_that_leads_in_a_circle_is_passed_over(tmp_path: Path) -> None:
    """Python 3.11 raises another error for it than for anything else."""
    done = job(tmp_path / "matte", "done", Finished(2, 1.0), raws=(tmp_path / "matte" / "circle",))
    (tmp_path / "matte" / "circle").symlink_to(tmp_path / "matte" / "circle")
    assert locks.hold(done), "its worker asks what it uses"
    assert run(tmp_path / "matte", clear=True) == 1000
