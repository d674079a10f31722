"""The deep guided filter's last step: from linear models in each pixel of a small map to planes of the frame's size.

For source colours s with mean m: foreground F = s + A·s + b for each colour, matte = A·m + b, all clipped to 0..1.
H. Wu, S. Zheng, J. Zhang, K. Huang: "Fast End-to-End Trainable Guided Filter", CVPR 2018.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .tensors import Picture, Plane, Tensor, full, neighbours

_TILE_ROWS = 32
"""Rows that are drawn at once: what they need stays in the processor's cache."""
_TILE_COLUMNS = 64
"""Columns that are asked at once whether any of their pixels are wanted."""
_FEW = 1 / 16
"""Of a picture's pixels: up to so many are painted faster each by itself than in tiles."""
Indices = NDArray[np.intp] | NDArray[np.int32]


class Grid:
    """How small maps (h x w) become planes of the frame's size (H x W): bilinear, half-pixel centres.

    Where many pixels are wanted, rows are mixed by a matrix product and columns by OpenCV, both a tile at a time; where
    few are, each by itself.
    """

    def __init__(self, height: int, width: int, map_height: int, map_width: int) -> None:
        """Prepare for frames of `height` x `width` and maps of `map_height` x `map_width`."""
        self.height, self.width = height, width
        self.map_height, self.map_width = map_height, map_width
        above, below, share = self._rows = neighbours(height, map_height, height / map_height)
        self._columns = neighbours(width, map_width, width / map_width)
        self._mix = np.zeros((height, map_height), np.float32)
        rows = np.arange(height)
        self._mix[rows, above] += 1 - share
        self._mix[rows, below] += share

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Yield the first row of each tile and the one after its last."""
        for top in range(0, self.height, _TILE_ROWS):
            yield top, min(top + _TILE_ROWS, self.height)

    def part(self, rows: slice, columns: slice) -> tuple[slice, slice]:
        """Return the rows and columns of the maps that decide these rows and columns of the frame."""
        return tuple(  # type: ignore[return-value]  # there are two
            slice(int(first[span.start]), int(second[span.stop - 1]) + 1) if span.start < span.stop else slice(0, 0)
            for span, (first, second, _) in ((rows, self._rows), (columns, self._columns))
        )

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

    def draw(
        self, drawn: Plane, maps: tuple[Tensor, Tensor], values: Plane, rows: tuple[int, int], columns: slice
    ) -> None:
        """Draw slope · values + offset into `drawn`, rounded to nearest and saturated.

        `maps` are slope and offset (h x w); `drawn` and `values` are these rows and columns of the frame.
        """
        slope, offset = (self._tile(plane, *rows, columns) for plane in maps)
        depth = cv2.CV_16U if drawn.dtype == np.uint16 else cv2.CV_8U
        drawn[:] = cv2.add(cv2.multiply(slope, values, dtype=cv2.CV_32F), offset, dtype=depth)

    def _tile(self, plane: Tensor, top: int, bottom: int, columns: slice) -> Tensor:
        """Return rows `top` to `bottom` - 1 and some columns of a map (h x w) at the frame's size."""
        first, last = self._rows[0][top], self._rows[1][bottom - 1] + 1
        wide = cv2.resize(plane[first:last], (self.width, int(last - first)), interpolation=cv2.INTER_LINEAR)
        rows: Tensor = self._mix[top:bottom, first:last] @ np.ascontiguousarray(wide[:, columns])
        return rows


@lru_cache(maxsize=2)
def grid_of(height: int, width: int, map_height: int, map_width: int) -> Grid:
    """Return the grid for frames and maps of these sizes; the frames of a clip share one."""
    return Grid(height, width, map_height, map_width)


@dataclass(frozen=True)
class ColourMaps:
    """A foreground in small: blue, green and red are slope · s + offset of the source's, in 0..255."""

    slopes: tuple[Tensor, ...]
    """Of blue, green, red: each h x w."""
    offsets: tuple[Tensor, ...]
    grid: Grid

    def paint(self, picture: Picture, colours: Picture, where: Picture) -> None:
        """Put the foreground of `picture` on `colours` (both BGR, H x W x 3) where `where` (H x W) is not nought."""
        if cv2.countNonZero(where) < where.size * _FEW:
            self._paint_pixels(picture, colours, where)
        else:
            self._paint_tiles(picture, colours, where)

    def _paint_pixels(self, picture: Picture, colours: Picture, where: Picture) -> None:
        """Paint pixel by pixel."""
        wanted = cv2.findNonZero(where)
        if wanted is None:
            return
        columns, rows = wanted.reshape(-1, 2).T
        flat = rows * self.grid.width + columns
        drawn = self.grid.pixels(cv2.merge([*self.slopes, *self.offsets]), rows, columns)
        values = drawn[:, :3] * picture.reshape(-1, 3).take(flat, axis=0) + drawn[:, 3:]
        colours.reshape(-1, 3)[flat] = cv2.convertScaleAbs(np.maximum(values, 0.0))

    def _paint_tiles(self, picture: Picture, colours: Picture, where: Picture) -> None:
        """Paint tile by tile, those without a wanted pixel left out."""
        for rows in self.grid.tiles():
            top, bottom = rows
            for span in _spans(np.any(where[top:bottom], axis=0, keepdims=True)[0]):
                source = cv2.split(picture[top:bottom, span])
                planes = [np.empty_like(plane) for plane in source]
                for drawn, slope, offset, plane in zip(planes, self.slopes, self.offsets, source, strict=True):
                    self.grid.draw(drawn, (slope, offset), plane, rows, span)
                target = colours[top:bottom, span]
                target[:] = cv2.copyTo(cv2.merge(planes), where[top:bottom, span], target.copy())


@dataclass(frozen=True)
class GuidedMatte:
    """A matte as the deep guided filter leaves it."""

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
        maps = self.slope[0, 3] * (most / 255 / 3), self.offset[0, 3] * most
        drawn: Plane = np.empty(self.picture.shape[:2], kind)
        for top, bottom in self.grid.tiles():
            blue, green, red = cv2.split(self.picture[top:bottom])
            total = cv2.add(cv2.add(blue, green, dtype=cv2.CV_16U), red, dtype=cv2.CV_16U)
            self.grid.draw(drawn[top:bottom], maps, total, (top, bottom), slice(None))
        return drawn

    @cached_property
    def maps(self) -> ColourMaps:
        """What the foreground is made from."""
        return ColourMaps(
            tuple(self.slope[0, channel] + 1 for channel in (2, 1, 0)),
            tuple(self.offset[0, channel] * 255 for channel in (2, 1, 0)),
            self.grid,
        )

    def paint(self, colours: Picture, where: Picture) -> None:
        """Put the foreground on `colours` (BGR, H x W x 3) in the pixels where `where` (H x W) is not nought."""
        self.maps.paint(self.picture, colours, where)


def _spans(columns: NDArray[np.bool_]) -> Iterator[slice]:
    """Yield runs of columns that hold every one that is wanted, and few others."""
    starts = np.arange(0, len(columns), _TILE_COLUMNS)
    wanted = np.add.reduceat(columns, starts, dtype=np.intp) > 0
    edges = np.flatnonzero(np.diff(wanted, prepend=False, append=False))
    for first, last in edges.reshape(-1, 2):
        yield slice(int(first) * _TILE_COLUMNS, min(int(last) * _TILE_COLUMNS, len(columns)))
