"""A job: one folder, and the state that its events fold into."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path

from ..engine.contract import whole
from ..engine.contract.errors import JobGone, JobHeld
from ..engine.contract.events import (
    Encoded,
    Event,
    Failed,
    Finished,
    FrameDone,
    MovieWritten,
    Rendered,
    Started,
    Warned,
)
from ..engine.contract.files import is_folder, names_in
from ..engine.contract.process import HELD_STATUS
from ..engine.contract.spec import JOB_FILE, PARTIAL_SUFFIX, JobSpec
from ..engine.contract.view import PICTURE_FILE, VIEW_FILE
from .parts import MATTING, Kind, Part, Tally

RECIPE_FILE = "recipe.sha256"
"""Holds three lines: `JobSpec.recipe_digest`, `matting_digest`, and the `matting_digest` that applies if the model file
is gone. A job is found by them among many without reading each `job.json`."""

KILLED_STATUS = -9
"""The exit status that `subprocess` gives for a killed process."""
_SHORT_OF_MEMORY = frozenset({KILLED_STATUS, 137})
"""The exit statuses of a process that the system killed, most often because memory ran out."""
_LACKS_RUNTIME = 0xC0000135
"""The exit status on Windows of a process that lacks a library at its start. The one that Blender's Python may lack is
Visual C++'s."""


class State(Enum):
    """The state of a job."""

    QUEUED = "Queued"
    RUNNING = "Running"
    CANCELLING = "Cancelling"
    DONE = "Done"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    INTERRUPTED = "Interrupted"
    """An earlier session ended while the job waited or ran."""

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return not _MOVES[self]


_MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.FAILED, State.DONE}),
    State.RUNNING: frozenset({State.DONE, State.FAILED, State.CANCELLING}),
    State.CANCELLING: frozenset({State.CANCELLED, State.DONE}),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.INTERRUPTED: frozenset(),
}


