"""Between pictures and tensors: where colour order, layout and range change on the way to the model and back.

A *picture* is uint8 (uint16 where a function says so), height x width x channels, BGR or BGRA as in OpenCV. A *tensor*
is float32, 1 x channels x height x width, RGB, 0 to 1 as the model takes it. A *plane* is one channel of a picture, 8
or 16 bit.
"""

from dataclasses import dataclass
from typing import Self, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.uint8] | NDArray[np.uint16]
Tensor = NDArray[np.float32]
Box = tuple[slice, slice]
"""Some rows and columns of a frame."""
_Values = TypeVar("_Values", Plane, Tensor)
_Entry = TypeVar("_Entry", np.uint8, np.uint16, np.float32)
_HAS_LONG_TABLES = int(cv2.__version__.split(".")[0]) >= 5


def to_tensor(picture: Picture) -> Tensor:
    """Return a BGR picture (H x W x 3) as an RGB tensor (1 x 3 x H x W, 0..1)."""
    height, width = picture.shape[:2]
    tensor = np.empty((1, 3, height, width), np.float32)
    for channel, plane in zip((2, 1, 0), tensor[0], strict=True):
        np.multiply(picture[..., channel], np.float32(1 / 255), out=plane, dtype=np.float32)
    return tensor


def downsampled_size(width: int, height: int, ratio: float) -> tuple[int, int]:
    """Return floor(H·r) and floor(W·r) of a frame at `ratio` r of its size, with r in 32 bits as in the graph."""
    exact = np.float32(ratio)
    return int(np.float32(height) * exact), int(np.float32(width) * exact)


def downsampled(picture: Picture, ratio: float) -> Tensor:
    """Return a BGR picture (H x W x 3) at `ratio` of its size as an RGB tensor (1 x 3 x floor(H·r) x floor(W·r), 0..1).

    Equal to the published graph's first step (ONNX Resize, linear, half_pixel, without antialias): pixel i is the
    linear interpolation of the two neighbours of (i + 0.5) / r - 0.5. OpenCV's own resize differs where H·r is not
    whole.
    """
    height, width = picture.shape[:2]
    tall, wide = downsampled_size(width, height, ratio)
    exact = float(np.float32(ratio))
    above, below, down = neighbours(tall, height, exact)
    left, right, across = neighbours(wide, width, exact)
    rows, columns = np.concatenate([above, below]), np.concatenate([left, right])
    # Gather pixels of four bytes, which is many times faster in numpy than three.
    words = cv2.cvtColor(picture[rows], cv2.COLOR_BGR2BGRA).view(np.uint32)[..., 0]
    gathered = words.take(columns, axis=1).view(np.uint8).reshape(len(rows), len(columns), 4)
    of_upper, of_lower = ((share * np.float32(1 / 255))[:, None] for share in (1 - down, down))
    tensor = np.empty((1, 3, tall, wide), np.float32)
    for channel, plane in zip((2, 1, 0), tensor[0], strict=True):
        four = cv2.extractChannel(gathered, channel)
        mixed = four[:tall] * of_upper
        mixed += four[tall:] * of_lower
        np.multiply(mixed[:, wide:] - mixed[:, :wide], across, out=plane)
        np.add(plane, mixed[:, :wide], out=plane)
    return tensor


def neighbours(count: int, available: int, ratio: float) -> tuple[NDArray[np.intp], NDArray[np.intp], Tensor]:
    """Return, for `count` samples of `available` ones at `ratio`, two neighbours each and the second's share (0..1)."""
    place = np.clip((np.arange(count) + 0.5) / ratio - 0.5, 0, available - 1)
    first = np.floor(place).astype(np.intp)
    return first, np.minimum(first + 1, available - 1), (place - first).astype(np.float32)


def to_bytes(plane: Tensor) -> Picture:
    """Return a plane (H x W) of 0..1 as uint8 (H x W), rounded to nearest."""
    values: Picture = cv2.convertScaleAbs(plane, alpha=255.0)  # saturates, and is ten times as fast as numpy
    return values


def to_planes(tensor: Tensor) -> list[Picture]:
    """Return an RGB tensor (1 x 3 x H x W) as three uint8 planes (H x W) in picture order: blue, green, red."""
    return [to_bytes(tensor[0, channel]) for channel in (2, 1, 0)]


def looked_up(plane: Plane, table: NDArray[_Entry]) -> NDArray[_Entry]:
    """Return the table's entry for each value of a plane; the table has an entry for every possible value.

    OpenCV is two to five times as fast as numpy, but before version 5 (Macs with an Intel processor have 4.12) it takes
    only tables of 256 entries.
    """
    if plane.size and (len(table) == 256 or _HAS_LONG_TABLES):
        flat = cv2.LUT(plane.reshape(1, -1), table.reshape(1, -1))
        return flat.reshape(plane.shape)  # type: ignore[no-any-return]
    return table.take(plane)


def full(kind: type[np.uint8 | np.uint16] | np.dtype[np.uint8 | np.uint16]) -> int:
    """Return the value that stands for 1 in planes of this dtype."""
    return int(np.iinfo(kind).max)


def in_8_bits(plane: Plane) -> Picture:
    """Return a plane or picture of 8 or 16 bits in 8 bits, rounded to nearest."""
    if plane.dtype == np.uint8:
        return plane  # type: ignore[return-value]  # checked above
    if not plane.size:  # OpenCV would return None
        return np.zeros(plane.shape, np.uint8)
    rounded: Picture = cv2.convertScaleAbs(plane, alpha=1 / 257)
    return rounded


