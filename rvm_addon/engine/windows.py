"""Where somebody may be, and the windows of the small source in which that is looked at closely.

Of a usual frame two thirds are background. The refiner's maps of a pixel depend on what is up to four pixels away, so
it can work on windows that are that much wider than what is taken of them, with the same numbers.

The *coarse* matte that tells where lies at half the small source's size; it is not clipped, and in the background it
is near -1. Where it is below `_NOBODY`, and some pixels around, the fine matte was below nought too, by a fifth of full
and more, in every frame that was looked at of six real clips: nothing is lost. With noise laid over them, in darkness,
upside down or far away it was one pixel of a frame (14/255); only frames of nothing but noise lose more.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .tensors import Box, Tensor, box_of, within

_NOBODY = -0.3
"""A coarse matte below has nobody in it; nought is empty, one is full."""
_BEYOND = 6
"""Coarse pixels around somebody that are looked at as well."""
_HALO = 2
"""Coarse pixels around what is taken of a window: what the refiner's convolutions reach."""
_ROWS = 24
"""Coarse rows that are taken of a window: what the refiner works on stays in the processor's cache."""
_STEP = 16
"""Coarse columns by which windows grow, so that there are few sizes."""


@dataclass(frozen=True)
class Window:
    """A part of the small source, and what is taken of it."""

    outer: Box
    """Rows and columns of the coarse matte, halo and all."""
    inner: Box
    """Those that are taken."""

    def fine(self, size: tuple[int, int]) -> Box:
        """Return the rows and columns of a small source of this height and width that the window spans."""
        return _doubled(self.outer, size)

    def taken(self, size: tuple[int, int]) -> tuple[Box, Box]:
        """Return what is taken, in a small source of this height and width: where it lies there, and in the window."""
        part = _doubled(self.inner, size)
        return part, within(part, self.fine(size))


def whole(coarse_size: tuple[int, int]) -> Window:
    """Return the window that is all of a frame whose coarse matte has this height and width."""
    box = (slice(0, coarse_size[0]), slice(0, coarse_size[1]))
    return Window(box, box)


def around_somebody(coarse: Tensor) -> Iterator[Window]:
    """Yield windows in which all lies that a coarse matte (h x w) does not take for background; no two overlap."""
    height, width = coarse.shape
    somebody = (coarse >= _NOBODY).view(np.uint8)
    rows = box_of(somebody, _BEYOND)[0]
    for top in range(rows.start, rows.stop, _ROWS):
        bottom = min(top + _ROWS, rows.stop)
        near = somebody[max(top - _BEYOND, 0) : bottom + _BEYOND]
        columns = box_of(near, _BEYOND)[1]
        if columns.stop:
            tall = _spanning(slice(top, bottom), height, _ROWS + 2 * _HALO)
            wide = _spanning(columns, width, _STEP * -(-(columns.stop - columns.start + 2 * _HALO) // _STEP))
            yield Window((tall, wide), (slice(top, bottom), _inside(wide, width)))


def _spanning(span: slice, length: int, size: int) -> slice:
    """Return `size` pixels, of so many, that hold a span and its halo, or all there are."""
    start = max(min(span.start - _HALO, length - size), 0)
    return slice(start, min(start + size, length))


def _inside(span: slice, length: int) -> slice:
    """Return what is left of a span, of so many pixels, without its halo; there is none at the border."""
    return slice(span.start + (_HALO if span.start else 0), span.stop - (_HALO if span.stop < length else 0))


def _doubled(box: Box, size: tuple[int, int]) -> Box:
    """Return the rows and columns of a small source of this height and width whose halves these are."""
    rows, columns = (slice(2 * span.start, min(2 * span.stop, most)) for span, most in zip(box, size, strict=True))
    return rows, columns
