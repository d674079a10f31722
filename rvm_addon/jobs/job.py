"""A job: one folder, and the state that its events fold into."""

import contextlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..engine.errors import OutputFailed
from ..engine.events import EVENTS_FILE, Event, Failed, Finished, FrameDone, Rendered, Started, Warned
from ..engine.resume import names_in
from ..engine.spec import JOB_FILE, PARTIAL_SUFFIX, JobSpec
from ..engine.view import PICTURE_FILE, VIEW_FILE

RECIPE_FILE = "recipe.sha256"
"""Holds `JobSpec.recipe_digest` and `matting_digest`, a line for each, so that a job is found again among many
without reading them."""
LOG_FILE = "worker.log"
PREPARATION_EVENTS_FILE = "preparation.jsonl"
PREPARATION_LOG_FILE = "preparation.log"

_KILLED = frozenset({-9, 137})
"""How a process ends that the system killed, most often because memory ran out."""


class State(Enum):
    """Where a job stands."""

    QUEUED = "Queued"
    RUNNING = "Running"
    CANCELLING = "Cancelling"
    DONE = "Done"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    INTERRUPTED = "Interrupted"
    """An earlier session went away while the job waited or ran."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return not _MOVES[self]


_MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.FAILED}),
    State.RUNNING: frozenset({State.DONE, State.FAILED, State.CANCELLING}),
    State.CANCELLING: frozenset({State.CANCELLED, State.DONE}),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.INTERRUPTED: frozenset(),
}


@dataclass(frozen=True)
class Preparation:
    """A job's first part: another process makes the pictures that the worker then mattes.

    It tells of each with `Rendered` in `preparation.jsonl`, and its exit status is 0 when all stand.
    """

    command: tuple[str, ...]
    frames: int
    """How many pictures will come."""


class Job:
    """One job and what is known of it. Only `JobQueue` moves it."""

    def __init__(self, folder: Path, spec: JobSpec, preparation: Preparation | None = None) -> None:
        """Describe a job; nothing is written yet. `folder` is absolute: the worker starts elsewhere."""
        if not folder.is_absolute():
            raise ValueError(f"a job's folder must be absolute: {folder}")
        self.folder = folder
        self.spec = spec
        self.preparation = preparation
        self.preparing = preparation is not None
        """Whether the first part is still to be done."""
        self.frames_rendered = 0
        self.state = State.QUEUED
        self.found = False
        """Whether it was done before: its frames are there, and nothing was run for it."""
        self.started: Started | None = None
        self.frames_done = 0
        self.seconds = 0.0
        """Worker time at the newest frame, of the run that goes on where there were several."""
        self.warnings: list[str] = []
        self.error = ""
        self.remedy = ""
        self._first_frame_seconds = 0.0
        self._finished = False

    @classmethod
    def done_before(cls, folder: Path, spec: JobSpec) -> "Job":
        """Return a job that an earlier run has finished."""
        job = cls(folder, spec)
        job.state, job.found = State.DONE, True
        job.frames_done = job.frames_total
        return job

    @classmethod
    def left_behind(cls, folder: Path, spec: JobSpec, preparation: Preparation | None, said: Event | None) -> "Job":
        """Return a job that an earlier session did not bring to its end; `said` is the last thing that its worker said.

        How many frames it has is told by their names; whether they are whole, the worker sees when it goes on.
        """
        job = cls(folder, spec, preparation)
        job.state = State.INTERRUPTED
        there = names_in(job.output)
        job.frames_done = sum(spec.file_name(frame) in there for frame in spec.source.frames or ())
        if isinstance(said, Failed):
            job.state = State.FAILED
            job.apply(said)
        return job

    @property
    def output(self) -> Path:
        """The folder of the frames."""
        return self.folder / self.spec.output

    @property
    def log(self) -> Path:
        """What the process printed that runs, or that ran last."""
        return self.folder / (PREPARATION_LOG_FILE if self.preparing else LOG_FILE)

    @property
    def frames_total(self) -> int:
        """How many frames are expected; 0 while that is not known."""
        if self.started is not None:
            return max(self.started.frames, self.frames_done)
        return len(self.spec.source.frames or ())

    @property
    def progress(self) -> float:
        """From 0 to 1, over both parts where there are two."""
        if self.state is State.DONE:
            return 1.0
        total = self.frames_total + (self.preparation.frames if self.preparation else 0)
        return (self.frames_rendered + self.frames_done) / total if total else 0.0

    @property
    def frames_per_second(self) -> float:
        """The mean rate since the first frame, which waited for model and disk; 0 while that is not known."""
        elapsed = self.seconds - self._first_frame_seconds
        made = self.frames_done - (self.started.made if self.started is not None else 0)
        return (made - 1) / elapsed if made > 1 and elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the rate so far; None while that is not known."""
        rate = self.frames_per_second
        return (self.frames_total - self.frames_done) / rate if rate else None

    def write(self) -> None:
        """Make the job's folder as a worker wants it: `job.json`, its recipe, and nothing that an earlier run told.

        The frames of an earlier run stay: the worker goes on from there.

        Raises:
            OSError: the folder refuses.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (EVENTS_FILE, PREPARATION_EVENTS_FILE, VIEW_FILE, PICTURE_FILE):
            (self.folder / name).unlink(missing_ok=True)
        self._remove_partial_frames()
        partial = self.folder / f"{JOB_FILE}{PARTIAL_SUFFIX}"
        partial.write_text(self.spec.to_json(), encoding="utf-8")
        partial.replace(self.folder / JOB_FILE)
        digests = f"{self.spec.recipe_digest}\n{self.spec.matting_digest}\n"
        (self.folder / RECIPE_FILE).write_text(digests, encoding="ascii")

    def apply(self, event: Event) -> None:
        """Fold one event into what is known."""
        match event:
            case Rendered():
                self.frames_rendered += 1
            case Started():
                self.started = event
                self.frames_done = event.made
            case FrameDone(seconds=seconds):
                self.frames_done += 1
                self.seconds = seconds
                self._first_frame_seconds = self._first_frame_seconds or seconds
            case Warned(message=message):
                self.warnings.append(message)
            case Finished(frames=frames, seconds=seconds):
                self._finished = True
                self.frames_done = frames
                self.seconds = seconds
            case Failed(message=message, remedy=remedy):
                self.error, self.remedy = message, remedy

    def end(self, status: int) -> None:
        """Settle the state once the process is gone: its end is the truth, whatever was asked of it.

        `status` is the process's exit status, negative where a signal ended it.
        """
        self._remove_partial_frames()
        if self._finished:
            self.move(State.DONE)
        elif self.state is State.CANCELLING:
            self.move(State.CANCELLED)
        else:
            if not self.error:
                self.error = f"The worker stopped unexpectedly (status {status})"
                memory = "It may have run out of memory. " if status in _KILLED else ""
                self.remedy = f"{memory}Its log is “{self.log}”."
            self.move(State.FAILED)

    def fail(self, message: str, remedy: str) -> None:
        """End a job that could not be started."""
        self.error, self.remedy = message, remedy
        self.move(State.FAILED)

    def move(self, state: State) -> None:
        """Go to `state`, or raise ValueError where the table has no such way."""
        if state not in _MOVES[self.state]:
            raise ValueError(f"a job cannot go from {self.state.name} to {state.name}")
        self.state = state

    def _remove_partial_frames(self) -> None:
        """Delete what a killed worker was in the middle of writing, as far as the system lets go of it."""
        for partial in self.folder.glob(f"*{PARTIAL_SUFFIX}"):
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def claim_folder(parent: Path, name: str) -> Path:
    """Make a folder called `name`, or `name 2` and so on where that is taken, and return it: it is nobody else's.

    Raises:
        OutputFailed: `parent` refuses.
    """
    folder, number = parent / name, 1
    while True:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if parent.exists() and not parent.is_dir():
                raise OutputFailed(parent, "it is a file, not a folder") from None
            number += 1
            folder = parent / f"{name} {number}"
        except OSError as error:
            raise OutputFailed(folder, error.strerror or "") from error
        else:
            return folder
