"""What the model says of one frame, drawn when somebody needs it, on the thread that needs it.

The matte is wanted in every pixel; the foreground's colours only where they can show, which most of a picture does not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from .tensors import Picture, Plane, Tensor, full, neighbours, to_bytes, to_planes

_TILE_ROWS = 32
"""Rows that are drawn at once: what they need stays in the processor's cache."""
_TILE_COLUMNS = 64
"""Columns that are asked at once whether any of their pixels are wanted."""
_FEW = 1 / 16
"""Of a picture's pixels: up to so many are painted faster each by itself than in tiles."""
Indices = NDArray[np.intp] | NDArray[np.int32]


class Matte(Protocol):
    """The foreground and the matte of one frame."""

    @property
    def picture(self) -> Picture:
        """The source frame, BGR (H x W x 3)."""

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""

    def paint(self, colours: Picture, where: Picture) -> None:
        """Put the foreground on `colours` (BGR, H x W x 3) in the pixels where `where` (H x W) is not nought.

        Pixels whose foreground is not known stay as they are.
        """


@dataclass(frozen=True)
class PlainMatte:
    """A matte at the frame's own size."""

    picture: Picture
    """The source frame, BGR (H x W x 3)."""
    fgr: Tensor
    """Foreground, 1 x 3 x H x W, RGB, 0..1."""
    pha: Tensor
    """Matte, 1 x 1 x H x W, 0..1."""

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return cv2.multiply(self.pha[0, 0], 65535.0, dtype=cv2.CV_16U) if deep else to_bytes(self.pha[0, 0])

    def paint(self, colours: Picture, where: Picture) -> None:
        """Put the foreground on `colours` (BGR, H x W x 3) in the pixels where `where` (H x W) is not nought."""
        cv2.copyTo(cv2.merge(to_planes(self.fgr)), where, colours)


class LaterMatte:
    """A matte that is worked out when it is first asked for, on the thread that asks."""

    def __init__(self, picture: Picture, work: Callable[[], Matte]) -> None:
        """Remember the source frame (BGR, H x W x 3) and how its matte is worked out."""
        self.picture = picture
        self._work = work

    @cached_property
    def _matte(self) -> Matte:
        return self._work()

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return self._matte.alpha(deep=deep)

    def paint(self, colours: Picture, where: Picture) -> None:
        """Put the foreground on `colours` (BGR, H x W x 3) in the pixels where `where` (H x W) is not nought."""
        self._matte.paint(colours, where)


class Grid:
    """How small maps (h x w) become planes of the frame's size (H x W): bilinear, half-pixel centres.

    Where many pixels are wanted, rows are mixed by a matrix product and columns by OpenCV, both a tile at a time; where
    few are, each by itself.
    """

    def __init__(self, height: int, width: int, map_height: int, map_width: int) -> None:
        """Prepare for frames of `height` x `width` and maps of `map_height` x `map_width`."""
        self.height, self.width = height, width
        above, below, share = self._rows = neighbours(height, map_height, height / map_height)
        self._columns = neighbours(width, map_width, width / map_width)
        self._mix = np.zeros((height, map_height), np.float32)
        rows = np.arange(height)
        self._mix[rows, above] += 1 - share
        self._mix[rows, below] += share
        self._first, self._last = above, below

    def pixels(self, maps: Tensor, rows: Indices, columns: Indices) -> Tensor:
        """Return maps (h x w x channels) at some pixels of the frame's size (pixels x channels)."""
        (above, below, down), (left, right, across) = self._rows, self._columns
        down, across = down[rows, None], across[columns, None]
        flat, stride = maps.reshape(-1, maps.shape[2]), maps.shape[1]
        sides = []
        for line in (above[rows] * stride, below[rows] * stride):
            first, second = (flat.take(line + side[columns], axis=0) for side in (left, right))
            sides.append(first + (second - first) * across)
        upper, lower = sides
        mixed: Tensor = upper + (lower - upper) * down
        return mixed

    def tile(self, plane: Tensor, top: int, bottom: int, columns: slice) -> Tensor:
        """Return rows `top` to `bottom` - 1 and some columns of a map (h x w) at the frame's size."""
        first, last = self._first[top], self._last[bottom - 1] + 1
        wide = cv2.resize(plane[first:last], (self.width, int(last - first)), interpolation=cv2.INTER_LINEAR)
        rows: Tensor = self._mix[top:bottom, first:last] @ np.ascontiguousarray(wide[:, columns])
        return rows


