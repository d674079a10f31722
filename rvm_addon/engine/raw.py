"""Raw mattes: what the model said of each frame, kept to make other results without it.

One file per frame: the matte in 16 bits, and the foreground's colours where the matte is above nought and a little
beyond, both cropped to where that is, filtered by "up" as in PNG, and deflated by ISA-L.
"""

import contextlib
import os
import shutil
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from .errors import OutputFailed, SourceMissing, SourceUnreadable
from .matte import Matte
from .spec import PARTIAL_SUFFIX, RAW_FOLDER
from .tensors import Picture, Plane

_SUFFIX = ".raw"
_HEAD = struct.Struct("<4sHHHHHHI")
"""Magic, height and width of the frame; top, bottom, left, right of the crop; bytes of the deflated matte."""
_MAGIC = b"RVM1"
_BEYOND = np.ones((17, 17), np.uint8)
"""Colours are known 8 pixels beyond the matte, so that it can be grown."""
_LEVEL = 1
WARM_UP_FRAMES = 15
"""RVM's error falls sharply over its first 15 frames (so say the paper's figures)."""


@dataclass(frozen=True)
class RawMatte:
    """A matte as it was drawn once; a `Matte` together with its source frame."""

    picture: Picture
    """The source frame, BGR (H x W x 3)."""
    matte: NDArray[np.uint16]
    """The matte, H x W."""
    foreground: Picture
    """The foreground's colours, BGR (rows x columns x 3), in the crop; nought where they are not known."""
    rows: slice
    columns: slice

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return self.matte if deep else cv2.convertScaleAbs(self.matte, alpha=1 / 257)

    def paint(self, colours: Picture, where: Picture) -> None:
        """Put the foreground on `colours` (BGR, H x W x 3) where `where` (H x W) is not nought and it is known."""
        if not self.foreground.size:
            return
        crop = (self.rows, self.columns)
        wanted = cv2.bitwise_and(where[crop], _known(self.matte[crop]))
        colours[crop] = cv2.copyTo(self.foreground, wanted, colours[crop].copy())


def drawn(matte: Matte) -> RawMatte:
    """Return all that a matte says of its frame."""
    alpha: NDArray[np.uint16] = matte.alpha(deep=True)  # type: ignore[assignment]  # as `deep` says
    known = _known(alpha)
    rows, columns = (_extent(cv2.reduce(known, axis, cv2.REDUCE_MAX)) for axis in (1, 0))
    colours = np.zeros_like(matte.picture)
    matte.paint(colours, known)
    return RawMatte(matte.picture, alpha, colours[rows, columns], rows, columns)


def encode(raw: RawMatte) -> bytes:
    """Return the file of a raw matte, its source frame left out."""
    crop = raw.matte[raw.rows, raw.columns]
    matte: bytes = isal_zlib.compress(_steps(np.concatenate([(crop >> 8), (crop & 255)]).astype(np.uint8)), _LEVEL)
    colours: bytes = isal_zlib.compress(_steps(raw.foreground.reshape(len(crop), 3 * crop.shape[1])), _LEVEL)
    extent = (raw.rows.start, raw.rows.stop, raw.columns.start, raw.columns.stop)
    return _HEAD.pack(_MAGIC, *raw.matte.shape, *extent, len(matte)) + matte + colours


def decode(data: bytes, picture: Picture) -> RawMatte:
    """Return the raw matte of a file that belongs to the source frame `picture`.

    Raises:
        ValueError: the data is not whole, or belongs to a frame of another size.
    """
    try:
        magic, height, width, top, bottom, left, right, size = _HEAD.unpack_from(data)
        if magic != _MAGIC or (height, width) != picture.shape[:2]:
            raise ValueError("it belongs to another version of the extension, or to another frame")
        tall, wide = bottom - top, right - left
        halves = _summed(isal_zlib.decompress(data[_HEAD.size : _HEAD.size + size]), 2 * tall, wide)
        colours = _summed(isal_zlib.decompress(data[_HEAD.size + size :]), tall, 3 * wide)
    except (struct.error, isal_zlib.error) as error:
        raise ValueError(f"it is not whole ({error})") from error
    matte = np.zeros((height, width), np.uint16)
    matte[top:bottom, left:right] = (halves[:tall].astype(np.uint16) << 8) | halves[tall:]
    return RawMatte(picture, matte, colours.reshape(tall, wide, 3), slice(top, bottom), slice(left, right))


