import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract import spec as engine_spec
from rvm_addon.engine.contract.events import EVENTS_FILE, FrameDone, encode
from rvm_addon.engine.contract.files import stamps
from rvm_addon.engine.contract.outputs import Look, Result
from rvm_addon.engine.contract.resume import rest
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.contract.weights import identity
from rvm_addon.jobs.claims import claim_folder, file_stem
from rvm_addon.jobs.finished import FinishedJobs
from rvm_addon.jobs.job import Job, State
from tests import tiny


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A movie of 12 frames."""
    return tiny.barcode_movie(tmp_path / "clip ü.avi", 12, fourcc="MJPG")


@pytest.fixture
def spec(clip: Path, passthrough: Path) -> JobSpec:
    """A job of eight of its frames."""
    source = Source(SourceKind.MOVIE, (str(clip),), tuple(range(2, 10)), 24.0, stamps=stamps([str(clip)]))
    return JobSpec("clip", source, "frames", "clip", str(passthrough), identity(passthrough))


@pytest.fixture
def done(spec: JobSpec, tmp_path: Path) -> Job:
    """The job, run to its end as a worker does it, among folders that are no jobs."""
    (tmp_path / "matte" / "holidays").mkdir(parents=True)
    (tmp_path / "matte" / "notes.txt").touch()
    job = Job(tmp_path / "matte" / "人", spec)
    job.write()
    with (job.folder / EVENTS_FILE).open("w") as events:
        pipeline.run(spec, job.folder, lambda event: events.write(encode(event)))
    return job


def find(done: Job, spec: JobSpec) -> Job | None:
    """Look for a job that has made what `spec` asks for."""
    return FinishedJobs(done.folder.parent).find(spec)


def with_frames(spec: JobSpec, *frames: int) -> JobSpec:
    """Return the job of other frames of the same clip, called by another name."""
    return replace(spec, name="later", stem="later", source=replace(spec.source, frames=frames))


@pytest.mark.parametrize("frames", [tuple(range(2, 10)), (2,), (3, 9)])
def test_what_was_made_is_found_under_any_name(done: Job, spec: JobSpec, frames: tuple[int, ...]) -> None:
    """The same frames, or some of them, asked for by another strip: the job that has them, as it was described then."""
    found = find(done, with_frames(spec, *frames))
    assert found is not None
    assert (found.folder, found.spec, found.state, found.found) == (done.folder, spec, State.DONE, True)
    assert (found.frames_done, found.progress) == (8, 1.0)


def tell_accents_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let folders tell names as drives of the format Mac OS Extended do, whatever the names were."""
    scandir = os.scandir
    monkeypatch.setattr(
        os, "scandir", lambda folder: [Path(folder, unicodedata.normalize("NFD", one.name)) for one in scandir(folder)]
    )


@pytest.mark.parametrize("decomposed", [False, True])
def test_what_was_made_is_found_whatever_a_drive_does_to_accents(
    spec: JobSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decomposed: bool
) -> None:
    """Under the folder that the job was given, for a strip shows its frames there. Nor is any of them made again."""
    job = Job(claim_folder(tmp_path / "matte", file_stem("Vidéo")), replace(spec, stem="Vidéo"))
    job.write()
    with (job.folder / EVENTS_FILE).open("w") as events:
        pipeline.run(job.spec, job.folder, lambda event: events.write(encode(event)))
    if decomposed:  # the job was made from a file that lies on such a drive
        job.spec = replace(job.spec, stem=unicodedata.normalize("NFD", job.spec.stem))
    tell_accents_apart(monkeypatch)
    found = find(job, spec)
    assert found is not None and found.folder == job.folder
    assert rest(job.spec, job.folder).frames == ()
    assert Job.left_behind(job.folder, job.spec, job.parts, None).frames_done == 8


