"""Raw mattes: the model's output for each frame, kept to make other results without running the model.

Each frame has one file. It holds the matte, cropped to its pixels above zero and a margin, and the foreground's colours
in that crop: the guided filter's small maps as 16-bit floats, or the colours themselves where a model has no such maps.
The matte is stored as one bit per pixel for "full", one bit per pixel for "soft", and the 16-bit values of the soft
pixels. Colours are stored as differences from the row above, as in PNG. Everything is deflated by ISA-L.

The file also holds the colours at the matte's *edge*, despilled, if a run has made them anyway. Most changes show no
others of the foreground.
"""

import struct
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import isqrt
from typing import Self

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from ..contract.outputs import Foreground
from ..contract.spec import RAW_FORMAT
from ..network.guided import ColourMaps, Grid, grid_of
from ..network.matte import Edge, Matte
from ..network.once import Once
from ..pictures.tensors import (
    Box,
    Picture,
    Plane,
    Tensor,
    around,
    box_of,
    full,
    in_8_bits,
    laid_over,
    looked_up,
    overlap,
    within,
)

_HEAD = struct.Struct("<4sHHHHHHHHIII")
"""Magic; height and width of the frame; top, bottom, left, right of the crop; height and width of the maps, zero where
there are none; bytes of the deflated matte, of the edge (zero if it is missing) and of the colours or maps."""
_MAGIC = f"RVM{RAW_FORMAT}".encode()
_BEYOND = 8
"""Colours are known this many pixels beyond the matte, so that the matte can be grown."""
_LEVEL = 1
_MAPS = 6
"""Slope and offset of blue, green and red."""


@dataclass(frozen=True)
class HalfMaps:
    """The needed part of the maps that a foreground is made from, as 16-bit floats."""

    halves: NDArray[np.float16]
    """6 x rows x columns: slopes of blue, green, red, then offsets."""
    rows: slice
    columns: slice
    """The rows and columns of the whole small maps that `halves` holds."""
    grid: Grid

    @classmethod
    def of(cls, maps: ColourMaps, rows: slice, columns: slice) -> Self:
        """Return the part of the maps that decides these rows and columns of the frame."""
        part = maps.grid.part(rows, columns)
        own = within(part, maps.part)
        return cls(maps.planes[:, own[0], own[1]].astype(np.float16), *part, maps.grid)

    @Once
    def maps(self) -> ColourMaps:
        """The maps in 32-bit floats."""
        planes = looked_up(self.halves.view(np.uint16), _widened())
        return ColourMaps(planes, (self.rows, self.columns), self.grid)


@dataclass(frozen=True)
class RawMatte:
    """A matte that was drawn once, with its source frame; implements `Matte`."""

    picture: Picture
    """The source frame, BGR (H x W x 3)."""
    matte: NDArray[np.uint16]
    """The matte, H x W."""
    foreground: Picture | HalfMaps | None
    """The foreground's colours in the crop, BGR (rows x columns x 3), or the maps that make them; None where they were
    not asked for."""
    rows: slice
    columns: slice
    """The crop: where the foreground is known."""
    edge: Edge | None = None
    """The despilled colours at the matte's edge, if they were read or made."""

    @property
    def maps(self) -> ColourMaps | None:
        """The maps that make the foreground; None where its colours are stored or were not read."""
        return self.foreground.maps if isinstance(self.foreground, HalfMaps) else None

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return self.matte if deep else self._alpha

    @Once
    def _alpha(self) -> Picture:
        """The matte in 8 bits, H x W."""
        return in_8_bits(self.matte)

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the known foreground on `colours` (BGR) where `where` is not zero; both have the box's size.

        `colours` is contiguous. A foreground made from maps is known everywhere.
        """
        crop = (self.rows, self.columns)
        both = overlap(crop, box)
        inner = within(both, box)
        if not where[inner].size:  # nobody is there
            return
        if isinstance(self.foreground, HalfMaps):
            self.foreground.maps.paint(self.picture, colours, where, box)
        elif self.foreground is None:
            raise ValueError("the foreground's colours were not read")
        else:
            own = within(both, crop)
            known = around(self.matte[crop], _BEYOND)[own]
            seen = cv2.bitwise_and(where[inner], known)
            colours[inner] = laid_over(self.foreground[own], seen, colours[inner])


@cache
def _widened() -> Tensor:
    """Return every 16-bit float as 32 bits, indexed by its bits: OpenCV's lookup is faster than numpy's conversion."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


