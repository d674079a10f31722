"""What earlier runs of the command line made: a new run continues it, or replaces it once it has a frame of its own.

`made.json` records which command made each file in the output folder, so that no file is taken for another command's.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Self

from ...engine.contract import locks
from ...engine.contract.errors import JobHeld, OutputRefused
from ...engine.contract.files import read_json, write_json
from ...engine.contract.spec import PARTIAL_SUFFIX
from ...engine.contract.whole import is_whole
from ...jobs.job import Job
from ...jobs.queue import FREE_AFTER_SECONDS

_COMMAND_FILE = "command"
"""In a job's folder: the file whose lock a command holds from its start to its end, also between its processes."""
_MADE_FILE = "made.json"
"""In a job's folder: the origin of each file that its runs made, by name. `job.json` describes the last run only."""
_APART = "earlier"
"""In a job's folder: earlier frames, with their own `made.json`, until the new run has a frame and they are deleted."""
_DOOMED = "given way"
"""In a job's folder: earlier frames while they are deleted."""
_LOOK_SECONDS = 0.05


class Origin(NamedTuple):
    """How a file was made."""

    source: str
    """Absolute path of the input file."""
    settings: str
    """A digest of the settings; empty if an older version made the file, which did not note them."""
    run: str = ""
    """A digest of the command, with the stamps of its files: frames with the same digest fit together. Empty where it
    is not known, and for a movie that is not written yet."""


@dataclass(frozen=True)
class Target:
    """What a job writes: a file, or all frames of a movie."""

    name: str
    """Path relative to the output folder; `%06d` stands for the number of a frame."""
    origin: Origin
    """How it is made."""
    there: tuple[Path, ...]
    """The existing files of this name."""
    is_movie: bool = False
    """Whether it is a movie of the frames, rather than frames."""

    def stands(self, noted: Mapping[str, Origin]) -> bool:
        """Return whether its files exist, are all whole, and were made by the very same command."""
        return bool(self.there) and noted.get(self.name) == self.origin and all(map(is_whole, self.there))


def made(folder: Path) -> dict[str, Origin]:
    """Return the origin of each file that the runs in a job's folder made, by name; empty where it is not known."""
    return read_json(folder / _MADE_FILE, _origins) or {}


