"""What earlier runs of the command line made: it is gone on from, or gives way to a run that makes something itself.

`made.json` says of every file in the output folder by which command it was made, so that none is taken for another's.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Self

from ..engine import locks, whole
from ..engine.errors import JobHeld, OutputFailed
from ..engine.files import read_json
from ..engine.spec import PARTIAL_SUFFIX
from ..engine.whole import is_whole
from ..jobs.job import Job
from ..jobs.queue import FREE_AFTER_SECONDS

_COMMAND_FILE = "command"
"""In a job's folder: the lock that says that a command is at it, between its processes, too."""
_MADE_FILE = "made.json"
"""In a job's folder: what its runs made, by name, of which file each and how. `job.json` tells of the last run only."""
_APART = "earlier"
"""In a job's folder: frames that give way, until it is sure that they do; with what was noted of them then."""
_DOOMED = "given way"
"""In a job's folder: frames that have given way, while they are deleted."""
_LOOK_SECONDS = 0.05


class Origin(NamedTuple):
    """How a file was made."""

    source: str
    """Absolute path of the file of which it was made."""
    settings: str
    """What tells the settings from others; empty where a version made it that did not note them."""
    run: str = ""
    """What tells the command from all others, also whether its files are still the same: its frames are those of one
    run. Empty where that is not known, and for a movie that is not written yet."""


@dataclass(frozen=True)
class Target:
    """What a job writes: a file, or all frames of a movie."""

    name: str
    """Below the output folder; `%06d` stands for the number of a frame."""
    origin: Origin
    """How it is made."""
    there: tuple[Path, ...]
    """The files that have its name already."""
    is_movie: bool = False
    """Whether it is a movie of the frames, rather than frames."""

    def stands(self, noted: Mapping[str, Origin]) -> bool:
        """Return whether what is there was made by the very same command, all of it whole."""
        return bool(self.there) and noted.get(self.name) == self.origin and all(map(is_whole, self.there))


def made(folder: Path) -> dict[str, Origin]:
    """Return what the runs of a job's folder made, and how; nothing where that is not known."""
    return read_json(folder / _MADE_FILE, _origins) or {}


def _origins(told: dict[str, Any]) -> dict[str, Origin]:
    """Return what `_note` has noted, or an earlier version."""
    pairs = dict(told).items()  # refuses what is no dictionary
    return {str(name): Origin(how, "") if isinstance(how, str) else Origin(*how) for name, how in pairs}


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a job's folder where it is missing, and let no other command work there meanwhile.

    What a killed one had started takes a moment to be gone.

    Raises:
        JobHeld: another process works there.
        OutputFailed: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(folder, error.strerror or "") from error
    give_up_at = time.monotonic() + FREE_AFTER_SECONDS
    with locks.held(folder, _COMMAND_FILE) as free:
        while free and locks.is_held(folder) and time.monotonic() < give_up_at:
            time.sleep(_LOOK_SECONDS)
        if not free or locks.is_held(folder):
            raise JobHeld(folder)
        yield


def settle(folder: Path, output: Path) -> bool:
    """Bring to an end what a run has left of its beginning: `output` has its frames, or those before; True for these.

    Raises:
        OSError: a folder refuses.
    """
    shutil.rmtree(folder / _DOOMED, ignore_errors=True)
    apart = folder / _APART
    if not apart.is_dir():
        return False
    noted = made(apart)
    names = (path for path in apart.iterdir() if not path.name.startswith("._"))  # macOS moves those with their files
    frames = [path for path in names if path.name != _MADE_FILE and path.suffix != PARTIAL_SUFFIX]
    if any((output / path.name).exists() for path in frames):
        _give_way(folder)
        return False
    _note(folder, made(folder) | noted)  # first: their own command is not to be refused if this is cut off
    for path in frames:
        path.replace(output / path.name)
    shutil.rmtree(apart, ignore_errors=True)
    return bool(frames)


def _give_way(folder: Path) -> None:
    """Delete the frames that are apart; to begin with, all of them at once have another name.

    Raises:
        OSError: the folder refuses.
    """
    (folder / _APART).rename(folder / _DOOMED)
    shutil.rmtree(folder / _DOOMED, ignore_errors=True)


