"""Measured times and sizes of runs on this machine: an estimate comes from a similar run, or there is none."""

import contextlib
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import bpy

from ...engine.contract import locks
from ...engine.contract.events import MovieWritten
from ...engine.contract.files import read_json, write_json
from ...engine.contract.outputs import Look
from ...engine.contract.spec import RAW_FOLDER, raw_name
from ...jobs.job import Job
from ..blender.encoders import MovieFormat
from ..settings.preferences import PACKAGE

log = logging.getLogger(__name__)

RAWS = "raw mattes"
"""The kind of a measurement of the raw mattes that are kept for later changes."""
_FILE = "rates.json"
_KEPT = 24
"""How many measurements are kept, the newest of each size and kind."""
_ALIKE = 1.6
"""The factor by which numbers of pixels may differ for an estimate of time: beyond it, cost does not follow size
closely."""
_FEWEST_FRAMES = 10
_LOOKED_AT = 12
"""How many files are asked for their size; on a network drive, more would make Blender wait."""


@dataclass(frozen=True)
class Measurement:
    """The cost of one run."""

    pixels: int
    """Pixels per frame."""
    looked_at: int
    """Pixels per frame as the network sees it; 0 if it did not process every frame."""
    kind: str
    """The kind of files written, see `kind_of`, or `RAWS`."""
    seconds: float
    """Per frame."""
    bytes: float
    """Per frame."""


class Rates:
    """The measurements of this machine, kept in a file in the user's folder of the extension."""

    def __init__(self, path: Path) -> None:
        """Read the measurements; a file that cannot be read counts as empty."""
        self._path = path
        self._known = _read(path)
        self.version = 0
        """Grows with each measurement, which makes earlier estimates stale."""

    def learn(self, job: Job) -> None:
        """Remember the cost of a job's frames; short jobs are ignored."""
        for new in measured(job):
            self._remember(new)

    def learn_movie(self, look: Look, movie: MovieWritten) -> None:
        """Remember the cost of a movie of frames with this look; short movies are ignored."""
        if movie.frames >= _FEWEST_FRAMES:
            pixels, kind = movie.width * movie.height, kind_of_movie(look, MovieFormat(movie.format))
            self._remember(Measurement(pixels, 0, kind, movie.seconds / movie.frames, movie.bytes / movie.frames))

    def _remember(self, new: Measurement) -> None:
        """Add a measurement to those of this Blender and of all others."""
        self._known = _with(new, self._known)
        self.version += 1
        try:
            with locks.in_turn(self._path):
                self._known = _with(new, _read(self._path) or self._known)
                write_json(self._path, [asdict(one) for one in self._known])
        except OSError as error:  # only later sessions lack the measurement
            log.warning("%s: %s", self._path, error)

    def seconds(self, pixels: int, looked_at: int) -> float | None:
        """Return the seconds that a frame takes; None if nothing similar has run here."""
        likes = [one for one in self._known if _factor(one.pixels, pixels) * _factor(one.looked_at, looked_at) < _ALIKE]
        if not likes:
            return None
        return min(likes, key=lambda one: _factor(one.pixels, pixels) * _factor(one.looked_at, looked_at)).seconds

    def bytes(self, pixels: int, kind: str) -> float | None:
        """Return the size of a frame's file in bytes; None if none of its kind was written here."""
        nearest = self._nearest(pixels, kind)
        return None if nearest is None else nearest.bytes * pixels / nearest.pixels

    def movie(self, pixels: int, kind: str) -> tuple[float, float] | None:
        """Return the seconds and bytes that a movie's frame takes; None if none of its kind was written here."""
        nearest = self._nearest(pixels, kind)
        if nearest is None:
            return None
        return nearest.seconds * pixels / nearest.pixels, nearest.bytes * pixels / nearest.pixels

    def _nearest(self, pixels: int, kind: str) -> Measurement | None:
        """Return the measurement of a kind whose pictures are nearest in size."""
        likes = [one for one in self._known if one.kind == kind]
        return min(likes, key=lambda one: _factor(one.pixels, pixels), default=None)


def _with(new: Measurement, known: list[Measurement]) -> list[Measurement]:
    """Return what is known and a new measurement, which takes the place of an older one of the same size and kind."""
    same = (new.pixels, new.looked_at, new.kind)
    return [new, *(one for one in known if (one.pixels, one.looked_at, one.kind) != same)][:_KEPT]


def _read(path: Path) -> list[Measurement]:
    """Return the measurements in a file; none if it cannot be read."""
    return read_json(path, lambda content: [Measurement(**one) for one in content]) or []


def kind_of(look: Look) -> str:
    """Return the kind of files that are written, in two words: files of one kind have similar sizes."""
    return f"{look.result.name} {look.format.name}"


def kind_of_movie(look: Look, movie: MovieFormat) -> str:
    """Return the kind of a movie, as `kind_of` does for frames."""
    return f"{look.result.name} movie {movie.name}"


def measured(job: Job) -> list[Measurement]:
    """Return the cost of a finished job's frames and of its raw mattes; nothing if the job was too short to tell."""
    if job.started is None or job.frames_done < _FEWEST_FRAMES or not job.frames_per_second:
        return []
    pixels = job.started.width * job.started.height
    looked_at = 0 if job.spec.raws else round(pixels * job.started.ratio**2)
    wanted = job.spec.source.frames or range(job.frames_done)
    some = wanted[:: -(-len(wanted) // _LOOKED_AT)]  # an hour has a hundred thousand frames
    written = _size(job.output / job.spec.file_name(frame) for frame in some)
    kept = _size(job.folder / RAW_FOLDER / raw_name(frame) for frame in some)
    costs = [
        Measurement(pixels, looked_at, kind_of(job.spec.look), 1 / job.frames_per_second, written),
        Measurement(pixels, 0, RAWS, 0.0, kept),
    ]
    return [one for one in costs if one.bytes]


def _size(files: Iterable[Path]) -> float:
    """Return the mean size of files in bytes; 0 if there are none."""
    sizes = []
    for path in files:
        with contextlib.suppress(OSError):  # the file was moved away, or was not kept
            sizes.append(path.stat().st_size)
    return sum(sizes) / max(len(sizes), 1)


@cache
def current() -> Rates:
    """Return this machine's measurements."""
    return Rates(Path(bpy.utils.extension_path_user(PACKAGE, create=True)) / _FILE)


def _factor(one: int, other: int) -> float:
    """Return the factor, 1 or more, by which two numbers differ."""
    return max(one, other) / max(min(one, other), 1)
