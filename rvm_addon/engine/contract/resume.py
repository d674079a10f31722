"""What an interrupted run has left to do, judged by its job's folder. Standard library only.

Frames that stand are not made again. The model's recurrent state is kept now and then (`network.memory`); a run that
goes on loads it and lets the model see the frames since once more. So each frame comes out as in one run.
"""

import json
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from .files import names_in, stamps
from .spec import JobSpec
from .whole import is_whole

MEMORY_FILE = "memory.bin"
"""In the job's folder: a line of JSON, then the states. `frame` is the newest frame in the states, `bytes` their
length."""


@dataclass(frozen=True)
class Rest:
    """What is left of a job; all of it for a new one."""

    made: frozenset[int]
    """The frames whose files stand."""
    frames: tuple[int, ...] | None
    """The frames to read, ascending: from the first after the kept state to the last missing one. None means all from
    `since` on: where a job asks for a whole movie, its last frame is not known."""
    recalls: bool = False
    """Whether the frames follow the kept state of the model."""
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
    recalls = seen is not None and seen < missing  # else the state is too new: a frame was deleted since
    since = seen + 1 if seen is not None and recalls else 0
    if wanted is None:
        return Rest(made, None, recalls, since)
    last = max(frame for frame in wanted if frame not in made)
    return Rest(made, tuple(frame for frame in wanted if since <= frame <= last), recalls, since)


def standing(spec: JobSpec, folder: Path) -> frozenset[int]:
    """Return the wanted frames whose files are whole in the output folder; none if the source has changed since."""
    source = spec.source
    names = names_in(folder / spec.output)
    if not names or (source.stamps and stamps(source.paths) != source.stamps):
        return frozenset()
    frames = source.frames if source.frames is not None else map(spec.frame_of, names)
    there = (frame for frame in frames if frame is not None and spec.file_name(frame) in names)
    return frozenset(frame for frame in there if is_whole(folder / spec.output / spec.file_name(frame)))


def remembered_frame(folder: Path) -> int | None:
    """Return the newest frame in the kept state; None if no state is kept, or it is not whole."""
    path = folder / MEMORY_FILE
    try:
        with path.open("rb") as stream:
            line = stream.readline()
            head = json.loads(line)
            whole = len(line) + head["bytes"] == path.stat().st_size and is_whole(path)
            return int(head["frame"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
