"""The queue with real worker processes."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from rvm_addon.engine.contract import locks
from rvm_addon.engine.contract.errors import JobHeld, OutputFailed, SpecError
from rvm_addon.engine.contract.process import HELD_STATUS
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.jobs import parts
from rvm_addon.jobs.job import Job, State
from rvm_addon.jobs.left import job_in
from rvm_addon.jobs.queue import JobQueue
from rvm_addon.jobs.worker import Launcher, Standby, _started, matting
from tests import tiny
from tests.jobs.ticking import drive
from tests.waiting import PATIENCE_SECONDS, wait

PARENT = """
import sys, time
from pathlib import Path
from rvm_addon.jobs.worker import Launcher, PartProcess, matting

folder = Path(sys.argv[1])
print(PartProcess(folder, matting(folder, Launcher()))._process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def spec(tmp_path: Path, passthrough: Path) -> JobSpec:
    """A job of 200 frames."""
    clip = tiny.barcode_movie(tmp_path / "clip ü.mp4", 200)
    return JobSpec("clip", Source(SourceKind.MOVIE, (str(clip),)), "frames", "clip", str(passthrough))


def submit(queue: JobQueue, folder: Path, spec: JobSpec) -> Job:
    """Queue a job."""
    job = Job(folder, spec)
    queue.submit(job)
    return job


def test_a_job_runs_to_its_end(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """A worker process writes every frame; the folder alone tells the whole story."""
    job = submit(queue, tmp_path / "job 人", spec)
    assert job.state is State.QUEUED
    drive(queue, lambda: job.state.ended)
    assert (job.state, job.error, job.frames_done) == (State.DONE, "", 200)
    assert len(list(job.output.iterdir())) == 200
    files = {"job.json", "recipe.sha256", "events.jsonl", "worker.log", "held", "queued"}
    assert {path.name for path in job.folder.iterdir()} == {*files, "frames"}
    assert job.log.read_text() == ""


def test_a_worker_that_was_loaded_ahead_takes_the_job(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """It is that process, and what it leaves is what any worker leaves; the next job gets one of its own."""
    queue.stand_by()
    queue.stand_by()  # there is one already
    assert queue._waiting is not None
    waiting = queue._waiting._process
    first, second = (submit(queue, tmp_path / name, spec) for name in ("job 人\n1", "job 2"))
    drive(queue, lambda: queue._process is not None)
    assert queue._process is not None
    assert queue._process._process is waiting
    queue.stand_by()  # while a job runs there is no need
    assert queue._waiting is None
    drive(queue, lambda: second.state.ended)
    for job in (first, second):
        assert (job.state, job.error, job.frames_done) == (State.DONE, "", 200)
        assert job.log.read_text() == ""
    assert {path.name for path in first.folder.iterdir()} == {path.name for path in second.folder.iterdir()}


def test_what_a_waiting_worker_says_lands_in_the_jobs_log(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """An error is told as by any worker."""
    queue.stand_by()
    job = submit(queue, tmp_path / "job", replace(spec, model=str(tmp_path / "gone.onnx")))
    drive(queue, lambda: job.state.ended)
    assert job.state is State.FAILED and "gone.onnx" in job.error
    assert "gone.onnx" in job.log.read_text()


def test_a_waiting_worker_that_died_is_replaced(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """Whatever befell it: the job runs."""
    queue.stand_by()
    assert queue._waiting is not None
    queue._waiting._process.kill()
    queue._waiting._process.wait(PATIENCE_SECONDS)
    job = submit(queue, tmp_path / "job", spec)
    drive(queue, lambda: job.state.ended)
    assert (job.state, job.frames_done) == (State.DONE, 200)


def test_a_waiting_worker_that_cannot_load_leaves_a_log(spec: JobSpec, tmp_path: Path) -> None:
    """It dies after it was given the job: another tries, and what it says is in the job's log."""
    broken = tmp_path / "libraries"
    broken.mkdir()
    (broken / "numpy.py").write_text("import time\ntime.sleep(0.5)\nraise ImportError('a library is missing')\n")
    queue = JobQueue(Launcher(libraries=(str(broken),)))
    queue.stand_by()
    job = submit(queue, tmp_path / "job", spec)
    drive(queue, lambda: job.state.ended)
    assert job.state is State.FAILED and "worker.log" in job.remedy
    assert "a library is missing" in job.log.read_text()


def test_a_waiting_worker_that_is_cancelled_is_not_replaced(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """Cancelled while it loads: the job is, too."""
    queue.stand_by()
    job = submit(queue, tmp_path / "job", spec)
    queue.tick()
    queue.cancel(job)
    drive(queue, lambda: job.state.ended)
    assert (job.state, queue._process) == (State.CANCELLED, None)


def test_a_waiting_worker_goes_when_nothing_comes(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """It is let go, also where its job is dropped before it began; and it ends by itself when its parent has."""
    queue.stand_by()
    assert queue._waiting is not None
    processes = [queue._waiting._process]
    queue.stand_down()
    queue.stand_by()
    processes.append(queue._waiting._process)
    queue.cancel(submit(queue, tmp_path / "job", spec))
    assert queue._waiting is None
    drive(queue, lambda: all(process.returncode not in (None, 0) for process in processes))
    alone = Standby(Launcher())
    assert alone._process.stdin is not None
    alone._process.stdin.close()
    assert alone._process.wait(PATIENCE_SECONDS) == 0


def test_one_worker_at_a_time_in_order(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """Jobs run one after another; one that fails does not hold the next."""
    missing = replace(spec, source=Source(SourceKind.MOVIE, (str(tmp_path / "gone.mp4"),)))
    jobs = [submit(queue, tmp_path / str(number), each) for number, each in enumerate((spec, missing, spec))]
    seen: list[tuple[State, ...]] = []

    def all_ended() -> bool:
        seen.append(tuple(job.state for job in jobs))
        return not queue.busy

    drive(queue, all_ended)
    assert [job.state for job in jobs] == [State.DONE, State.FAILED, State.DONE]
    assert all(states.count(State.RUNNING) <= 1 for states in seen)
    assert "gone.mp4" in jobs[1].error and jobs[1].remedy


def test_tick_returns_what_changed(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """A tick without news returns nothing, so that nothing is drawn again."""
    assert queue.tick() == []
    job = submit(queue, tmp_path / "job", spec)
    assert queue.tick() == [job]
    assert queue.tick() == []


def test_cancel_keeps_the_frames_made(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """A running job stops, its frames stay whole, and the next one goes on."""
    first = submit(queue, tmp_path / "first", spec)
    second = submit(queue, tmp_path / "second", spec)
    third = submit(queue, tmp_path / "third", spec)
    drive(queue, lambda: first.frames_done > 3)
    queue.cancel(first)
    queue.cancel(second)
    assert (first.state, second.state) == (State.CANCELLING, State.CANCELLED)
    drive(queue, lambda: not queue.busy)
    assert (first.state, third.state) == (State.CANCELLED, State.DONE)
    kept = list(first.output.iterdir())
    assert first.frames_done <= len(kept) < 200
    assert all(path.suffix == ".png" and path.stat().st_size > 100 for path in kept)


def test_a_worker_that_will_not_end_is_killed(spec: JobSpec, tmp_path: Path) -> None:
    """A worker that ignores the request is killed after two seconds."""
    if sys.platform == "win32":
        pytest.skip("there a request to end is an order")
    stubborn = tmp_path / "python"
    stubborn.write_text(f"#!/bin/sh\ntrap '' TERM\nexec '{sys.executable}' \"$@\"\n")
    stubborn.chmod(0o755)
    queue = JobQueue(Launcher(python=str(stubborn)))
    clip = tiny.barcode_movie(tmp_path / "long.mp4", 255, size=(2560, 1440))  # more than two seconds of work
    job = submit(queue, tmp_path / "job", replace(spec, source=Source(SourceKind.MOVIE, (str(clip),))))
    drive(queue, lambda: job.frames_done > 0)
    assert queue._process is not None
    process = queue._process._process
    queue.cancel(job)
    drive(queue, lambda: job.state.ended)
    assert job.state is State.CANCELLED
    assert process.returncode == -9


def hanging(folder: Path) -> Launcher:
    """Return what starts workers that do not end when they have done their work."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n'{sys.executable}' \"$@\"\nexec sleep 600\n")
    python.chmod(0o755)
    return Launcher(python=str(python))


@pytest.mark.parametrize("state", [State.DONE, State.FAILED])
def test_a_worker_that_does_not_end_after_its_last_word_is_given_up(
    spec: JobSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    """As where a driver hangs at a program's end: its word is taken for its end, and the next job has its turn."""
    if sys.platform == "win32":
        pytest.skip("the worker that hangs is a shell's script")
    monkeypatch.setattr("rvm_addon.jobs.queue.GONE_AFTER_SECONDS", 0.5)
    queue = JobQueue(hanging(tmp_path))
    gone = replace(spec, model=str(tmp_path / "gone.onnx"))
    first = submit(queue, tmp_path / "first", gone if state is State.FAILED else spec)
    following = submit(queue, tmp_path / "following", spec)
    try:
        drive(queue, lambda: first.frames_done > 0 or first.said_all)
        process = queue._process._process if queue._process is not None else None
        drive(queue, lambda: following.state.ended)
    finally:
        queue.shutdown()
    assert (first.state, following.state) == (state, State.DONE)
    assert ("gone.onnx" in first.error) is (state is State.FAILED)
    assert process is not None and process.returncode == -9


def test_what_was_killed_is_not_waited_for(spec: JobSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a worker that hangs nor one that stood by: later ticks see that they go, and collect them."""
    if sys.platform == "win32":
        pytest.skip("the worker that hangs is a shell's script")
    monkeypatch.setattr("rvm_addon.jobs.queue.GONE_AFTER_SECONDS", 0.2)
    queue = JobQueue(hanging(tmp_path))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(subprocess.Popen, "wait", None)
        queue.stand_by()
        assert queue._waiting is not None
        waiting = queue._waiting._process
        queue.stand_down()
        job = submit(queue, tmp_path / "job", spec)
        drive(queue, lambda: job.said_all)
        assert queue._process is not None
        worker = queue._process._process
        drive(queue, lambda: job.state.ended and not queue._leaving)
        assert (job.state, waiting.returncode, worker.returncode) == (State.DONE, -9, -9)
    queue.shutdown()


def test_a_worker_that_cannot_be_killed_is_left_to_the_system(
    spec: JobSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose drive does not answer: its job ends all the same, and it is collected whenever it goes."""
    if sys.platform == "win32":
        pytest.skip("the worker that hangs is a shell's script")
    monkeypatch.setattr("rvm_addon.jobs.queue.GONE_AFTER_SECONDS", 0.2)
    monkeypatch.setattr("rvm_addon.jobs.queue.LEFT_AFTER_SECONDS", 0.2)
    queue = JobQueue(hanging(tmp_path))
    job, following = submit(queue, tmp_path / "job", spec), submit(queue, tmp_path / "following", spec)
    drive(queue, lambda: job.said_all)
    assert queue._process is not None
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(queue._process, "kill", lambda: None)
        drive(queue, lambda: job.state.ended)
    (process,) = queue._leaving
    assert (job.state, process.poll()) == (State.DONE, None)
    drive(queue, lambda: following.state.ended)
    process.kill()
    drive(queue, lambda: not queue._leaving)
    queue.shutdown()
    assert process.returncode == -9


def test_what_was_killed_last_is_collected_at_the_end() -> None:
    """No tick comes after it."""
    queue = JobQueue(Launcher())
    queue.stand_by()
    assert queue._waiting is not None
    waiting = queue._waiting._process
    queue.shutdown()
    assert waiting.returncode is not None and not queue._leaving


def test_no_librarys_end_is_waited_for(spec: JobSpec, tmp_path: Path) -> None:
    """What a library wants to do at the worker's orderly end is not done, for it may hang; the log is whole."""
    (tmp_path / "libraries").mkdir()
    hangs = "import atexit, sys, time\natexit.register(time.sleep, 600)\nprint('printed', end='')\n"
    (tmp_path / "libraries" / "sitecustomize.py").write_text(hangs)
    queue = JobQueue(Launcher(libraries=(str(tmp_path / "libraries"),)))
    job = submit(queue, tmp_path / "job", spec)
    drive(queue, lambda: job.frames_done > 0)
    assert queue._process is not None
    process = queue._process._process
    drive(queue, lambda: job.state.ended)
    assert (job.state, process.returncode) == (State.DONE, 0)
    assert job.log.read_text() == "printed"


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), (["--nonsense"], 2), (["no such folder"], 1)])
def test_what_a_worker_prints_is_whole(tmp_path: Path, arguments: list[str], status: int) -> None:
    """Into a pipe, too, and where it has no job to run."""
    package = Path(__file__).resolve().parents[2] / "rvm_addon"
    variables = {**os.environ, "PYTHONPATH": str(package)}
    variables.pop("PYTHONUNBUFFERED", None)
    command = [sys.executable, "-m", "engine", *arguments]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status
    said = {0: "draw the view of the job's newest frame", 2: "--nonsense", 1: "No such file or directory"}[status]
    assert said in " ".join((done.stdout + done.stderr).split())


def test_a_worker_that_dies_is_a_failure_with_its_log(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """A crash without a word becomes a sentence and the place of the log."""
    clip = tiny.barcode_movie(tmp_path / "long.mp4", 100, size=(1280, 720))
    job = submit(queue, tmp_path / "job", replace(spec, source=replace(spec.source, paths=(str(clip),))))
    drive(queue, lambda: job.frames_done > 0)
    assert queue._process is not None
    queue._process.kill()
    drive(queue, lambda: job.state.ended)
    assert job.state is State.FAILED
    assert "unexpectedly" in job.error and str(job.log) in job.remedy


class Stumbling(Job):
    """A job at whose part's end an error comes that nobody has foreseen."""

    def end_part(self, status: int) -> None:
        """Stumble."""
        raise ZeroDivisionError(status)


@pytest.mark.parametrize(
    ("cancelled", "state", "remedy"), [(False, State.FAILED, "Its log is “{log}”."), (True, State.CANCELLED, "")]
)
def test_no_job_seems_to_run_for_ever(
    queue: JobQueue, spec: JobSpec, tmp_path: Path, cancelled: bool, state: State, remedy: str
) -> None:
    """Whatever befalls its end, the next tick ends it, it can be dismissed, and the next job has its turn."""
    job, following = Stumbling(tmp_path / "job", spec), Job(tmp_path / "following", spec)
    queue.submit(job)
    queue.submit(following)
    drive(queue, lambda: job.frames_done > 0)
    if cancelled:
        queue.cancel(job)
    with pytest.raises(ZeroDivisionError):
        drive(queue, lambda: job.state.ended)
    assert not job.state.ended
    assert queue.tick() == [job, following]
    assert (job.state, job.remedy) == (state, remedy.format(log=job.folder / "worker.log"))
    queue.dismiss(job)
    drive(queue, lambda: not queue.busy)
    assert (queue.jobs, following.state) == ([following], State.DONE)


def test_a_bug_in_the_worker_reaches_the_user(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """An exception that nobody expected is told with the log's place, and the log has the traceback."""
    path = tiny.counting_model(tmp_path / "odd.onnx")
    model = onnx.load(str(path))
    (made,) = (node for node in model.graph.node if node.output[0] == "pha")
    made.output[0] = "grey"
    text = onnx.TensorProto.STRING  # a matte of words has the right size, and is nothing that can be drawn
    model.graph.node.append(onnx.helper.make_node("Cast", ["grey"], ["pha"], to=text))
    next(one for one in model.graph.output if one.name == "pha").type.tensor_type.elem_type = text
    onnx.save(model, str(path))
    job = submit(queue, tmp_path / "job", replace(spec, model=str(path)))
    drive(queue, lambda: job.state.ended)
    assert job.state is State.FAILED
    assert "unexpectedly" in job.error and "worker.log" in job.remedy
    assert "Traceback" in job.log.read_text()


def test_a_worker_that_cannot_start_is_a_failure(spec: JobSpec, tmp_path: Path) -> None:
    """An interpreter that is not there ends the job, not the queue."""
    queue = JobQueue(Launcher(python=str(tmp_path / "no python")))
    job = submit(queue, tmp_path / "job", spec)
    queue.tick()
    assert job.state is State.FAILED and "could not be started" in job.error
    assert job.remedy == "Install the extension again."
    assert not queue.busy


def test_a_blender_that_cannot_start_is_not_the_extensions_fault(
    queue: JobQueue, spec: JobSpec, tmp_path: Path
) -> None:
    """As where the user's own was updated while it ran."""
    gone = str(tmp_path / "blender")
    job = Job(tmp_path / "job", spec, (parts.rendering((gone,), 200), parts.MATTING))
    queue.submit(job)
    queue.tick()
    assert job.state is State.FAILED and job.error.startswith(f"“{gone}” could not be started")
    assert job.remedy.startswith("Quit Blender")


def test_a_job_of_two_blenders_is_the_firsts(
    queue: JobQueue, spec: JobSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both took it in the same moment, and its turn comes here while it runs there: that is said.

    The other one's events and log stay as they are.
    """
    clip = tiny.barcode_movie(tmp_path / "long.mp4", 100, size=(1280, 720))
    spec = replace(spec, source=Source(SourceKind.MOVIE, (str(clip),)))
    there = JobQueue(Launcher())
    monkeypatch.setattr("rvm_addon.jobs.queue.FREE_AFTER_SECONDS", 0.0)
    try:
        queue.stand_by()
        late, first = Job(tmp_path / "job", spec), submit(there, tmp_path / "job", spec)
        queue.adopt(late)
        drive(there, lambda: first.frames_done > 3)
        with first.log.open("ab") as log:
            log.write(b"the other one's")
        queue.tick()
        assert (late.state, queue._waiting) == (State.FAILED, None)
        assert late.error == f"Another Blender works on “{tmp_path / 'job'}”" and "Wait" in late.remedy
        drive(there, lambda: first.state.ended)
        assert (first.state, first.frames_done) == (State.DONE, 100)
        assert first.log.read_text() == "the other one's"
    finally:
        there.shutdown()


def test_a_job_that_waits_in_another_queue_is_that_ones(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """Nothing works on it yet, but it will be made there: it is neither left behind nor taken, until that is over."""
    there = JobQueue(Launcher())
    other, running = submit(there, tmp_path / "job", spec), submit(queue, tmp_path / "running", spec)
    for state in (State.QUEUED, State.RUNNING):
        assert (other.state, job_in(other.folder, None)) == (state, None)
        with pytest.raises(JobHeld):
            submit(queue, other.folder, spec)
        there.tick()
    there.shutdown()
    left = job_in(other.folder, None)
    assert left is not None and left.state is State.INTERRUPTED
    submit(queue, other.folder, spec)
    drive(queue, lambda: not queue.busy)
    assert [job.state for job in queue.jobs] == [State.DONE] * 2 == [running.state] * 2
    assert not any(locks.is_held(job.folder) for job in queue.jobs)


def test_of_many_jobs_the_next_are_locked(
    queue: JobQueue, spec: JobSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may open few files: the others follow as jobs end."""
    monkeypatch.setattr("rvm_addon.jobs.queue._MOST_LOCKS", 2)
    first, *_ = jobs = [submit(queue, tmp_path / name, spec) for name in "abc"]
    assert [locks.is_held(job.folder) for job in jobs] == [True, True, False]
    queue.cancel(first)
    assert [locks.is_held(job.folder) for job in jobs] == [False, True, True]


def test_a_folder_may_be_let_go_a_little_later(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """Windows frees the lock of a process after its end: the job waits for that, and the worker that waits is its."""
    queue.stand_by()
    job, waiting = submit(queue, tmp_path / "job", spec), queue._waiting
    with locks.held(job.folder) as free:
        assert free
        changed = [queue.tick() for _ in range(3)]
    assert (changed, job.state) == ([[job], [], []], State.RUNNING)
    assert queue._waiting is waiting is not None
    drive(queue, lambda: job.state.ended)
    assert (job.state, job.error, job.frames_done) == (State.DONE, "", 200)


def test_a_job_that_waits_for_its_folder_can_be_cancelled(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """It ends with the next tick, leaves what is the other process's, and the next job has its turn."""
    job, following = submit(queue, tmp_path / "job", spec), submit(queue, tmp_path / "following", spec)
    theirs = tmp_path / "job" / "000001.png.part"
    with locks.held(job.folder) as free:
        assert free
        queue.tick()
        theirs.touch()
        queue.cancel(job)
        assert job in queue.tick()
    assert (job.state, following.state) == (State.CANCELLED, State.RUNNING)
    assert theirs.is_file() and not (tmp_path / "job" / "worker.log").exists()


def test_a_worker_leaves_a_held_folder_alone(spec: JobSpec, tmp_path: Path) -> None:
    """Where another one came first after all, it says so in the log, which is the other one's, and touches nothing."""
    job = Job(tmp_path / "job", spec)
    job.write()
    told = [tmp_path / "job" / name for name in ("events.jsonl", "worker.log")]
    for path in told:
        path.write_text("what the other one has said\n")
    with locks.held(job.folder) as free:
        assert free
        part = matting(job.folder, Launcher())
        assert _started(job.folder, part).wait(PATIENCE_SECONDS) == HELD_STATUS
        waiting = Standby(Launcher()).send(job.folder)
        assert waiting is not None and waiting.wait(PATIENCE_SECONDS) == HELD_STATUS
    assert [path.read_text().partition("\n")[0] for path in told] == ["what the other one has said"] * 2
    assert "another process works in" in told[1].read_text()
    assert not job.output.exists()


@pytest.mark.parametrize("ahead", [True, False])
def test_a_folder_that_is_gone_is_named(queue: JobQueue, spec: JobSpec, tmp_path: Path, ahead: bool) -> None:
    """Deleted while its job waited: neither Python nor the extension is to blame, and no worker is left waiting."""
    job, following = submit(queue, tmp_path / "job", spec), submit(queue, tmp_path / "following", spec)
    if ahead:
        queue.stand_by()
    shutil.rmtree(job.folder)
    queue.tick()
    assert job.state is State.FAILED
    assert job.error == f"The job's folder “{job.folder}” is gone" and "Matte Selected Strips" in job.remedy
    assert queue._waiting is None
    drive(queue, lambda: following.state.ended)
    assert following.state is State.DONE


def test_a_job_that_cannot_be_taken_raises(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """Nonsense and a folder that refuses are told before anything is queued."""
    with pytest.raises(SpecError):
        queue.submit(Job(tmp_path / "job", replace(spec, ratio=7.0)))
    (tmp_path / "file").touch()
    with pytest.raises(OutputFailed, match="file"):
        queue.submit(Job(tmp_path / "file" / "job", spec))
    assert queue.jobs == []


def test_garbage_among_the_events_ends_nothing(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """A line that is no event is logged and passed over; the job goes on to its end."""
    job = submit(queue, tmp_path / "job", spec)
    drive(queue, lambda: job.frames_done > 3)
    with (job.folder / "events.jsonl").open("ab") as stream:
        stream.write(b"\xff\xfe garbage\n[1]\n")
    drive(queue, lambda: job.state.ended)
    assert job.state is State.DONE


def test_ended_jobs_can_be_dismissed(queue: JobQueue, spec: JobSpec, tmp_path: Path) -> None:
    """A job leaves the list when it has ended, not before; its folder stays."""
    job = submit(queue, tmp_path / "job", spec)
    queue.dismiss(job)
    assert queue.jobs == [job]
    queue.cancel(job)
    queue.dismiss(job)
    assert queue.jobs == [] and job.folder.is_dir()


def test_a_worker_ends_when_its_parent_does(spec: JobSpec, tmp_path: Path) -> None:
    """A Blender that is killed leaves no worker behind."""
    if not Path("/proc").is_dir():
        pytest.skip("whether a process of another parent lives is read from /proc")
    clip = tiny.barcode_movie(tmp_path / "long.mp4", 255, size=(2560, 1440))  # more than two seconds of work
    job = Job(tmp_path / "job", replace(spec, source=Source(SourceKind.MOVIE, (str(clip),))))
    job.write()
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT,
            str(job.folder),
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    wait(lambda: list(job.folder.glob("frames/*.png")))
    parent.kill()
    parent.wait(PATIENCE_SECONDS)
    wait(lambda: not alive(worker), about=lambda: "the worker outlived its parent")
    assert len(list(job.output.iterdir())) < 255


def alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