def drawn(matte: Matte) -> RawMatte:
    """Return a matte and its foreground in the precision that a file keeps."""
    alpha: NDArray[np.uint16] = matte.alpha(deep=True)  # type: ignore[assignment]  # as `deep` says
    box = rows, columns = box_of(alpha, _BEYOND)
    if matte.maps is not None:
        return RawMatte(matte.picture, alpha, HalfMaps.of(matte.maps, rows, columns), rows, columns)
    colours = np.zeros_like(matte.picture[box])
    if colours.size:
        matte.paint(colours, around(alpha[box], _BEYOND), box)
    return RawMatte(matte.picture, alpha, colours, rows, columns)


def encode(raw: RawMatte) -> bytes:
    """Return the file of a raw matte, without its source frame.

    Raises:
        ValueError: the foreground's colours are not known.
    """
    if raw.foreground is None:
        raise ValueError("a raw matte without the foreground's colours cannot be kept")
    matte = isal_zlib.compress(_classed(raw.matte[raw.rows, raw.columns]), _LEVEL)
    edge = b"" if raw.edge is None else isal_zlib.compress(_listed(raw.edge), _LEVEL)
    if isinstance(raw.foreground, HalfMaps):
        size = (raw.foreground.grid.map_height, raw.foreground.grid.map_width)
        colours = _halved(np.concatenate(raw.foreground.halves).view(np.uint16))
    else:
        size = (0, 0)
        colours = raw.foreground.reshape(raw.foreground.shape[0], 3 * raw.foreground.shape[1])
    extent = (raw.rows.start, raw.rows.stop, raw.columns.start, raw.columns.stop)
    packed = isal_zlib.compress(_steps(colours), _LEVEL)
    head = _HEAD.pack(_MAGIC, *raw.matte.shape, *extent, *size, len(matte), len(edge), len(packed))
    return b"".join([head, matte, edge, packed])


def decode(data: bytes, picture: Picture, foreground: Foreground = Foreground.ALL) -> RawMatte:
    """Return the raw matte in a file that belongs to the source frame `picture`.

    Only the wanted part of the `foreground` is read.

    Raises:
        ValueError: the data is not whole, or belongs to another version or to a frame of another size.
    """
    try:
        magic, height, width, top, bottom, left, right, map_height, map_width, *sizes = _HEAD.unpack_from(data)
        if magic != _MAGIC or (height, width) != picture.shape[:2]:
            raise ValueError("it belongs to another version of the extension, or to another frame")
        starts = accumulate(sizes, initial=_HEAD.size)
        matte_part, edge_part, colours_part = (
            data[start : start + size] for start, size in zip(starts, sizes, strict=False)
        )
        classed = isal_zlib.decompress(matte_part)
        edge = isal_zlib.decompress(edge_part) if edge_part and foreground is Foreground.EDGE else None
        colours = isal_zlib.decompress(colours_part) if foreground is Foreground.ALL else None
    except (struct.error, isal_zlib.error) as error:
        raise ValueError(f"it is not whole ({error})") from error
    crop = rows, columns = slice(top, bottom), slice(left, right)
    tall, wide = bottom - top, right - left
    matte = np.zeros((height, width), np.uint16)
    matte[crop] = _unclassed(classed, tall, wide)
    if edge is not None:
        return RawMatte(picture, matte, None, rows, columns, _unlisted(edge, in_8_bits(matte)))
    if colours is None:
        return RawMatte(picture, matte, None, rows, columns)
    if not map_height:
        painted = _summed(colours, tall, 3 * wide).reshape(tall, wide, 3)
        return RawMatte(picture, matte, painted, rows, columns)
    grid = grid_of(height, width, map_height, map_width)
    map_rows, map_columns = grid.part(rows, columns)
    tall, wide = map_rows.stop - map_rows.start, map_columns.stop - map_columns.start
    halves = _joined(_summed(colours, 2 * _MAPS * tall, wide)).view(np.float16).reshape(_MAPS, tall, wide)
    return RawMatte(picture, matte, HalfMaps(halves, map_rows, map_columns, grid), rows, columns)


