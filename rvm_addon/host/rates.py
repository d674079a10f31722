"""What runs took on this machine: an estimate is a measurement of something like it, or nothing."""

import contextlib
import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import bpy

from ..engine import whole
from ..engine.events import MovieWritten
from ..engine.outputs import Look
from ..engine.spec import RAW_FOLDER, raw_name
from ..jobs.job import Job
from .encoders import MovieFormat
from .preferences import PACKAGE

log = logging.getLogger(__name__)

RAWS = "raw mattes"
"""The kind of measurement that tells what is kept for changes."""
_FILE = "rates.json"
_KEPT = 24
"""Measurements; of each size and kind the newest."""
_ALIKE = 1.6
"""By this factor at most may pixels differ for a time to be told: beyond it, cost does not follow size closely."""
_FEWEST_FRAMES = 10
_LOOKED_AT = 12
"""Files whose size is asked; more would keep Blender waiting on a network drive."""


@dataclass(frozen=True)
class Measurement:
    """What one run took."""

    pixels: int
    """Of a frame."""
    looked_at: int
    """Pixels of a frame as the network sees it; 0 where it has not looked at all frames, or at none."""
    kind: str
    """What was written, see `kind_of`, or `RAWS`."""
    seconds: float
    """Per frame."""
    bytes: float
    """Per frame."""


class Rates:
    """The measurements of this machine, in a file of the user's."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a file that cannot be read is begun anew."""
        self._path = path
        try:
            self._known = [Measurement(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
        except FileNotFoundError:
            self._known = []
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s: %s", path, error)
            self._known = []
        self.version = 0
        """Grows with each measurement: what was estimated before is out of date."""

    def learn(self, job: Job) -> None:
        """Remember what a job took for its frames; short jobs tell nothing."""
        for new in measured(job):
            self._remember(new)

    def learn_movie(self, look: Look, movie: MovieWritten) -> None:
        """Remember what a movie of such frames took; short ones tell nothing."""
        if movie.frames >= _FEWEST_FRAMES:
            pixels, kind = movie.width * movie.height, kind_of_movie(look, MovieFormat(movie.format))
            self._remember(Measurement(pixels, 0, kind, movie.seconds / movie.frames, movie.bytes / movie.frames))

    def _remember(self, new: Measurement) -> None:
        """Put a measurement in the place of an older one like it."""
        same = (new.pixels, new.looked_at, new.kind)
        others = [one for one in self._known if (one.pixels, one.looked_at, one.kind) != same]
        self._known = [new, *others][:_KEPT]
        self.version += 1
        try:
            whole.write(self._path, json.dumps([asdict(one) for one in self._known], indent=1).encode())
        except OSError as error:  # the next session knows less
            log.warning("%s: %s", self._path, error)

    def seconds(self, pixels: int, looked_at: int) -> float | None:
        """Return how long a frame takes; None if nothing like it has run here."""
        likes = [one for one in self._known if _factor(one.pixels, pixels) * _factor(one.looked_at, looked_at) < _ALIKE]
        if not likes:
            return None
        return min(likes, key=lambda one: _factor(one.pixels, pixels) * _factor(one.looked_at, looked_at)).seconds

    def bytes(self, pixels: int, kind: str) -> float | None:
        """Return how large a frame's file is; None if none of its kind was written here."""
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


def kind_of(look: Look) -> str:
    """Return in two words what is written: files of one kind have sizes alike."""
    return f"{look.result.name} {look.format.name}"


def kind_of_movie(look: Look, movie: MovieFormat) -> str:
    """Return the same of a movie."""
    return f"{look.result.name} movie {movie.name}"


def measured(job: Job) -> list[Measurement]:
    """Return what a finished job took, and what it keeps for changes; nothing if it was too short to tell."""
    if job.started is None or job.frames_done < _FEWEST_FRAMES or not job.frames_per_second:
        return []
    pixels = job.started.width * job.started.height
    looked_at = 0 if job.spec.raws else round(pixels * job.started.ratio**2)
    wanted = job.spec.source.frames or range(job.frames_done)
    some = wanted[:: -(-len(wanted) // _LOOKED_AT)]  # an hour has a hundred thousand
    written = _size(job.output / job.spec.file_name(frame) for frame in some)
    kept = _size(job.folder / RAW_FOLDER / raw_name(frame) for frame in some)
    told = [
        Measurement(pixels, looked_at, kind_of(job.spec.look), 1 / job.frames_per_second, written),
        Measurement(pixels, 0, RAWS, 0.0, kept),
    ]
    return [one for one in told if one.bytes]


def _size(files: Iterable[Path]) -> float:
    """Return how many bytes each of some files takes; 0 where there are none."""
    sizes = []
    for path in files:
        with contextlib.suppress(OSError):  # it was moved away already, or was not kept
            sizes.append(path.stat().st_size)
    return sum(sizes) / max(len(sizes), 1)


@cache
def current() -> Rates:
    """Return this machine's measurements."""
    return Rates(Path(bpy.utils.extension_path_user(PACKAGE, create=True)) / _FILE)


def _factor(one: int, other: int) -> float:
    """Return by which factor, 1 or more, two numbers differ."""
    return max(one, other) / max(min(one, other), 1)