def _note(folder: Path, told: Mapping[str, Origin]) -> None:
    """Leave in a job's folder what its runs have made, or are about to.

    Raises:
        OSError: the folder refuses.
    """
    whole.write(folder / _MADE_FILE, json.dumps(told).encode("ascii"))


class EarlierFrames:
    """What an earlier run made of an input that a job is about to work on. Whoever begins closes it."""

    def __init__(
        self,
        job: Job,
        look: Callable[[], Sequence[Target]],
        standing: Collection[str],
        movie: Target | None,
        *,
        movie_stands: bool,
    ) -> None:
        """Remember what `begin` has found: the names of the frames that are there to stay, and the movie, if any."""
        self._job = job
        self._look = look
        self._standing = standing
        self._movie = movie
        self.movie_stands = movie_stands
        """Whether the movie was written before, of these frames."""

    @classmethod
    def begin(cls, job: Job, look: Callable[[], Sequence[Target]], *, goes_on: bool) -> Self:
        """Make room for what a job writes, by moving and deleting files, and note in its folder that it writes it.

        `look` tells the targets with what is there just now. A job that `goes_on` leaves the frames that are there
        where they are, but for those that a power cut has damaged. For any other they are moved apart: of a longer
        movie they would be left beside its own. Until it has a frame of its own nothing is deleted: a model or a movie
        may turn out to be unusable.

        Raises:
            OSError: a folder refuses; the frames are where they were.
        """
        noted, now = made(job.folder), look()
        frames = [path for target in now if not target.is_movie for path in target.there]
        standing: Collection[str] = ()
        if goes_on:
            standing = _clear_of_damage(frames)
        else:
            _set_apart(job, noted, frames)
        movie = next((target for target in now if target.is_movie), None)
        movie_stands = goes_on and movie is not None and movie.stands(noted)
        if movie is not None and not movie_stands:  # what is there now is another's until the last moment
            noted[movie.name] = movie.origin._replace(run="")
        _note(job.folder, noted | {target.name: target.origin for target in now if not target.is_movie})
        return cls(job, look, standing, movie, movie_stands=movie_stands)

    def first_missing(self) -> int | None:
        """Return the first frame that the job has to make; None where all stand."""
        spec = self._job.spec
        wanted = count() if spec.source.frames is None else spec.source.frames
        return next((frame for frame in wanted if spec.file_name(frame) not in self._standing), None)

    def give_way(self) -> None:
        """Delete what was moved apart, if the job has a frame of its own by now."""
        if self._job.frames_done and (self._job.folder / _APART).is_dir():
            _give_way(self._job.folder)

    def movie_written(self) -> None:
        """Note that the movie is the job's.

        Raises:
            OSError: the folder refuses.
        """
        if self._movie is not None:
            _note(self._job.folder, made(self._job.folder) | {self._movie.name: self._movie.origin})

    def close(self) -> None:
        """Put back what was moved apart where the job has ended without a frame; and what was not made is the user's.

        Raises:
            OSError: a folder refuses.
        """
        self.give_way()
        settle(self._job.folder, self._job.output)
        unmade = {target.name for target in self._look() if not target.there}
        _note(self._job.folder, {name: how for name, how in made(self._job.folder).items() if name not in unmade})


def _clear_of_damage(frames: Sequence[Path]) -> frozenset[str]:
    """Delete the frames that a power cut has damaged, and return the names of the others.

    Whoever writes a movie of them would not wait for those.

    Raises:
        OSError: the folder refuses.
    """
    damaged = {path for path in frames if not is_whole(path)}
    for path in damaged:
        path.unlink()
    return frozenset(path.name for path in frames if path not in damaged)


def _set_apart(job: Job, noted: Mapping[str, Origin], frames: Sequence[Path]) -> None:
    """Move frames apart, with what is noted of them; only then is anything else noted of their names.

    Raises:
        OSError: a folder refuses; the frames are where they were.
    """
    apart = job.folder / _APART
    if not frames:
        return
    try:
        apart.mkdir(exist_ok=True)
        _note(apart, noted)
        for path in frames:
            path.replace(apart / path.name)
    except OSError:
        settle(job.folder, job.output)
        raise