class Job:
    """One job and what is known of it. Only `JobQueue` moves it."""

    def __init__(self, folder: Path, spec: JobSpec, parts: Sequence[Part] = (MATTING,)) -> None:
        """Describe a job; nothing is written yet. `folder` must be absolute: the worker runs in another folder."""
        if not folder.is_absolute():
            raise ValueError(f"a job's folder must be absolute: {folder}")
        self.folder = folder
        self.spec = spec
        self.parts = list(parts)
        self.state = State.QUEUED
        self.found = False
        """Whether its frames were made before, so that nothing is matted for it."""
        self.matted = False
        """Whether every frame is made. They can be used then, even if a later part fails."""
        self.started: Started | None = None
        self.seconds = 0.0
        """Worker time at the newest frame, counted from the start of the latest run."""
        self.movies: list[MovieWritten] = []
        self.movies_missing: list[Part] = []
        """The parts whose movies were not written, although the job has ended or gone on."""
        self.project_closed = False
        """Whether another file was opened: no result is put on a timeline until the project is open again."""
        self._warnings: list[str] = []
        self.error = ""
        self.remedy = ""
        self._tallies = [Tally() for _ in parts]
        self._at = 0
        """The index of the part that runs or is next."""
        self._first = 0
        """The index of the first part that counts as progress: parts before it were done by an earlier run."""
        self._last_word: Finished | MovieWritten | Failed | None = None
        """The final event of the running part; None until it comes."""

    @classmethod
    def done_before(cls, folder: Path, spec: JobSpec, movies: Sequence[Part] = ()) -> "Job":
        """Return a job whose frames an earlier run has made; with `movies`, these are still to be written."""
        job = cls(folder, spec, (MATTING, *movies))
        job.found = job.matted = True
        job._tallies[0].frames = job.frames_total
        if movies:
            job._at = job._first = 1
        else:
            job.state = State.DONE
        return job

    @classmethod
    def left_behind(cls, folder: Path, spec: JobSpec, parts: Sequence[Part], said: Event | None) -> "Job":
        """Return a job that an earlier session did not finish; `said` is the last event of its worker.

        Its frames are counted by their names; the worker checks whether they are whole when it goes on.
        """
        job = cls(folder, spec, parts)
        job.state = State.INTERRUPTED
        there = names_in(job.output)
        job._matting.frames = sum(spec.file_name(frame) in there for frame in spec.source.frames or ())
        if isinstance(said, Failed):
            job.state, job.error, job.remedy = State.FAILED, said.message, said.remedy
        return job

    def again(self) -> "Job":
        """Return a job that writes the movies that this one still owes; its frames are made."""
        return Job.done_before(self.folder, self.spec, self.movies_missing)

    def owe(self, movies: Sequence[Part]) -> None:
        """Note movies that an earlier session did not write for this job, which is done."""
        self.movies_missing += movies
        if movies:
            self.warn("The movie has not been written yet; the frames are there")

    def add(self, part: Part) -> None:
        """Append a part to a job that has begun but not ended."""
        self.parts.append(part)
        self._tallies.append(Tally())

    def warn(self, text: str) -> None:
        """Add to the warnings."""
        self._warnings.append(text)

    @property
    def warnings(self) -> list[str]:
        """What the user should know and what did not end the job, a sentence each."""
        warnings = list(self._warnings)
        if self.project_closed:
            warnings.append(f"Another file was opened; the frames go to “{self.output}”")
        return warnings

    @property
    def said_all(self) -> bool:
        """Whether the running part has written its final event."""
        return self._last_word is not None

    @property
    def output(self) -> Path:
        """The folder of the frames."""
        return self.folder / self.spec.output

    @property
    def part(self) -> Part:
        """The part that runs or is next; of an ended job, the last that ran."""
        return self.parts[self._at]

    @property
    def log(self) -> Path:
        """The log of the process that runs, or that ran last."""
        return self.folder / self.part.log

    @property
    def frames_done(self) -> int:
        """How many frames are matted."""
        return self._matting.frames

    @property
    def frames_total(self) -> int:
        """How many frames will be matted in all; 0 while unknown."""
        if self.started is not None:
            return max(self.started.frames, self.frames_done)
        return len(self.spec.source.frames or ())

    @property
    def frames_of_part(self) -> tuple[int, int]:
        """How many frames the running part has made, and how many it makes in all."""
        return self._tallies[self._at].frames, self._expected(self.part)

    @property
    def parts_left(self) -> list[Part]:
        """The part that runs or is next, and those after it; of an ended job, the last that ran and what never did."""
        return self.parts[self._at :]

    @property
    def movies_owed(self) -> list[Part]:
        """The parts that still have to write their movies, and those that ended without writing them."""
        return [*self.movies_missing, *self.movies_coming]

    @property
    def movies_ordered(self) -> list[Part]:
        """The parts that write movies, whatever became of them."""
        return [*self.movies_missing, *(part for part in self.parts if part.kind is Kind.ENCODING)]

    @property
    def movies_coming(self) -> list[Part]:
        """The parts that still have to write their movies, the running one included."""
        coming = [] if self.state.ended else self.parts_left
        return [part for part in coming if part.kind is Kind.ENCODING]

    @property
    def progress(self) -> float:
        """From 0 to 1, over all parts, weighted by their numbers of frames."""
        if self.state is State.DONE:
            return 1.0
        total = sum(map(self._expected, self.parts[self._first :]))
        return sum(tally.frames for tally in self._tallies[self._first :]) / total if total else 0.0

    @property
    def frames_per_second(self) -> float:
        """The mean rate of matting; 0 while unknown."""
        return self._matting.per_second

    @property
    def part_per_second(self) -> float:
        """The mean rate of the running part; 0 while unknown."""
        return self._tallies[self._at].per_second

    @property
    def seconds_left(self) -> float | None:
        """How long the running part will still take at its mean rate so far; None while unknown."""
        done, expected = self.frames_of_part
        return (expected - done) / self.part_per_second if self.part_per_second else None

    def write(self) -> None:
        """Prepare the job's folder for the worker: write `job.json` and the recipe, delete an earlier run's events.

        The frames of an earlier run stay: the worker goes on from there.

        Raises:
            OSError: the folder cannot be written to.
        """
        if self.matted:  # everything is there already, events included
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (*(part.events for part in self.parts), VIEW_FILE, PICTURE_FILE):
            (self.folder / name).unlink(missing_ok=True)
        self._remove_partial_files()
        whole.write(self.folder / JOB_FILE, self.spec.to_json().encode())
        without_model = replace(self.spec, model_stamp="")
        digests = (self.spec.recipe_digest, self.spec.matting_digest, without_model.matting_digest)
        whole.write(self.folder / RECIPE_FILE, "".join(f"{digest}\n" for digest in digests).encode())

    def apply(self, event: Event) -> None:
        """Update the job from one event of the running part."""
        match event:
            case Started():
                self.started = event
                self._tallies[self._at].begin(event.made)
            case Rendered(seconds=seconds) | Encoded(seconds=seconds):
                self._tallies[self._at].count(seconds)
            case FrameDone(seconds=seconds):
                self._tallies[self._at].count(seconds)
                self.seconds = seconds
            case Warned(message=message):
                self.warn(message)
            case Finished(frames=frames, seconds=seconds):
                self._last_word = event
                self._tallies[self._at].frames = frames
                self.seconds = seconds
            case MovieWritten():
                self._last_word = event
                self.movies.append(event)
            case Failed():
                self._last_word = event

    def end_part(self, status: int) -> None:
        """Go to the next part, or end the job, after the process of the running part has ended.

        What the process achieved decides, even if it was asked to stop. `status` is its exit status, negative if a
        signal ended it. A job whose frames are made counts as done; a missing movie is only a warning.
        """
        self._remove_partial_files()
        word, self._last_word = self._last_word, None
        cancelled = self.state is State.CANCELLING
        match self.part.kind:
            case Kind.RENDERING if status != 0 or cancelled:
                self._end_without_frames(status, word)
            case Kind.MATTING if not isinstance(word, Finished):
                self._end_without_frames(status, word)
            case Kind.ENCODING if not isinstance(word, MovieWritten):
                self.movies_missing.append(self.part)
                if not cancelled:
                    self.warn(self._why_no_movie(status, word))
                self._go_on(cancelled=cancelled)
            case kind:
                self.matted = self.matted or kind is Kind.MATTING
                self._go_on(cancelled=cancelled)

    def drop(self) -> None:
        """End a job that has no running process and is no longer wanted."""
        if self.matted:
            self._miss_movies(self.parts_left)
            self.move(State.DONE)
        else:
            self.move(State.CANCELLED)

    def fail(self, message: str, remedy: str) -> None:
        """End a job that cannot go on; if its frames are made, it is done, and `message` becomes a warning."""
        if self.matted:
            self.movies_missing += self.parts_left
            self.warn(f"{message}. {remedy}")
            self.move(State.DONE)
        else:
            self.error, self.remedy = message, remedy
            self.move(State.FAILED)

    def abandon(self) -> None:
        """End a job that counts as running although its process is gone: an error hid the end of the process."""
        if self.state is State.CANCELLING:
            self.drop()
        else:
            self.fail(self._stopped("its end was not seen"), self._suspicion(0))

    def move(self, state: State) -> None:
        """Go to `state`, or raise ValueError if `_MOVES` does not allow it."""
        if state not in _MOVES[self.state]:
            raise ValueError(f"a job cannot go from {self.state.name} to {state.name}")
        self.state = state

    @property
    def _matting(self) -> Tally:
        """The tally of the matting part."""
        return next(tally for part, tally in zip(self.parts, self._tallies, strict=True) if part.kind is Kind.MATTING)

    def _expected(self, part: Part) -> int:
        """Return how many frames a part makes in all; 0 while unknown."""
        return self.frames_total if part.kind is Kind.MATTING else part.frames

    def _go_on(self, *, cancelled: bool) -> None:
        """Go to the next part; end the job if there is none or the user has cancelled it."""
        rest = self.parts[self._at + 1 :]
        if rest and not cancelled:
            self._at += 1
            return
        if cancelled:
            self._miss_movies(rest)
        self.move(State.DONE)

    def _miss_movies(self, parts: list[Part]) -> None:
        """Note that a cancelled job will not write its movies."""
        self.movies_missing += parts
        if self.movies_missing:
            self.warn("The movie was not written, for the job was cancelled; its frames are there")

    def _end_without_frames(self, status: int, word: object) -> None:
        """End a job whose frames are not all made."""
        if self.state is State.CANCELLING:
            self.move(State.CANCELLED)
        elif status == HELD_STATUS:
            held = JobHeld(self.folder)
            self.fail(str(held), held.remedy)
        elif isinstance(word, Failed):
            self.fail(word.message, word.remedy)
        elif not is_folder(self.folder):
            gone = JobGone(self.folder)
            self.fail(str(gone), gone.remedy)
        else:
            self.fail(self._stopped(f"status {status}"), self._suspicion(status))

    def _why_no_movie(self, status: int, word: object) -> str:
        """Return why a part ended without its movie, and what to do."""
        if status == HELD_STATUS:
            held = JobHeld(self.folder)
            return f"{held}. {held.remedy}"
        if isinstance(word, Failed):
            return f"{word.message}. {word.remedy}"
        what = f"No movie was written, for Blender stopped unexpectedly (status {status})"
        return f"{what}. {self._suspicion(status)}"

    def _stopped(self, why: str) -> str:
        """Return the sentence that says which program ended without a final event."""
        if self.part.kind is Kind.MATTING:
            return f"The worker stopped unexpectedly ({why})"
        return f"The Blender in the background stopped unexpectedly ({why})"

    def _suspicion(self, status: int) -> str:
        """Return the likely cause of a process's end without a final event, and where its log is."""
        hint = "It may have run out of memory. " if status in _SHORT_OF_MEMORY else ""
        if status == _LACKS_RUNTIME:
            hint = "Install the newest Microsoft Visual C++ Redistributable (x64). "
        return f"{hint}Its log is “{self.log}”."

    def _remove_partial_files(self) -> None:
        """Delete the files that a killed process has written in part, as far as the system allows it."""
        with contextlib.suppress(OSError):  # the drive may be disconnected
            for partial in self.folder.glob(f"*{PARTIAL_SUFFIX}"):
                with contextlib.suppress(OSError):
                    partial.unlink(missing_ok=True)