class RawSink:
    """Keeps raw mattes in the job's folder, as many as there is room for."""

    def __init__(self, job_folder: Path, limit: int) -> None:
        """Make the folder; `limit` is in bytes.

        Raises:
            OutputFailed: the folder cannot be made.
        """
        self._folder = job_folder / RAW_FOLDER
        self._job_folder = job_folder
        self.room = limit
        """Bytes left; below nought nothing more is kept."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputFailed(self._folder, error.strerror or "") from error

    def write(self, frame: int, raw: RawMatte) -> None:
        """Keep a frame's raw matte, whole or not at all; from any thread.

        Raises:
            OutputFailed: the disk is full or the folder refuses.
        """
        data = encode(raw)
        self.room -= len(data)
        if self.room < 0:
            return
        partial = self._job_folder / f"{frame}{_SUFFIX}{PARTIAL_SUFFIX}"
        try:
            partial.write_bytes(data)
            partial.replace(self._folder / f"{frame:06d}{_SUFFIX}")
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            raise OutputFailed(self._folder, error.strerror or "") from error


class Shelf:
    """The raw mattes of earlier jobs."""

    def __init__(self, folders: Sequence[str]) -> None:
        """Look what is there; of a frame that is there twice, the one in the later folder counts."""
        for folder in folders:
            with contextlib.suppress(OSError):
                os.utime(folder)  # what is used is young: it does not give way first
        self._files = {int(path.stem): path for folder in folders for path in Path(folder).glob(f"*{_SUFFIX}")}

    def __contains__(self, frame: int) -> bool:
        """Return whether a frame's raw matte is there."""
        return frame in self._files

    def needs_model(self, wanted: Sequence[int]) -> set[int]:
        """Return the frames that the model must look at, of those wanted (ascending).

        That is what is not there, and some of what comes before that, for the model remembers.
        """
        looked_at: set[int] = set()
        for place, frame in enumerate(wanted):
            if frame not in self:
                follows_known = place > 0 and wanted[place - 1] in self
                looked_at.update(wanted[max(place - WARM_UP_FRAMES, 0) if follows_known else place : place + 1])
        return looked_at

    def read(self, frame: int, picture: Picture) -> RawMatte:
        """Return the raw matte of a frame, given its picture (BGR, H x W x 3).

        Raises:
            SourceMissing, SourceUnreadable: naming the file.
        """
        path = self._files[frame]
        try:
            return decode(path.read_bytes(), picture)
        except FileNotFoundError:
            raise SourceMissing(path) from None
        except (OSError, ValueError) as error:
            raise SourceUnreadable(path, str(error)) from error


def prune(jobs: Path, limit: int) -> None:
    """Delete raw mattes of the jobs in a folder, the oldest jobs' first, until they take at most `limit` bytes."""
    folders = sorted(jobs.glob(f"*/{RAW_FOLDER}"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders:
        limit -= sum(path.stat().st_size for path in folder.iterdir())
        if limit < 0:
            shutil.rmtree(folder, ignore_errors=True)


def _known(matte: Plane) -> Picture:
    """Return where (255, else 0) the foreground's colours are kept for a matte (H x W)."""
    known: Picture = cv2.dilate(cv2.compare(matte, 0, cv2.CMP_GT), _BEYOND)
    return known


def _extent(there: Picture) -> slice:
    """Return the shortest slice that holds everything that is there."""
    places = np.flatnonzero(there)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 0)


def _steps(rows: Picture) -> Picture:
    """Return rows (H x bytes) as differences from the one above."""
    steps = rows.copy()
    np.subtract(rows[1:], rows[:-1], out=steps[1:])
    return steps


def _summed(data: bytes, height: int, width: int) -> Picture:
    """Return the rows (H x W bytes) whose differences these are.

    Raises:
        ValueError: there are more or fewer.
    """
    rows = np.frombuffer(data, np.uint8).reshape(height, width).copy()
    for above, row in pairwise(rows):
        np.add(above, row, out=row)
    return rows
