"""The deep guided filter's last step: small maps with a linear model per pixel become planes of the frame's size.

For source colours s with mean m: foreground F = s + A·s + b for each colour, matte = A·m + b, all clipped to 0..1.
H. Wu, S. Zheng, J. Zhang, K. Huang: "Fast End-to-End Trainable Guided Filter", CVPR 2018.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from ..pictures.tensors import Box, Picture, Pixels, Plane, Tensor, full, laid_over, neighbours
from .once import Once

_TILE_ROWS = 32
"""Rows that are drawn at once: their data stays in the processor's cache."""
_TILE_COLUMNS = 64
"""Columns that are drawn or left out together."""
_FEW = 1 / 16
"""Up to this share of a picture's pixels, painting each by itself is faster than in tiles."""
_BESIDE = np.ones((1, 5), np.uint8)


class Grid:
    """How small maps (h x w) become planes of the frame's size (H x W): bilinear, half-pixel centres.

    For many pixels, a matrix product interpolates rows and OpenCV columns, both a tile at a time. Few pixels are
    interpolated one by one.
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

    def bands(self, rows: slice | None = None) -> Iterator[slice]:
        """Yield the frame's rows in each row of tiles: of all, or only of those that overlap `rows`."""
        first, last = (0, self.height) if rows is None else (rows.start, rows.stop)
        for top in range(first - first % _TILE_ROWS, last, _TILE_ROWS):
            yield slice(top, min(top + _TILE_ROWS, self.height))

    def over_tiles(self, plane: Tensor, extreme: np.ufunc) -> Tensor:
        """Return, per tile, the largest (np.maximum) or smallest (np.minimum) value of a map that decides its pixels.

        Values just beside those may count, too.
        """
        of_bands = [extreme.reduce(plane[self._lines(rows)], axis=0) for rows in self.bands()]
        # The cells that decide a tile's last column reach one beyond the next tile's first cell.
        grown = (cv2.dilate if extreme is np.maximum else cv2.erode)(np.stack(of_bands), _BESIDE)
        of_tiles: Tensor = extreme.reduceat(grown, self._columns[0][::_TILE_COLUMNS], axis=1)
        return of_tiles

    def _lines(self, rows: slice) -> slice:
        """Return the lines of the maps that decide these rows of the frame."""
        return slice(int(self._rows[0][rows.start]), int(self._rows[1][rows.stop - 1]) + 1)

    def part(self, rows: slice, columns: slice) -> Box:
        """Return the rows and columns of the maps that decide these rows and columns of the frame."""
        return tuple(  # type: ignore[return-value]  # there are two
            slice(int(first[span.start]), int(second[span.stop - 1]) + 1) if span.start < span.stop else slice(0, 0)
            for span, (first, second, _) in ((rows, self._rows), (columns, self._columns))
        )

    def pixels(self, planes: Tensor, part: Box, pixels: Pixels) -> Tensor:
        """Return the maps' values at some pixels of the frame (maps x pixels); `planes` are this `part` of the maps.

        Beyond the part, its edge values are replicated.
        """
        (above, below, down), (left, right, across) = self._rows, self._columns
        _, tall, wide = planes.shape
        top, first = (side.start for side in part)
        west, east = (np.clip(side - first, 0, wide - 1)[pixels.columns] for side in (left, right))
        north, south = (np.clip(side - top, 0, tall - 1)[pixels.rows] * wide for side in (above, below))
        places = north + west, north + east, south + west, south + east
        down, across = down[pixels.rows], across[pixels.columns]
        mixed = np.empty((len(planes), len(down)), np.float32)
        corners = upper, upper_right, lower, lower_right = np.empty((4, len(down)), np.float32)
        for plane, out in zip(planes.reshape(len(planes), -1), mixed, strict=True):
            for corner, place in zip(corners, places, strict=True):
                plane.take(place, out=corner, mode="clip")  # any other mode writes through a copy
            _mix(upper, upper_right, across)
            _mix(lower, lower_right, across)
            _mix(upper_right, lower_right, down)
            out[:] = lower_right
        return mixed

    def widened(self, plane: Tensor, rows: slice) -> Tensor:
        """Return the lines of a map that decide these rows of the frame, scaled to the frame's width."""
        lines = plane[self._lines(rows)]
        wide: Tensor = cv2.resize(lines, (self.width, lines.shape[0]), interpolation=cv2.INTER_LINEAR)
        return wide

    def draw(self, drawn: Plane, wide: tuple[Tensor, Tensor], values: Plane, rows: slice, columns: slice) -> None:
        """Draw slope · values + offset into `drawn`, rounded to nearest and saturated.

        `wide` are slope and offset as `widened` returns them; `drawn` and `values` cover `rows` and `columns` of the
        frame.
        """
        mix = self._mix[rows, self._lines(rows)]
        slope, offset = (mix @ np.ascontiguousarray(lines[:, columns]) for lines in wide)
        depth = cv2.CV_16U if drawn.dtype == np.uint16 else cv2.CV_8U
        drawn[:] = cv2.add(cv2.multiply(slope, values, dtype=cv2.CV_32F), offset, dtype=depth)


def _mix(first: Tensor, second: Tensor, share: Tensor) -> None:
    """Set `second` to first + (second - first) · share, in place."""
    second -= first
    second *= share
    second += first


@lru_cache(maxsize=4)
def grid_of(height: int, width: int, map_height: int, map_width: int) -> Grid:
    """Return the grid for frames and maps of these sizes; the frames of a clip share one per size of maps."""
    return Grid(height, width, map_height, map_width)


