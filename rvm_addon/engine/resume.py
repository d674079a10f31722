"""What an interrupted run has left to do, as its job's folder tells it. Standard library only.

The frames that stand are not made again. The model remembers what it saw, so what it remembers is kept now and then
(`memory`); a run that goes on lets it look again at the frames since. Each frame comes out as in one run.
"""

import json
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from .files import names_in, stamps
from .spec import JobSpec
from .whole import is_whole

MEMORY_FILE = "memory.bin"
"""In the job's folder: a line of JSON, then the states. `frame` is the newest that the model had seen, `bytes` the
length of the states."""


@dataclass(frozen=True)
class Rest:
    """What is left of a job; of one that begins, everything."""

    made: frozenset[int]
    """The frames whose files stand."""
    frames: tuple[int, ...] | None
    """The frames to read, ascending: from after what the model remembers to the last that is missing. None is all that
    there are from `since` on: where the job asks for all of a movie, nobody knows which is the last."""
    recalls: bool = False
    """Whether they follow what the model remembers."""
    since: int = 0
    """The first frame to read."""


def rest(spec: JobSpec, folder: Path) -> Rest:
    """Return what the job in `folder` has left to do."""
    wanted, made = spec.source.frames, standing(spec, folder)
    if not made:
        return Rest(made, wanted)
    missing = next((frame for frame in (count() if wanted is None else wanted) if frame not in made), None)
    if missing is None:
        return Rest(made, ())
    seen = remembered_frame(folder)
    recalls = seen is not None and seen < missing  # else it is of later: a frame was taken away since
    since = seen + 1 if seen is not None and recalls else 0
    if wanted is None:
        return Rest(made, None, recalls, since)
    last = max(frame for frame in wanted if frame not in made)
    return Rest(made, tuple(frame for frame in wanted if since <= frame <= last), recalls, since)


def standing(spec: JobSpec, folder: Path) -> frozenset[int]:
    """Return the wanted frames whose files stand whole in the output folder; none if the source has changed since."""
    source = spec.source
    names = names_in(folder / spec.output)
    if not names or (source.stamps and stamps(source.paths) != source.stamps):
        return frozenset()
    frames = source.frames if source.frames is not None else map(spec.frame_of, names)
    there = (frame for frame in frames if frame is not None and spec.file_name(frame) in names)
    return frozenset(frame for frame in there if is_whole(folder / spec.output / spec.file_name(frame)))


def remembered_frame(folder: Path) -> int | None:
    """Return the newest frame that the kept memory has seen; None if nothing is kept, or not whole."""
    path = folder / MEMORY_FILE
    try:
        with path.open("rb") as stream:
            head = stream.readline()
            told = json.loads(head)
            whole = len(head) + told["bytes"] == path.stat().st_size and is_whole(path)
            return int(told["frame"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
