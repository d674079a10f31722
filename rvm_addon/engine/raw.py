"""Raw mattes: what the model said of each frame, kept to make other results without it.

One file per frame: the matte, cropped to where it is above nought and a little beyond, and what the foreground's
colours are there: the guided filter's small maps in 16-bit floats, or the colours themselves where a model has no such
maps. Of the matte it is a bit for each pixel that is full, one for each that is soft, and the soft ones' values, of 16
bits; of the colours the differences from the row above, as in PNG. All of it is deflated by ISA-L.

Beside the maps lie the colours that they make at the matte's *edge*, if a run has painted those anyway: most changes
show no others, and to read them takes a third of the time of reading the maps and painting.
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

from .guided import ColourMaps, Grid, grid_of
from .matte import Matte
from .once import Once
from .outputs import Foreground
from .spec import RAW_FORMAT
from .tensors import Box, Picture, Plane, Tensor, box_of, full, in_8_bits, laid_over, looked_up, overlap, within

_HEAD = struct.Struct("<4sHHHHHHHHIII")
"""Magic; height and width of the frame; top, bottom, left, right of the crop; height and width of the maps, nought
where there are none; bytes of the deflated matte, edge (nought if it is not there) and colours or maps."""
_MAGIC = f"RVM{RAW_FORMAT}".encode()
_BEYOND = 8
"""Colours are known so many pixels beyond the matte, so that it can be grown."""
_LEVEL = 1
_MAPS = 6
"""Slope and offset of blue, green and red."""


@dataclass(frozen=True)
class HalfMaps:
    """What a foreground is made from, in 16-bit floats, as far as it is needed."""

    halves: NDArray[np.float16]
    """6 x rows x columns: slopes of blue, green, red, then offsets."""
    rows: slice
    columns: slice
    """Of the small maps: where these lie."""
    grid: Grid

    @classmethod
    def of(cls, maps: ColourMaps, rows: slice, columns: slice) -> Self:
        """Return what decides these rows and columns of the frame."""
        part = maps.grid.part(rows, columns)
        own = within(part, maps.part)
        return cls(maps.planes[:, own[0], own[1]].astype(np.float16), *part, maps.grid)

    @Once
    def maps(self) -> ColourMaps:
        """The maps in 32-bit floats."""
        planes = looked_up(self.halves.view(np.uint16), _widened())
        return ColourMaps(planes, (self.rows, self.columns), self.grid)


@dataclass(frozen=True)
class Edge:
    """The foreground's colours where a matte of 8 bits is soft, and a pixel beyond."""

    colours: Picture
    """The box's, BGR; what is not at the edge may be anything."""
    where: Picture
    """Of the box: where (1, else 0) the edge is."""
    box: Box
    """Of all that is above nought in 8 bits, and a pixel beyond."""

    @classmethod
    def of(cls, colours: Picture, alpha: Plane, box: Box) -> Self:
        """Return the edge of a matte (H x W), given the colours in its box (rows x columns x 3)."""
        return cls(colours, _edge_of(in_8_bits(alpha[box])), box)

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put it on some other box's colours where `where` is not nought."""
        both = overlap(self.box, box)
        own, other = within(both, self.box), within(both, box)
        if where[other].size:
            at_edge = cv2.bitwise_and(where[other], self.where[own])
            colours[other] = laid_over(self.colours[own], at_edge, colours[other])


@dataclass(frozen=True)
class RawMatte:
    """A matte as it was drawn once; a `Matte` together with its source frame."""

    picture: Picture
    """The source frame, BGR (H x W x 3)."""
    matte: NDArray[np.uint16]
    """The matte, H x W."""
    foreground: Picture | HalfMaps | None
    """The foreground's colours in the crop, BGR (rows x columns x 3), or what they are made from; None where nobody
    asked for them."""
    rows: slice
    columns: slice
    """The crop: where the foreground is known."""
    edge: Edge | None = None
    """The foreground's colours at the matte's edge, if they are at hand."""

    @property
    def maps(self) -> ColourMaps | None:
        """What the foreground is made from; None where it is known pixel by pixel."""
        return self.foreground.maps if isinstance(self.foreground, HalfMaps) else None

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return self.matte if deep else self._alpha

    @Once
    def _alpha(self) -> Picture:
        """The matte in 8 bits, H x W."""
        return in_8_bits(self.matte)

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground on `colours` (BGR) where `where` is not nought and it is known; both are the box's.

        `colours` lie in one piece. Where the edge is at hand, it is the only part that counts as known; what is made
        from maps is known everywhere.
        """
        if self.edge is not None:
            self.edge.paint(colours, where, box)
            return
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
            known = _grown(self.matte[crop], _BEYOND)[own]
            seen = cv2.bitwise_and(where[inner], known)
            colours[inner] = laid_over(self.foreground[own], seen, colours[inner])


@cache
def _widened() -> Tensor:
    """Return each 16-bit float in 32 bits, in the order of their bits; OpenCV looks up faster than numpy converts."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