@dataclass(frozen=True)
class GuidedMatte:
    """A matte as the deep guided filter leaves it: a linear model in each pixel of a small map.

    For source colours s with mean m: foreground F = s + A·s + b for each colour, matte = A·m + b, all clipped to 0..1.
    H. Wu, S. Zheng, J. Zhang, K. Huang: "Fast End-to-End Trainable Guided Filter", CVPR 2018.
    """

    picture: Picture
    """The source frame, BGR (H x W x 3)."""
    slope: Tensor
    """A, 1 x 4 x h x w: red, green, blue, matte."""
    offset: Tensor
    """b, 1 x 4 x h x w."""
    grid: Grid

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        kind = np.uint16 if deep else np.uint8
        most = full(kind)
        slope, offset = self.slope[0, 3] * (most / 255 / 3), self.offset[0, 3] * most
        drawn: Plane = np.empty(self.picture.shape[:2], kind)
        for top, bottom in self._tiles():
            blue, green, red = cv2.split(self.picture[top:bottom])
            total = cv2.add(cv2.add(blue, green, dtype=cv2.CV_16U), red, dtype=cv2.CV_16U)
            self._draw(drawn[top:bottom], (slope, offset), total, (top, bottom), slice(None))
        return drawn

    def paint(self, colours: Picture, where: Picture) -> None:
        """Put the foreground on `colours` (BGR, H x W x 3) in the pixels where `where` (H x W) is not nought."""
        maps = [(self.slope[0, channel] + 1, self.offset[0, channel] * 255) for channel in (2, 1, 0)]
        if cv2.countNonZero(where) < where.size * _FEW:
            self._paint_pixels(colours, where, maps)
        else:
            self._paint_tiles(colours, where, maps)

    def _paint_pixels(self, colours: Picture, where: Picture, maps: list[tuple[Tensor, Tensor]]) -> None:
        """Paint pixel by pixel."""
        wanted = cv2.findNonZero(where)
        if wanted is None:
            return
        columns, rows = wanted.reshape(-1, 2).T
        slopes, offsets = zip(*maps, strict=True)
        drawn = self.grid.pixels(cv2.merge([*slopes, *offsets]), rows, columns)
        values = drawn[:, :3] * self.picture[rows, columns] + drawn[:, 3:]
        colours[rows, columns] = np.rint(values).clip(0, 255).astype(np.uint8)

    def _paint_tiles(self, colours: Picture, where: Picture, maps: list[tuple[Tensor, Tensor]]) -> None:
        """Paint tile by tile, those without a wanted pixel left out."""
        for rows in self._tiles():
            top, bottom = rows
            for span in _spans(np.any(where[top:bottom], axis=0, keepdims=True)[0]):
                source = cv2.split(self.picture[top:bottom, span])
                planes = [np.empty_like(plane) for plane in source]
                for drawn, own, plane in zip(planes, maps, source, strict=True):
                    self._draw(drawn, own, plane, rows, span)
                target = colours[top:bottom, span]
                target[:] = cv2.copyTo(cv2.merge(planes), where[top:bottom, span], target.copy())

    def _tiles(self) -> Iterator[tuple[int, int]]:
        """Yield the first row of each tile and the one after its last."""
        height = self.picture.shape[0]
        for top in range(0, height, _TILE_ROWS):
            yield top, min(top + _TILE_ROWS, height)

    def _draw(
        self, drawn: Plane, maps: tuple[Tensor, Tensor], values: Plane, rows: tuple[int, int], columns: slice
    ) -> None:
        """Draw slope · values + offset into `drawn`, rounded to nearest and saturated."""
        slope, offset = (self.grid.tile(plane, *rows, columns) for plane in maps)
        depth = cv2.CV_16U if drawn.dtype == np.uint16 else cv2.CV_8U
        drawn[:] = cv2.add(cv2.multiply(slope, values, dtype=cv2.CV_32F), offset, dtype=depth)


def _spans(columns: NDArray[np.bool_]) -> Iterator[slice]:
    """Yield runs of columns that hold every one that is wanted, and few others."""
    starts = np.arange(0, len(columns), _TILE_COLUMNS)
    wanted = np.add.reduceat(columns, starts, dtype=np.intp) > 0
    edges = np.flatnonzero(np.diff(wanted, prepend=False, append=False))
    for first, last in edges.reshape(-1, 2):
        yield slice(int(first) * _TILE_COLUMNS, min(int(last) * _TILE_COLUMNS, len(columns)))