def in_16_bits(plane: Plane) -> Plane:
    """Return a plane or picture of 8 or 16 bits in 16 bits."""
    # Numpy takes a fifth of the time that OpenCV needs to multiply several channels.
    return plane if plane.dtype == np.uint16 else plane * np.uint16(257)


def laid_over(values: Picture, where: Picture, below: Picture) -> Picture:
    """Return a copy of `below` (rows x columns x 3) with `values` where `where` (rows x columns) is not zero.

    It is a copy because OpenCV would not change a view of a larger picture that is not contiguous.
    """
    together: Picture = cv2.copyTo(values, where, below.copy())
    return together


def box_of(plane: Plane, beyond: int = 0) -> Box:
    """Return the box of all pixels above zero in a plane (H x W), grown by `beyond` pixels within the frame.

    The box is empty where all pixels are zero.
    """
    left, top, wide, tall = cv2.boundingRect(plane if plane.dtype == np.uint8 else (plane > 0).view(np.uint8))
    if not wide:
        return slice(0, 0), slice(0, 0)
    height, width = plane.shape
    rows = slice(max(top - beyond, 0), min(top + tall + beyond, height))
    return rows, slice(max(left - beyond, 0), min(left + wide + beyond, width))


def around(plane: Plane, beyond: int) -> Picture:
    """Return where (1, else 0) a plane (H x W) is above zero, or within a square of `beyond` pixels of such a pixel."""
    if not plane.size:  # OpenCV refuses empty arrays
        return np.zeros(plane.shape, np.uint8)
    # OpenCV's own comparison would take a single pixel for a scalar.
    reached: Picture = cv2.dilate((plane > 0).view(np.uint8), np.ones((2 * beyond + 1,) * 2, np.uint8))
    return reached


@dataclass(frozen=True)
class Pixels:
    """Some pixels of a frame, all of them in one box."""

    inside: NDArray[np.intp]
    """Their flat indices in the box, counted row by row."""
    rows: NDArray[np.intp]
    """Their rows in the frame; `columns` likewise."""
    columns: NDArray[np.intp]

    @classmethod
    def of(cls, where: NDArray[np.bool_], box: Box) -> Self:
        """Return the pixels where `where`, of the box's size, is true."""
        inside = np.flatnonzero(where)
        rows = inside // max(where.shape[1], 1)
        return cls(inside, rows + box[0].start, inside - rows * where.shape[1] + box[1].start)

    def of_frame(self, plane: _Values) -> _Values:
        """Return the values (pixels, or pixels x channels) of a plane or picture of the frame."""
        values: _Values = plane.reshape(-1, *plane.shape[2:]).take(self.rows * plane.shape[1] + self.columns, axis=0)
        return values

    def of_box(self, plane: _Values) -> _Values:
        """Return the values (pixels, or pixels x channels) of a plane or picture of the box."""
        values: _Values = plane.reshape(-1, *plane.shape[2:]).take(self.inside, axis=0)
        return values

    def put(self, box: Plane, values: Plane) -> None:
        """Put values (channels x pixels) on the box's pixels (rows x columns x channels, contiguous)."""
        flat = box.view()
        flat.shape = (box.size,)  # raises where the array is not contiguous; `reshape` would copy
        channels = len(values)
        for channel, plane in enumerate(values):  # one by one: numpy is slow with rows of three
            flat[self.inside * channels + channel] = plane


@dataclass(frozen=True)
class Placed:
    """A picture of the frame's size that is zero outside a box."""

    inner: Plane
    """The box's rows and columns: grey, or BGR (rows x columns x 3), 8 or 16 bit."""
    box: Box
    size: tuple[int, int]
    """Height and width of the frame."""
    alpha: Plane | None = None
    """The box's alpha (rows x columns); colours are straight. If it has 16 bits, so has the picture."""

    @classmethod
    def whole(cls, picture: Plane) -> Self:
        """Return a picture (grey, BGR or straight BGRA; H x W, or H x W x channels) with the frame as its box."""
        height, width = picture.shape[:2]
        box = (slice(0, height), slice(0, width))
        if picture.ndim == 3 and picture.shape[2] == 4:
            return cls(picture[..., :3], box, (height, width), picture[..., 3])
        return cls(picture, box, (height, width))

    @property
    def channels(self) -> int:
        """The number of channels, alpha included."""
        return (self.inner.shape[2] if self.inner.ndim == 3 else 1) + (self.alpha is not None)

    @property
    def is_deep(self) -> bool:
        """Whether the picture has 16 bits."""
        return (self.inner if self.alpha is None else self.alpha).dtype == np.uint16

    def drawn(self) -> Plane:
        """Return the picture at the frame's size: grey, BGR or straight BGRA."""
        inner = in_16_bits(self.inner) if self.is_deep else self.inner
        if self.alpha is not None:
            inner = np.concatenate([inner, self.alpha[..., None]], axis=2)
        if inner.shape[:2] == self.size:
            return inner
        picture: Plane = np.zeros(self.size + inner.shape[2:], inner.dtype)
        picture[self.box] = inner
        return picture


def overlap(one: Box, other: Box) -> Box:
    """Return the intersection of two boxes; where they do not meet, a box without rows or columns."""
    first, second = (
        slice(max(a.start, b.start), max(min(a.stop, b.stop), a.start, b.start))
        for a, b in zip(one, other, strict=True)
    )
    return first, second


def within(part: Box, box: Box) -> Box:
    """Return where a part of a box lies, counted from the box's own first row and column."""
    rows, columns = (slice(p.start - b.start, p.stop - b.start) for p, b in zip(part, box, strict=True))
    return rows, columns
