from pathlib import Path, PureWindowsPath

import pytest

from rvm_addon.engine.contract.errors import OutputFailed
from rvm_addon.engine.contract.events import Encoded, Failed, Finished, FrameDone, MovieWritten, Started, Warned
from rvm_addon.engine.contract.process import HELD_STATUS
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.jobs import parts
from rvm_addon.jobs.claims import claim_file, claim_folder, file_stem
from rvm_addon.jobs.job import Job, State

SPEC = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",), tuple(range(10))), "frames", "x", "/m.onnx")
STARTED = Started(10, 1280, 720, "CPUExecutionProvider", 0.4, "onnxruntime")
WITHOUT_A_WORD = ("The worker stopped unexpectedly (status 1)", "Its log is “{log}”.")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job that runs."""
    job = Job(tmp_path, SPEC)
    job.move(State.RUNNING)
    return job


def test_events_fold_into_progress(job: Job) -> None:
    """Rate and time left count from the first frame, which waited for the model."""
    assert (job.progress, job.seconds_left, job.frames_total) == (0.0, None, 10)
    job.apply(STARTED)
    job.apply(FrameDone(0, 3.0))
    assert job.seconds_left is None
    for number in range(1, 5):
        job.apply(FrameDone(number, 3.0 + number / 2))
    assert (job.frames_done, job.progress, job.frames_per_second) == (5, 0.5, 2.0)
    assert job.seconds_left == 2.5


def test_a_container_that_lies_never_shows_more_than_all(job: Job) -> None:
    """More frames than promised still make a progress of at most 1."""
    job.apply(Started(2, 1, 1, "", 1.0, ""))
    for number in range(5):
        job.apply(FrameDone(number, float(number)))
    assert job.progress == 1.0
    assert job.frames_total == 5


@pytest.mark.parametrize(
    ("events", "cancelled", "state", "error", "remedy"),
    [
        ([STARTED, Finished(10, 9.0)], False, State.DONE, "", ""),
        ([STARTED, Finished(10, 9.0)], True, State.DONE, "", ""),
        ([STARTED], True, State.CANCELLED, "", ""),
        ([STARTED], False, State.FAILED, *WITHOUT_A_WORD),
        ([STARTED, Failed("gone", "put it back")], False, State.FAILED, "gone", "put it back"),
        ([], False, State.FAILED, *WITHOUT_A_WORD),
    ],
)
def test_the_end_of_the_process_settles_the_state(
    job: Job, events: list[Started | Finished | Failed], cancelled: bool, state: State, error: str, remedy: str
) -> None:
    """Finished wins over a late cancel; an end without a word is a failure that names the log."""
    if cancelled:
        job.move(State.CANCELLING)
    for event in events:
        job.apply(event)
    job.end_part(1)
    assert job.state is state and job.state.ended
    assert (job.error, job.remedy) == (error, remedy.format(log=job.folder / "worker.log"))


def test_impossible_moves_raise(job: Job) -> None:
    """The table has no way back."""
    with pytest.raises(ValueError, match="RUNNING to QUEUED"):
        job.move(State.QUEUED)
    job.apply(Finished(10, 1.0))
    job.end_part(0)
    with pytest.raises(ValueError, match="DONE"):
        job.move(State.RUNNING)


def test_warnings_are_kept_and_halves_removed(job: Job) -> None:
    """The user's sentences stay in order; what a killed worker was writing goes."""
    job.apply(Warned("one"))
    job.apply(Warned("two"))
    job.output.mkdir()
    (job.folder / "4.part").touch()
    (job.output / "x_000003.png").touch()
    (job.output / "somebody's.part").touch()
    job.end_part(-15)
    assert job.warnings == ["one", "two"]
    assert {path.name for path in job.folder.rglob("*") if path.is_file()} == {"x_000003.png", "somebody's.part"}


WRITTEN = MovieWritten("/x.mkv", "ffv1", 2, 2, 10, 1.0, 9, has_sound=True)


@pytest.mark.parametrize(
    ("events", "cancelled", "movies", "said"),
    [
        ([Encoded(1, 1.0), WRITTEN], False, 1, ""),
        ([WRITTEN], True, 1, ""),
        ([Failed("The movie is odd", "Do this.")], False, 0, "The movie is odd. Do this."),
        ([Encoded(1, 1.0)], False, 0, "memory. Its log"),
        ([Encoded(1, 1.0)], True, 0, "cancelled"),
    ],
)
def test_a_job_whose_frames_stand_is_done(
    tmp_path: Path, events: list[Encoded | MovieWritten | Failed], cancelled: bool, movies: int, said: str
) -> None:
    """Whatever becomes of its movie, which can be made again without the frames."""
    job = Job(tmp_path, SPEC, (parts.MATTING, parts.encoding("encoding_1", (), 10)))
    job.move(State.RUNNING)
    for event in (STARTED, Finished(10, 9.0)):
        job.apply(event)
    assert not job.matted
    job.end_part(0)
    assert job.matted and job.part.kind is parts.Kind.ENCODING
    if cancelled:
        job.move(State.CANCELLING)
    for event in events:
        job.apply(event)
    job.end_part(-9)
    assert (job.state, job.error, len(job.movies)) == (State.DONE, "", movies)
    assert len(job.warnings) == len(job.movies_missing) == 1 - movies
    assert said in "".join(job.warnings)
    again = job.again()
    assert (again.matted, [part.kind.name for part in again.parts[1:]]) == (True, ["ENCODING"] * (1 - movies))