@pytest.mark.parametrize(
    "change",
    [
        {"look": Look(Result.COLOUR)},
        {"look": Look(background=(1, 2, 3))},
        {"ratio": 0.5},
        {"working_side": 256},
        {"model": "/another.onnx"},
        {"model_stamp": "1 2"},
    ],
)
def test_other_settings_make_other_frames(done: Job, spec: JobSpec, change: dict[str, object]) -> None:
    """Whatever changes a pixel makes it another job."""
    assert find(done, replace(spec, **change)) is None


def test_frames_that_were_not_asked_for_are_not_there(done: Job, spec: JobSpec) -> None:
    """One frame more, and it is another job."""
    assert find(done, with_frames(spec, 9, 10)) is None


def test_a_file_that_changed_is_another_file(done: Job, spec: JobSpec, clip: Path) -> None:
    """Another length, or another time of modification; and put back as it was, it is the same."""
    before = clip.stat()
    content = clip.read_bytes()
    clip.write_bytes(content + b"\0")
    os.utime(clip, ns=(before.st_atime_ns, before.st_mtime_ns))
    longer = stamps([str(clip)])
    clip.write_bytes(content)
    os.utime(clip, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))
    later = stamps([str(clip)])
    os.utime(clip, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = [find(done, replace(spec, source=replace(spec.source, stamps=told))) for told in (longer, later)]
    assert found == [None, None]
    assert find(done, replace(spec, source=replace(spec.source, stamps=stamps([str(clip)])))) is not None


def lose_a_frame(job: Job) -> None:
    """Delete one of the frames."""
    (job.output / job.spec.file_name(5)).unlink()


def lose_all(job: Job) -> None:
    """Delete the folder of the frames."""
    for path in job.output.iterdir():
        path.unlink()
    job.output.rmdir()


def empty_a_frame(job: Job) -> None:
    """Leave a frame as a power cut does before its content reached the disk."""
    (job.output / job.spec.file_name(5)).write_bytes(b"")


def blank_a_frame(job: Job) -> None:
    """Leave a frame as a power cut does where only its length reached the disk."""
    path = job.output / job.spec.file_name(9)
    path.write_bytes(bytes(path.stat().st_size))


def empty_an_old_frame(job: Job) -> None:
    """Leave the frame of a whole day before empty."""
    path = job.output / job.spec.file_name(2)
    path.write_bytes(b"")
    age(path, 86400.0)


def blank_a_frame_of_the_last_minute(job: Job) -> None:
    """Leave a frame as a power cut does that comes a minute after."""
    blank_a_frame(job)
    age(job.output / job.spec.file_name(9), 60.0)


def age(path: Path, seconds: float) -> None:
    """Let a file have been written earlier."""
    written = path.stat().st_mtime - seconds
    os.utime(path, (written, written))


def break_off(job: Job) -> None:
    """Leave the events of a worker that was killed after its last frame."""
    (job.folder / EVENTS_FILE).write_text(encode(FrameDone(9, 1.0)))


def break_off_in_a_line(job: Job) -> None:
    """Leave half an event."""
    events = job.folder / EVENTS_FILE
    events.write_text(events.read_text()[:-5])


def say_nothing(job: Job) -> None:
    """Leave no events, as a job that waits."""
    (job.folder / EVENTS_FILE).unlink()


def spoil(job: Job) -> None:
    """Leave a description that nobody can read."""
    (job.folder / "job.json").write_text("{")


@pytest.mark.parametrize(
    "harm",
    [
        lose_a_frame,
        lose_all,
        empty_a_frame,
        blank_a_frame,
        empty_an_old_frame,
        blank_a_frame_of_the_last_minute,
        break_off,
        break_off_in_a_line,
        say_nothing,
        spoil,
    ],
)
def test_half_a_job_is_not_done(done: Job, spec: JobSpec, harm: Callable[[Job], None]) -> None:
    """Where a frame or the worker's last word is missing, the work is to be done again."""
    harm(done)
    assert find(done, spec) is None


def test_frames_that_reached_the_disk_are_not_opened(done: Job, spec: JobSpec) -> None:
    """The button would wait for each of an hour's: one of ten minutes before the last is only seen to be there."""
    blank_a_frame(done)
    age(done.output / spec.file_name(9), 600.0)
    assert find(done, spec) is not None


def test_what_is_left_of_a_job_still_serves_whom_it_is_enough_for(done: Job, spec: JobSpec) -> None:
    """A deleted frame is missed only by those who show it."""
    lose_a_frame(done)
    assert find(done, with_frames(spec, 2, 3)) is not None


def test_what_is_being_deleted_serves_nobody(done: Job, spec: JobSpec) -> None:
    """A cancelled job's folder is renamed first; then another process deletes its files, one by one."""
    (done.folder / "raw").mkdir()
    assert find(done, spec) is not None and FinishedJobs(done.folder.parent).raws(spec)
    done.folder.rename(done.folder.with_name(f".{done.folder.name}.part"))
    assert find(done, spec) is None and not FinishedJobs(done.folder.parent).raws(spec)


def test_what_nobody_can_recognise_is_never_used_again(done: Job, spec: JobSpec) -> None:
    """Pictures rendered for one job, files of unknown state, and frames that nobody counted."""
    for source in (
        replace(spec.source, disposable=True),
        replace(spec.source, stamps=()),
        replace(spec.source, frames=None),
    ):
        unknown = replace(spec, source=source)
        assert not unknown.covers(unknown)
        assert find(done, unknown) is None


def test_raw_mattes_of_another_version_serve_no_job(
    spec: JobSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an update of the extension the model looks again, instead of a change that fails on each of them."""
    job = Job(tmp_path / "matte" / "old", replace(spec, raw_limit=10**9))
    job.write()
    pipeline.run(job.spec, job.folder, lambda _: None)
    assert FinishedJobs(tmp_path / "matte").raws(spec) == (str(job.folder / "raw"),)
    monkeypatch.setattr(engine_spec, "RAW_FORMAT", engine_spec.RAW_FORMAT + 1)
    assert FinishedJobs(tmp_path / "matte").raws(spec) == ()


def test_a_model_that_was_replaced_makes_other_frames(
    spec: JobSpec, tmp_path: Path, passthrough: Path, counting: Path
) -> None:
    """Neither frames nor raw mattes of the first one of its name serve; where it is gone, the latter do."""
    model = tmp_path / "mine.onnx"

    def put(content: Path, moment: int) -> JobSpec:
        model.write_bytes(content.read_bytes())
        os.utime(model, ns=(moment, moment))
        return replace(spec, model=str(model), model_stamp=identity(model), raw_limit=10**9)

    first = put(passthrough, 1)
    job = Job(tmp_path / "matte" / "first", first)
    job.write()
    with (job.folder / EVENTS_FILE).open("w") as events:
        pipeline.run(job.spec, job.folder, lambda event: events.write(encode(event)))
    raws = (str(job.folder / "raw"),)

    def serves(spec: JobSpec) -> tuple[bool, tuple[str, ...]]:
        finished = FinishedJobs(tmp_path / "matte")
        return finished.find(spec) is not None, finished.raws(spec)

    assert serves(first) == (True, raws)
    assert serves(put(counting, 1)) == serves(put(passthrough, 2)) == (False, ())
    assert serves(put(passthrough, 1)) == (True, raws)
    model.unlink()
    assert serves(replace(first, model_stamp=identity(model))) == (False, raws)


def test_no_folder_of_results_holds_no_job(spec: JobSpec, tmp_path: Path) -> None:
    """Before the first run there is nothing to find."""
    assert FinishedJobs(tmp_path / "nowhere").find(spec) is None


def test_a_file_that_is_gone_has_a_stamp_that_none_has(tmp_path: Path) -> None:
    """Size and time are those of the file system; a missing file is told from an empty one."""
    (tmp_path / "empty").touch()
    os.utime(tmp_path / "empty", ns=(7, 0))
    assert stamps([str(tmp_path / "empty"), str(tmp_path / "gone")]) == ((0, 0), (-1, 0))