def drawn(matte: Matte) -> RawMatte:
    """Return all that a matte says of its frame, as exactly as a file will keep it."""
    alpha: NDArray[np.uint16] = matte.alpha(deep=True)  # type: ignore[assignment]  # as `deep` says
    box = rows, columns = box_of(alpha, _BEYOND)
    if matte.maps is not None:
        return RawMatte(matte.picture, alpha, HalfMaps.of(matte.maps, rows, columns), rows, columns)
    colours = np.zeros_like(matte.picture[box])
    if colours.size:
        matte.paint(colours, _grown(alpha[box], _BEYOND), box)
    return RawMatte(matte.picture, alpha, colours, rows, columns)


def encode(raw: RawMatte) -> bytes:
    """Return the file of a raw matte, its source frame left out.

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
    """Return the raw matte of a file that belongs to the source frame `picture`.

    Of the `foreground` only so much is read as is asked for; where its edge is not there by itself, all of it.

    Raises:
        ValueError: the data is not whole, or belongs to a frame of another size.
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
        colours = isal_zlib.decompress(colours_part) if edge is None and foreground is not Foreground.NONE else None
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


def _edge_of(alpha: Picture) -> Picture:
    """Return where (1, else 0) a matte of 8 bits (H x W) is soft, or nought beside what is not."""
    edge: Picture = _grown(alpha, 1) & (alpha != full(np.uint8))
    return edge


def _listed(edge: Edge) -> Picture:
    """Return the colours of an edge, each as its difference from the one before: 3 x pixels."""
    places = 3 * np.flatnonzero(edge.where.view(np.bool_))
    flat = edge.colours.reshape(-1)
    steps = np.zeros((3, 1 + len(places)), np.uint8)
    for channel, values in enumerate(steps):  # one by one, for numpy is slow at rows of three
        values[1:] = flat.take(places + channel)
    return np.diff(steps)


def _unlisted(data: bytes, alpha: Picture) -> Edge:
    """Return the colours of the edge of a matte (H x W), of which `_listed` made this.

    Raises:
        ValueError: there are more of them, or fewer.
    """
    box = box_of(alpha, 1)
    edge = Edge.of(np.zeros((*alpha[box].shape, 3), np.uint8), alpha, box)
    places = 3 * np.flatnonzero(edge.where.view(np.bool_))
    flat = edge.colours.reshape(-1)
    for channel, steps in enumerate(np.frombuffer(data, np.uint8).reshape(3, len(places))):
        flat[places + channel] = np.cumsum(steps, dtype=np.uint8)
    return edge


def _classed(matte: NDArray[np.uint16]) -> bytes:
    """Return which pixels of a matte are full and which are soft, a bit each, and the soft ones' high and low bytes."""
    opaque = matte == full(np.uint16)
    soft = (matte > 0) != opaque
    return b"".join([np.packbits(opaque).tobytes(), np.packbits(soft).tobytes(), _halved(matte[soft]).tobytes()])


def _unclassed(data: bytes, height: int, width: int) -> NDArray[np.uint16]:
    """Return the matte (H x W) that `_classed` made this of.

    Raises:
        ValueError: there is more of it, or less.
    """
    size = -(-height * width // 8)
    bits = np.frombuffer(data, np.uint8)
    opaque, soft = (np.unpackbits(part, count=height * width) for part in (bits[:size], bits[size : 2 * size]))
    matte = opaque * np.uint16(full(np.uint16))
    matte[np.flatnonzero(soft.view(np.bool_))] = _joined(bits[2 * size :])  # of bytes it takes eight times as long
    return matte.reshape(height, width)


def _halved(values: NDArray[np.uint16]) -> Picture:
    """Return the high bytes of 16-bit values, and below them the low ones."""
    halves: Picture = np.concatenate([values >> 8, values & 255]).astype(np.uint8)
    return halves


def _joined(halves: Picture) -> NDArray[np.uint16]:
    """Return the values of which these are high and low bytes."""
    high, low = np.split(halves, 2)
    values: NDArray[np.uint16] = (high.astype(np.uint16) << np.uint16(8)) | low
    return values


def _grown(matte: Plane, pixels: int) -> Picture:
    """Return where (1, else 0) a matte (H x W) is above nought, and so many pixels beyond."""
    if not matte.size:  # OpenCV takes nothing empty
        return np.zeros(matte.shape, np.uint8)
    grown: Picture = cv2.dilate((matte > 0).view(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8))
    return grown


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
    steps = np.frombuffer(data, np.uint8).reshape(height, width)
    together = max(isqrt(height), 1)
    blocks = np.zeros((-(-height // together), together, width), np.uint8)
    rows: Picture = blocks.reshape(len(blocks) * together, width)
    rows[:height] = steps
    for row in range(1, together):  # of all blocks at once, for numpy is slow at short rows
        blocks[:, row] += blocks[:, row - 1]
    for block in range(1, len(blocks)):
        blocks[block] += blocks[block - 1, -1]
    return rows[:height]
