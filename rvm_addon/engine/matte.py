"""What the model says of one frame, drawn as a cut-out when somebody needs it, on the thread that needs it.

A cut-out is BGRA with straight alpha (H x W x 4, uint8). Colour is zeroed where nothing of it can ever show, which
makes the PNG a third of the size and of the time. One pixel beyond the matte keeps its colour: a viewer that scales
the picture mixes it into the edge.
"""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from .tensors import Picture, Tensor, neighbours, to_bytes, to_planes

_NEIGHBOURS = np.ones((3, 3), np.uint8)
_TILE_ROWS = 32
"""Rows that are drawn at once: what they need stays in the processor's cache."""


class Matte(Protocol):
    """The foreground and the matte of one frame."""

    def cutout(self) -> Picture:
        """Return the frame's cut-out (H x W x 4, BGRA, straight alpha)."""


@dataclass(frozen=True)
class PlainMatte:
    """A matte at the frame's own size."""

    fgr: Tensor
    """Foreground, 1 x 3 x H x W, RGB, 0..1."""
    pha: Tensor
    """Matte, 1 x 1 x H x W, 0..1."""

    def cutout(self) -> Picture:
        """Return the frame's cut-out (H x W x 4, BGRA, straight alpha)."""
        return _where_shown(cv2.merge([*to_planes(self.fgr), to_bytes(self.pha[0, 0])]))


class Grid:
    """How small maps (h x w) become planes of the frame's size (H x W): bilinear, half-pixel centres.

    Rows are mixed by a matrix product, columns by OpenCV; both a tile at a time.
    """

    def __init__(self, height: int, width: int, map_height: int) -> None:
        """Prepare for frames of `height` x `width` and maps of `map_height` rows."""
        self.height, self.width = height, width
        above, below, share = neighbours(height, map_height, height / map_height)
        self._mix = np.zeros((height, map_height), np.float32)
        rows = np.arange(height)
        self._mix[rows, above] += 1 - share
        self._mix[rows, below] += share
        self._first, self._last = above, below

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

    def cutout(self) -> Picture:
        """Return the frame's cut-out (H x W x 4, BGRA, straight alpha)."""
        height, width = self.picture.shape[:2]
        drawn = np.zeros((height, width, 4), np.uint8)
        colours = [(self.slope[0, c] + 1, self.offset[0, c] * 255) for c in (2, 1, 0)]
        matte = (self.slope[0, 3] / 3, self.offset[0, 3] * 255)
        for top in range(0, height, _TILE_ROWS):
            self._draw_tile(drawn, top, min(top + _TILE_ROWS, height), colours, matte)
        return _where_shown(drawn)

    def _draw_tile(
        self, drawn: Picture, top: int, bottom: int, colours: list[tuple[Tensor, Tensor]], matte: tuple[Tensor, Tensor]
    ) -> None:
        """Draw rows `top` to `bottom` - 1, but for the columns on both sides where there is no foreground."""
        blue, green, red = planes = cv2.split(self.picture[top:bottom])
        total = cv2.add(cv2.add(blue, green, dtype=cv2.CV_16U), red, dtype=cv2.CV_16U)
        alpha = _linear(self._tiles(matte, top, bottom, slice(None)), total)
        columns = np.flatnonzero(alpha.any(axis=0))
        if not columns.size:
            return
        span = slice(max(columns[0] - 1, 0), columns[-1] + 2)
        bgr = [
            _linear(self._tiles(maps, top, bottom, span), plane[:, span])
            for maps, plane in zip(colours, planes, strict=True)
        ]
        drawn[top:bottom, span] = cv2.merge([*bgr, alpha[:, span]])

    def _tiles(self, maps: tuple[Tensor, Tensor], top: int, bottom: int, columns: slice) -> list[Tensor]:
        """Return a tile of both maps at the frame's size."""
        return [self.grid.tile(plane, top, bottom, columns) for plane in maps]


def _linear(maps: list[Tensor], values: NDArray[np.uint8] | NDArray[np.uint16]) -> Picture:
    """Return slope · values + offset as uint8, rounded to nearest and saturated."""
    slope, offset = maps
    result: Picture = cv2.add(cv2.multiply(slope, values, dtype=cv2.CV_32F), offset, dtype=cv2.CV_8U)
    return result


def _where_shown(drawn: Picture) -> Picture:
    """Return BGRA (H x W x 4) with nothing left farther than a pixel from where alpha is above nought."""
    shown = cv2.dilate(cv2.extractChannel(drawn, 3), _NEIGHBOURS)
    kept: Picture = cv2.bitwise_and(drawn, drawn, mask=shown)
    return kept
