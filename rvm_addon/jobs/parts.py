"""The parts of a job, in order: processes that render, matte and encode. Each writes its events into a file."""

from dataclasses import dataclass
from enum import Enum

from ..engine.contract.events import EVENTS_FILE
from ..engine.contract.spec import LOG_FILE


class Kind(Enum):
    """What a part does."""

    RENDERING = "rendering"
    """The background Blender renders the pictures to be matted, with one `Rendered` each; exit status 0 says that all
    are there."""
    MATTING = "matting"
    """The worker makes the frames. `Finished` says that all are there."""
    ENCODING = "encoding"
    """The background Blender makes a movie of the frames, with one `Encoded` each; `MovieWritten` says that the movie
    is there."""


@dataclass(frozen=True)
class Part:
    """One process of a job."""

    kind: Kind
    events: str
    """The file in the job's folder that takes its events."""
    log: str
    """The file there that takes what it prints."""
    command: tuple[str, ...] = ()
    """Empty for the worker, which the queue's launcher knows how to start."""
    frames: int = 0
    """How many frames it makes; 0 if only the process knows."""
    environment: dict[str, str] | None = None
    """None stands for this process's own environment."""

    @property
    def name(self) -> str:
        """The stem of its files' names."""
        return self.events.rpartition(".")[0]


MATTING = Part(Kind.MATTING, EVENTS_FILE, LOG_FILE)


def rendering(command: tuple[str, ...], frames: int) -> Part:
    """Return the part that renders pictures, the first of a job that has one."""
    return _named("rendering", Kind.RENDERING, command, frames)


def encoding(name: str, command: tuple[str, ...], frames: int) -> Part:
    """Return a part that writes a movie, after matting; `name` tells its files from those of the job's other movies."""
    return _named(name, Kind.ENCODING, command, frames)


def events_file(name: str) -> str:
    """Return the name of the file that takes the events of the part called `name`."""
    return f"{name}.jsonl"


def log_file(name: str) -> str:
    """Return the name of the file that takes what the part called `name` prints."""
    return f"{name}.log"


def _named(name: str, kind: Kind, command: tuple[str, ...], frames: int) -> Part:
    """Return a part whose files are called `name`."""
    return Part(kind, events_file(name), log_file(name), command, frames)


@dataclass
class Tally:
    """The progress of a part."""

    frames: int = 0
    seconds: float = 0.0
    """Process time at the newest frame."""
    before: int = 0
    """How many of the frames an earlier run made."""
    first: float = 0.0
    """Process time at its first frame, which includes opening the files and the model."""

    def begin(self, before: int) -> None:
        """Begin with the number of frames that an earlier run made."""
        self.frames = self.before = before

    def count(self, seconds: float) -> None:
        """Count a frame that was finished at this process time."""
        self.frames += 1
        self.seconds = seconds
        self.first = self.first or seconds

    @property
    def per_second(self) -> float:
        """The mean rate since the first frame; 0 while unknown."""
        elapsed, made = self.seconds - self.first, self.frames - self.before
        return (made - 1) / elapsed if made > 1 and elapsed > 0 else 0.0