@dataclass(frozen=True)
class ColourMaps:
    """A foreground as small maps: its blue, green and red are slope · s + offset of the source's s, in 0..255."""

    planes: Tensor
    """6 x rows x columns: slopes of blue, green, red, then offsets."""
    part: Box
    """The rows and columns of the whole small maps that `planes` holds."""
    grid: Grid

    def paint(self, picture: Picture, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground of `picture` (BGR, H x W x 3) on a box's `colours` where the box's `where` is not zero.

        `colours` is contiguous. Beyond the maps' part, edge values are replicated: otherwise a far-feathered matte
        would show a straight seam.
        """
        wanted = where != 0
        if np.count_nonzero(wanted) < picture[..., 0].size * _FEW:
            self._paint_pixels(picture, colours, wanted, box)
        else:
            self._paint_tiles(picture, colours, where, box)

    def _paint_pixels(self, picture: Picture, colours: Picture, wanted: NDArray[np.bool_], box: Box) -> None:
        """Paint pixel by pixel."""
        pixels = Pixels.of(wanted, box)
        if not pixels.inside.size:
            return
        values, offsets = np.split(self.grid.pixels(self.planes, self.part, pixels), 2)
        values *= pixels.of_frame(picture).T
        values += offsets
        pixels.put(colours, cv2.convertScaleAbs(np.maximum(values, 0.0, out=values)))

    def _paint_tiles(self, picture: Picture, colours: Picture, where: Picture, box: Box) -> None:
        """Paint tile by tile; leave out tiles without a wanted pixel."""
        top, left = box[0].start, box[1].start
        sizes = self.grid.map_height, self.grid.map_width
        around = [(side.start, size - side.stop) for side, size in zip(self.part, sizes, strict=True)]
        planes = np.pad(self.planes, [(0, 0), *around], mode="edge")
        for rows in self.grid.bands(box[0]):
            inner = slice(max(rows.start, top), min(rows.stop, box[0].stop))
            within = slice(inner.start - top, inner.stop - top)
            columns = np.any(where[within], axis=0)
            wanted = np.add.reduceat(columns, np.arange(0, len(columns), _TILE_COLUMNS), dtype=np.intp) > 0
            if not wanted.any():
                continue
            wide = [self.grid.widened(plane, inner) for plane in planes]
            for here in _columns(wanted, len(columns)):
                span = slice(here.start + left, here.stop + left)
                source = cv2.split(picture[inner, span])
                painted = [np.empty_like(plane) for plane in source]
                for drawn, slope, offset, plane in zip(painted, wide[:3], wide[3:], source, strict=True):
                    self.grid.draw(drawn, (slope, offset), plane, inner, span)
                colours[within, here] = laid_over(cv2.merge(painted), where[within, here], colours[within, here])


@dataclass(frozen=True)
class GuidedMatte:
    """A matte as the deep guided filter's small maps, not yet drawn; implements `Matte`."""

    picture: Picture
    """The source frame, BGR (H x W x 3)."""
    slope: Tensor
    """A, 1 x 4 x h x w: red, green, blue, matte."""
    offset: Tensor
    """b, 1 x 4 x h x w."""
    grid: Grid
    edge: None = None
    """No earlier run has despilled anything."""

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`.

        Only tiles that may hold values between 0 and 1 are interpolated; the others are filled. With the mean m in
        0..1, A·m + b lies between b and A + b, and interpolated values lie between the least and largest of those.
        """
        kind = np.uint16 if deep else np.uint8
        most = full(kind)
        slope, offset = self.slope[0, 3] * (most / 255 / 3), self.offset[0, 3] * most
        ends = offset, offset + slope * (255 * 3)
        solid = self.grid.over_tiles(np.minimum(*ends), np.minimum) >= most
        empty = self.grid.over_tiles(np.maximum(*ends), np.maximum) <= 0
        drawn: Plane = np.zeros(self.picture.shape[:2], kind)
        for rows, is_solid, is_empty in zip(self.grid.bands(), solid, empty, strict=True):
            for span in _columns(is_solid, self.grid.width):
                drawn[rows, span] = most
            spans = list(_columns(~(is_solid | is_empty), self.grid.width))
            if not spans:
                continue
            wide = self.grid.widened(slope, rows), self.grid.widened(offset, rows)
            for span in spans:
                blue, green, red = cv2.split(self.picture[rows, span])
                total = cv2.add(cv2.add(blue, green, dtype=cv2.CV_16U), red, dtype=cv2.CV_16U)
                self.grid.draw(drawn[rows, span], wide, total, rows, span)
        return drawn

    @Once
    def maps(self) -> ColourMaps:
        """The maps that the foreground is made from."""
        planes = np.concatenate([self.slope[0, 2::-1] + 1, self.offset[0, 2::-1] * 255])
        return ColourMaps(planes, (slice(0, self.grid.map_height), slice(0, self.grid.map_width)), self.grid)

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground on `colours` (BGR) where `where` is not zero; both have the box's size.

        `colours` is contiguous.
        """
        self.maps.paint(self.picture, colours, where, box)


def _columns(wanted: NDArray[np.bool_], width: int) -> Iterator[slice]:
    """Yield the columns of each run of wanted tiles, in a frame of this width."""
    tile = 0
    for is_wanted, run in groupby(wanted.tolist()):  # there are few tiles: numpy would take longer
        first, tile = tile, tile + len(list(run))
        if is_wanted:
            yield slice(first * _TILE_COLUMNS, min(tile * _TILE_COLUMNS, width))