def _origins(told: dict[str, Any]) -> dict[str, Origin]:
    """Return the origins that `_note` has written, in this or an older version."""
    return {str(name): Origin(how, "") if isinstance(how, str) else Origin(*how) for name, how in dict(told).items()}


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a job's folder where it is missing, and keep other commands out of it within the context.

    The processes of a command that was killed take a moment to end; they are waited for.

    Raises:
        JobHeld: another process works there.
        OutputRefused: the folder cannot be made, or not be written to.
    """
    with contextlib.ExitStack() as until_left:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            free = until_left.enter_context(locks.held(folder, _COMMAND_FILE))
        except OSError as error:
            raise OutputRefused(folder, error) from error
        give_up_at = time.monotonic() + FREE_AFTER_SECONDS
        while free and locks.is_held(folder) and time.monotonic() < give_up_at:
            time.sleep(_LOOK_SECONDS)
        if not free or locks.is_held(folder):
            raise JobHeld(folder)
        yield


def settle(folder: Path, output: Path) -> bool:
    """Settle what a killed run left unsettled; return whether it has put earlier frames back into `output`.

    If `output` has a new frame, the earlier frames, which were moved apart, are deleted. Otherwise they are put back.

    Raises:
        OSError: a folder refuses.
    """
    shutil.rmtree(folder / _DOOMED, ignore_errors=True)
    apart = folder / _APART
    if not apart.is_dir():
        return False
    noted = made(apart)
    names = (path for path in apart.iterdir() if not path.name.startswith("._"))  # macOS moves these with their files
    frames = [path for path in names if path.name != _MADE_FILE and path.suffix != PARTIAL_SUFFIX]
    if any((output / path.name).exists() for path in frames):
        _give_way(folder)
        return False
    _note(folder, made(folder) | noted)  # first, so that their own command is accepted even if this is interrupted
    for path in frames:
        path.replace(output / path.name)
    shutil.rmtree(apart, ignore_errors=True)
    return bool(frames)


def _give_way(folder: Path) -> None:
    """Delete the frames that were moved apart; a rename comes first, so that all of them give way at once.

    Raises:
        OSError: the folder refuses.
    """
    (folder / _APART).rename(folder / _DOOMED)
    shutil.rmtree(folder / _DOOMED, ignore_errors=True)


def _note(folder: Path, told: Mapping[str, Origin]) -> None:
    """Write the origins of what a job's runs have made, or are about to make, to its folder.

    Raises:
        OSError: the folder refuses.
    """
    write_json(folder / _MADE_FILE, told)


class EarlierFrames:
    """What an earlier run made of a job's input. Whoever calls `begin` also calls `close`."""

    def __init__(
        self,
        job: Job,
        look: Callable[[], Sequence[Target]],
        standing: Collection[str],
        movie: Target | None,
        *,
        movie_stands: bool,
    ) -> None:
        """Remember what `begin` has found: the names of the frames that stay, and the movie, if any."""
        self._job = job
        self._look = look
        self._standing = standing
        self._movie = movie
        self.movie_stands = movie_stands
        """Whether an earlier run has written the movie from these frames."""

    @classmethod
    def begin(cls, job: Job, look: Callable[[], Sequence[Target]], *, goes_on: bool) -> Self:
        """Make room for what a job writes, by moving and deleting files, and note the job's targets in its folder.

        `look` returns the targets with their existing files. A job that `goes_on` keeps the existing frames, except
        those that a power cut has damaged. Any other job moves them apart: frames of a longer movie would otherwise
        remain among its own. They are deleted only once the job has a frame of its own, because the model or the movie
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
        if movie is not None and not movie_stands:  # an existing movie is another command's until it is replaced
            noted[movie.name] = movie.origin._replace(run="")
        _note(job.folder, noted | {target.name: target.origin for target in now if not target.is_movie})
        return cls(job, look, standing, movie, movie_stands=movie_stands)

    def first_missing(self) -> int | None:
        """Return the first frame that the job has to make; None where all stand."""
        spec = self._job.spec
        wanted = count() if spec.source.frames is None else spec.source.frames
        return next((frame for frame in wanted if spec.file_name(frame) not in self._standing), None)

    def give_way(self) -> None:
        """Delete the frames that were moved apart if the job has a frame of its own, unless the system refuses now.

        Windows renames no folder while somebody looks at a file in it, which must not end the job; `close` tries again.
        """
        if self._job.frames_done and (self._job.folder / _APART).is_dir():
            with contextlib.suppress(PermissionError):
                _give_way(self._job.folder)

    def movie_written(self) -> None:
        """Note that the job has written the movie.

        Raises:
            OSError: the folder refuses.
        """
        if self._movie is not None:
            _note(self._job.folder, made(self._job.folder) | {self._movie.name: self._movie.origin})

    def close(self) -> None:
        """Put back the frames that were moved apart if the job made none; forget the targets that have no files.

        A file that later has the name of such a target is the user's.

        Raises:
            OSError: a folder refuses.
        """
        self.give_way()
        settle(self._job.folder, self._job.output)
        unmade = {target.name for target in self._look() if not target.there}
        _note(self._job.folder, {name: how for name, how in made(self._job.folder).items() if name not in unmade})


def _clear_of_damage(frames: Sequence[Path]) -> frozenset[str]:
    """Delete the frames that a power cut has damaged, and return the names of the others.

    The background Blender, which writes the movie, waits only for frames that are missing, not for damaged ones.

    Raises:
        OSError: the folder refuses.
    """
    damaged = {path for path in frames if not is_whole(path)}
    for path in damaged:
        path.unlink()
    return frozenset(path.name for path in frames if path not in damaged)


def _set_apart(job: Job, noted: Mapping[str, Origin], frames: Sequence[Path]) -> None:
    """Move frames apart together with the notes on them; the caller overwrites these notes only afterwards.

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
