"""Where somebody may be, and the windows of the small source that the refiner works on there.

Two thirds of a usual frame are background. The refiner's maps at a pixel depend on pixels up to four away. So it can
work on windows, with a halo of that width around the part that is used, and gives the same numbers.

The *coarse* matte finds the windows. It has half the small source's size, is not clipped, and is near -1 in the
background. Where it and its surroundings are below `_NOBODY`, the fine matte was below zero, too, by a fifth of the
full value or more, in every checked frame of six real clips: nothing is lost. With added noise, in darkness, upside
down or far away, one pixel of a frame was lost (14/255); only frames of pure noise lose more.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..pictures.tensors import Box, Tensor, box_of, within

_NOBODY = -0.3
"""Where the coarse matte is below this, there is nobody; 0 is empty, 1 is full."""
_BEYOND = 6
"""Coarse pixels around somebody that are refined as well."""
_HALO = 2
"""Coarse pixels around the used part of a window: the reach of the refiner's convolutions."""
_ROWS = 24
"""Coarse rows that are used of a window: the refiner's data stays in the processor's cache."""
_STEP = 16
"""Coarse columns by which the width of windows grows, so that there are few sizes."""


@dataclass(frozen=True)
class Window:
    """A part of the small source, in coarse pixels, and the part of it whose result is used."""

    outer: Box
    """Rows and columns of the coarse matte, halo included."""
    inner: Box
    """Rows and columns of the coarse matte that are used."""

    def fine(self, size: tuple[int, int]) -> Box:
        """Return the rows and columns of a small source of this height and width that the window spans."""
        return _doubled(self.outer, size)

    def taken(self, size: tuple[int, int]) -> tuple[Box, Box]:
        """Return the box of the used part in a small source of this height and width, and its box in the window."""
        part = _doubled(self.inner, size)
        return part, within(part, self.fine(size))


def whole(coarse_size: tuple[int, int]) -> Window:
    """Return the window that covers a whole frame, given the height and width of its coarse matte."""
    box = (slice(0, coarse_size[0]), slice(0, coarse_size[1]))
    return Window(box, box)


def around_somebody(coarse: Tensor) -> Iterator[Window]:
    """Yield windows whose used parts cover all that a coarse matte (h x w) does not take for background.

    The used parts do not overlap.
    """
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
    """Return `size` of `length` pixels that contain a span and its halo; all pixels if there are fewer."""
    start = max(min(span.start - _HALO, length - size), 0)
    return slice(start, min(start + size, length))


def _inside(span: slice, length: int) -> slice:
    """Return a span of `length` pixels without its halo, which it has on each side that is not at the border."""
    return slice(span.start + (_HALO if span.start else 0), span.stop - (_HALO if span.stop < length else 0))


def _doubled(box: Box, size: tuple[int, int]) -> Box:
    """Return a box of the coarse matte in pixels of a small source of this height and width."""
    rows, columns = (slice(2 * span.start, min(2 * span.stop, most)) for span, most in zip(box, size, strict=True))
    return rows, columns