def test_what_waits_for_its_movie_only_can_be_dropped(tmp_path: Path) -> None:
    """Its frames stand: it is done, and says that there is no movie."""
    job = Job.done_before(tmp_path, SPEC, [parts.encoding("encoding_1", (), 10)])
    assert job.state is State.QUEUED
    job.drop()
    assert (job.state, len(job.movies_missing), len(job.warnings)) == (State.DONE, 1, 1)


def test_only_a_killed_worker_is_suspected_of_memory(job: Job) -> None:
    """The guess is made where the system killed the process, and nowhere else."""
    other = Job(job.folder, SPEC)
    other.move(State.RUNNING)
    job.end_part(-9)
    other.end_part(1)
    assert "memory" in job.remedy
    assert "memory" not in other.remedy
    assert "status 1" in other.error


@pytest.mark.parametrize(
    ("before", "program", "log"),
    [([parts.rendering((), 10)], "Blender in the background", "rendering.log"), ([], "worker", "worker.log")],
    ids=["rendering", "matting"],
)
@pytest.mark.parametrize("seen", [True, False])
def test_the_program_that_stopped_is_named(
    tmp_path: Path, before: list[parts.Part], program: str, log: str, seen: bool
) -> None:
    """The worker has not begun while another Blender renders what it will matte."""
    job = Job(tmp_path, SPEC, (*before, parts.MATTING))
    job.move(State.RUNNING)
    if seen:
        job.end_part(-11)
    else:
        job.abandon()
    why = "status -11" if seen else "its end was not seen"
    assert (job.state, job.error) == (State.FAILED, f"The {program} stopped unexpectedly ({why})")
    assert job.remedy == f"Its log is “{tmp_path / log}”."


def test_a_worker_that_lacks_a_library_to_begin_tells_what_to_install(job: Job) -> None:
    """Windows ends it before it can say anything, with this status."""
    job.end_part(3221225781)
    assert "Visual C++ Redistributable" in job.remedy


def test_a_disk_that_is_away_is_told_as_such(job: Job) -> None:
    """Neither events nor a log are to be read where the job's folder was."""
    job.folder.rmdir()
    job.end_part(1)
    assert job.error == f"The job's folder “{job.folder}” is gone" and "press Continue" in job.remedy


def test_a_drive_that_does_not_answer_ends_the_job(tmp_path: Path) -> None:
    """Even to ask whether the folder is there is an error, as for a name that no drive has: the job ends."""
    job = Job(tmp_path / ("name" * 100), SPEC)
    job.move(State.RUNNING)
    job.end_part(1)
    assert (job.state, job.error) == (State.FAILED, f"The job's folder “{job.folder}” is gone")


@pytest.mark.parametrize("of", [(parts.MATTING,), (parts.MATTING, parts.encoding("encoding_1", (), 10))])
def test_a_folder_that_is_anothers_is_told_as_such(tmp_path: Path, of: tuple[parts.Part, ...]) -> None:
    """Nothing stopped unexpectedly: whoever works there goes on."""
    job = Job(tmp_path, SPEC, of) if len(of) == 1 else Job.done_before(tmp_path, SPEC, of[1:])
    job.move(State.RUNNING)
    job.end_part(HELD_STATUS)
    said = "".join([job.error, ". ", job.remedy] if job.error else job.warnings)
    assert said == f"Another Blender works on “{tmp_path}”. Wait until it is done there, or cancel it there."


def test_a_folder_is_claimed_once(tmp_path: Path) -> None:
    """Two jobs of one name get two folders; a file in the way is an error in words."""
    assert [claim_folder(tmp_path / "out", "clip").name for _ in range(3)] == ["clip", "clip 2", "clip 3"]
    assert [claim_file(tmp_path, "clip", ".mkv").name for _ in range(3)] == ["clip.mkv", "clip 2.mkv", "clip 3.mkv"]
    (tmp_path / "file").touch()
    with pytest.raises(OutputFailed, match="file"):
        claim_folder(tmp_path / "file", "clip")


@pytest.mark.parametrize("deeper", ["", "deeper"])
@pytest.mark.parametrize("is_link", [True, False])
def test_what_is_in_the_way_of_a_folder_is_named(tmp_path: Path, deeper: str, is_link: bool) -> None:
    """A link to a drive that is away, or a file, as the folder of results or above it: no other name would be free."""
    in_the_way = tmp_path / "matte"
    if is_link:
        in_the_way.symlink_to(tmp_path / "a drive that is away", target_is_directory=True)
    else:
        in_the_way.touch()
    with pytest.raises(OutputFailed, match="not there" if is_link else "it is a file") as told:
        claim_folder(in_the_way / deeper, "clip")
    assert told.value.path == in_the_way


@pytest.mark.filterwarnings("ignore:.*is_reserved:DeprecationWarning")  # its successor is younger than Blender's Python
@pytest.mark.parametrize("name", ["con", "Nul.v2", "aux .take 3", "COM1", "com¹.cut", "LPT³", "prn . "])
def test_no_name_is_one_of_windows_devices(name: str) -> None:
    """Such a file is a device, whatever follows the first dot, and blanks before that."""
    assert PureWindowsPath(name.rstrip(" .")).is_reserved()
    assert not PureWindowsPath(file_stem(name)).is_reserved()