def _listed(edge: Edge) -> Picture:
    """Return the colours of an edge (3 x pixels), each as its difference from the pixel before."""
    places = 3 * np.flatnonzero(edge.where.view(np.bool_))
    flat = edge.colours.reshape(-1)
    steps = np.zeros((3, 1 + len(places)), np.uint8)
    for channel, values in enumerate(steps):  # one by one: numpy is slow with rows of three
        values[1:] = flat.take(places + channel)
    return np.diff(steps)


def _unlisted(data: bytes, alpha: Picture) -> Edge:
    """Return the edge of a matte (H x W, 8 bit) from the bytes that `_listed` made of it.

    Raises:
        ValueError: there are more or fewer colours than pixels at the edge.
    """
    box = box_of(alpha, 1)
    edge = Edge.of(np.zeros((*alpha[box].shape, 3), np.uint8), alpha, box)
    places = 3 * np.flatnonzero(edge.where.view(np.bool_))
    flat = edge.colours.reshape(-1)
    for channel, steps in enumerate(np.frombuffer(data, np.uint8).reshape(3, len(places))):
        flat[places + channel] = np.cumsum(steps, dtype=np.uint8)
    return edge


def _classed(matte: NDArray[np.uint16]) -> bytes:
    """Return a bit per pixel for "full", a bit per pixel for "soft", and the soft pixels' high and low bytes."""
    opaque = matte == full(np.uint16)
    soft = (matte > 0) != opaque
    return b"".join([np.packbits(opaque).tobytes(), np.packbits(soft).tobytes(), _halved(matte[soft]).tobytes()])


def _unclassed(data: bytes, height: int, width: int) -> NDArray[np.uint16]:
    """Return the matte (H x W) from the bytes that `_classed` made of it.

    Raises:
        ValueError: there are more or fewer bytes.
    """
    size = -(-height * width // 8)
    bits = np.frombuffer(data, np.uint8)
    opaque, soft = (np.unpackbits(part, count=height * width) for part in (bits[:size], bits[size : 2 * size]))
    matte = opaque * np.uint16(full(np.uint16))
    matte[np.flatnonzero(soft.view(np.bool_))] = _joined(bits[2 * size :])  # a byte mask takes eight times as long
    return matte.reshape(height, width)


def _halved(values: NDArray[np.uint16]) -> Picture:
    """Return the high bytes of 16-bit values, followed by their low bytes, along the first axis."""
    halves: Picture = np.concatenate([values >> 8, values & 255]).astype(np.uint8)
    return halves


def _joined(halves: Picture) -> NDArray[np.uint16]:
    """Return the 16-bit values that `_halved` split into high and low bytes."""
    high, low = np.split(halves, 2)
    values: NDArray[np.uint16] = (high.astype(np.uint16) << np.uint16(8)) | low
    return values


def _steps(rows: Picture) -> Picture:
    """Return rows (H x bytes), each as its difference from the row above."""
    steps = rows.copy()
    np.subtract(rows[1:], rows[:-1], out=steps[1:])
    return steps


def _summed(data: bytes, height: int, width: int) -> Picture:
    """Return the rows (H x W bytes) from the differences that `_steps` made of them.

    Raises:
        ValueError: there are more or fewer bytes.
    """
    steps = np.frombuffer(data, np.uint8).reshape(height, width)
    together = max(isqrt(height), 1)
    blocks = np.zeros((-(-height // together), together, width), np.uint8)
    rows: Picture = blocks.reshape(len(blocks) * together, width)
    rows[:height] = steps
    for row in range(1, together):  # in all blocks at once: numpy is slow with short rows
        blocks[:, row] += blocks[:, row - 1]
    for block in range(1, len(blocks)):
        blocks[block] += blocks[block - 1, -1]
    return rows[:height]
