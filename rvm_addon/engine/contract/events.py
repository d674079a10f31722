"""What a worker reports while it runs: one line of JSON per event, in `events.jsonl` (other parts: `NAME.jsonl`).

Standard library only. Exactly one `Finished` or `Failed` ends a run. A process that ends without either was killed or
crashed, or found another process at work in its folder (`process.HELD_STATUS`), whose events it leaves alone. The
background Blenders that run before and after the worker emit `Rendered`, or `Encoded` and `MovieWritten`, and `Failed`
if they fail.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

EVENTS_FILE = "events.jsonl"
"""In a job's folder: the events of its worker."""
_LAST_LINE_BYTES = 1 << 14
"""More than the last line of a run has."""


@dataclass(frozen=True)
class Rendered:
    """A background Blender has rendered a picture into the job's folder, for the worker to matte."""

    frame: int
    """On the timeline."""
    seconds: float
    """Since the background Blender began."""


@dataclass(frozen=True)
class Started:
    """Source and model are open; frames follow.

    Where all frames stand already, only the source is open, and what it does not tell is 0 or empty.
    """

    frames: int
    """How many frames are expected; a movie's container may be wrong about it."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    provider: str
    """The ONNX Runtime execution provider that actually runs the model."""
    ratio: float
    """The downsample ratio in use."""
    runtime: str
    """Versions and places of the libraries, for the reader of a log."""
    offered: str = ""
    """The execution providers that ONNX Runtime has here, the chosen one among them; separated by commas."""
    made: int = 0
    """How many of `frames` stand already, because an earlier run was stopped."""
    pixel_aspect: float = 1.0
    """How wide a pixel is shown, by its height: not 1 in anamorphic movies."""


@dataclass(frozen=True)
class FrameDone:
    """A frame stands whole under its name."""

    frame: int
    """Its number in the source, from 0."""
    seconds: float
    """Since the worker began."""


@dataclass(frozen=True)
class Warned:
    """Something that the user should know and that does not end the run."""

    message: str


@dataclass(frozen=True)
class Finished:
    """All frames are written."""

    frames: int
    seconds: float
    """Since the worker began."""


@dataclass(frozen=True)
class Failed:
    """The run ended early. The frames made so far stay."""

    message: str
    """What happened, to which file."""
    remedy: str
    """What to do about it."""


@dataclass(frozen=True)
class Encoded:
    """A background Blender has written a frame into the movie."""

    frame: int
    """In the movie, from 1."""
    seconds: float
    """Since the background Blender began."""


@dataclass(frozen=True)
class MovieWritten:
    """A movie of the frames stands whole under its name."""

    path: str
    """Absolute."""
    format: str
    """The format's name on the side that asked for the movie."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    frames: int
    seconds: float
    """How long it took."""
    bytes: int
    """The file's size."""
    has_sound: bool


Event = Rendered | Started | FrameDone | Warned | Finished | Failed | Encoded | MovieWritten

Emit = Callable[[Event], None]
"""Reports an event of a run."""

_KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


def encode(event: Event) -> str:
    """Return the event as one line, newline included."""
    return json.dumps({"event": type(event).__name__, **asdict(event)}) + "\n"


def decode(line: str) -> Event:
    """Return the event from the line that `encode` made of it.

    Raises:
        ValueError: the line is not an event.
    """
    data = json.loads(line)
    try:
        return _KINDS[data.pop("event")](**data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an event: {line!r}") from error


def started_in(folder: Path) -> Started | None:
    """Return with what the worker of a job's folder began; None if it did not, or its events cannot be read."""
    with suppress(OSError, ValueError), (folder / EVENTS_FILE).open(encoding="utf-8") as lines:
        return next((event for event in map(decode, lines) if isinstance(event, Started)), None)
    return None


def last_event(folder: Path, name: str = EVENTS_FILE) -> Event | None:
    """Return the last event in a file of a job's folder; None if there is none, or its line is not whole."""
    try:
        with (folder / name).open("rb") as stream:
            stream.seek(max(stream.seek(0, os.SEEK_END) - _LAST_LINE_BYTES, 0))
            last = stream.read().splitlines()[-1:]
        return decode(last[0].decode("utf-8")) if last else None
    except (OSError, ValueError):
        return None
