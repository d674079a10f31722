"""The parts of a job, in their order: processes that render, matte and encode, each telling of itself in a file."""

from dataclasses import dataclass
from enum import Enum

from ..engine.events import EVENTS_FILE
from ..engine.spec import LOG_FILE


class Kind(Enum):
    """What a part does."""

    RENDERING = "rendering"
    """Another Blender makes the pictures that are matted. It tells of each with `Rendered`; status 0: all stand."""
    MATTING = "matting"
    """The worker makes the frames. `Finished` says that all stand."""
    ENCODING = "encoding"
    """Another Blender makes a movie of the frames. It tells of each with `Encoded`; `MovieWritten` says that it is."""


@dataclass(frozen=True)
class Part:
    """One process of a job."""

    kind: Kind
    events: str
    """The file in the job's folder in which it tells of itself."""
    log: str
    """The file there for what it prints."""
    command: tuple[str, ...] = ()
    """Empty for the worker, which the queue's launcher knows how to start."""
    frames: int = 0
    """How many it makes; 0 where only the process knows."""
    environment: dict[str, str] | None = None
    """None is this process's own."""

    @property
    def name(self) -> str:
        """What its files are called, without suffix."""
        return self.events.rpartition(".")[0]


MATTING = Part(Kind.MATTING, EVENTS_FILE, LOG_FILE)


def rendering(command: tuple[str, ...], frames: int) -> Part:
    """Return the part that comes first where a job has one."""
    return _named("rendering", Kind.RENDERING, command, frames)


def encoding(name: str, command: tuple[str, ...], frames: int) -> Part:
    """Return a part that comes last; its files are called `name`, for a job may write several movies."""
    return _named(name, Kind.ENCODING, command, frames)


def events_file(name: str) -> str:
    """Return the file in which the part of this name tells of itself."""
    return f"{name}.jsonl"


def log_file(name: str) -> str:
    """Return the file for what the part of this name prints."""
    return f"{name}.log"


def _named(name: str, kind: Kind, command: tuple[str, ...], frames: int) -> Part:
    """Return the part of a name."""
    return Part(kind, events_file(name), log_file(name), command, frames)


@dataclass
class Tally:
    """How far a part is."""

    frames: int = 0
    seconds: float = 0.0
    """Of the process, at the newest frame."""
    before: int = 0
    """How many of the frames an earlier run has made."""
    first: float = 0.0
    """Of the process, at its first frame, which waited for everything to be opened."""

    def begin(self, before: int) -> None:
        """Begin with the frames that an earlier run has made."""
        self.frames = self.before = before

    def count(self, seconds: float) -> None:
        """Count a frame that stood after so many seconds."""
        self.frames += 1
        self.seconds = seconds
        self.first = self.first or seconds

    @property
    def per_second(self) -> float:
        """The mean rate since the first frame; 0 while that is not known."""
        elapsed, made = self.seconds - self.first, self.frames - self.before
        return (made - 1) / elapsed if made > 1 and elapsed > 0 else 0.0
