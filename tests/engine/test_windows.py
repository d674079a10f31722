"""Where a frame is refined: windows around somebody, and what is taken of each."""

import cv2
import numpy as np
import pytest

from rvm_addon.engine.network.windows import Window, around_somebody, whole
from rvm_addon.engine.pictures.tensors import Box, Tensor

HALO = 4
"""Pixels of the small source that decide one of the refiner's."""


def coarse_of(size: tuple[int, int], *people: Box) -> Tensor:
    """Return a coarse matte with people in these boxes."""
    coarse = np.full(size, -1, np.float32)
    for box in people:
        coarse[box] = 0.9
    return coarse


def box(top: int, bottom: int, left: int, right: int) -> Box:
    """Return a box."""
    return slice(top, bottom), slice(left, right)


CASES = [
    pytest.param((288, 512), [box(40, 110, 90, 140)], id="one"),
    pytest.param((288, 512), [box(5, 30, 0, 9), box(120, 144, 250, 256)], id="two, in corners"),
    pytest.param((271, 455), [box(60, 136, 100, 228)], id="odd, at the lower border"),
    pytest.param((512, 270), [box(0, 256, 0, 135)], id="everywhere"),
    pytest.param((51, 33), [box(10, 11, 4, 5)], id="smaller than a window"),
    pytest.param((288, 512), [box(143, 144, 255, 256)], id="one pixel in the last corner"),
]


@pytest.mark.parametrize(("size", "people"), CASES)
def test_windows_hold_everybody_and_what_decides_them(size: tuple[int, int], people: list[Box]) -> None:
    """All that is near somebody is taken, nothing twice, with all that it depends on; where there is a frame at all."""
    coarse = coarse_of((-(-size[0] // 2), -(-size[1] // 2)), *people)
    near = cv2.dilate((coarse > 0).view(np.uint8), np.ones((9, 9), np.uint8))
    near = np.kron(near, np.ones((2, 2), np.uint8))[: size[0], : size[1]]
    times = np.zeros(size, int)
    for window in around_somebody(coarse):
        span, (taken, inside) = window.fine(size), window.taken(size)
        times[taken] += 1
        for spanned, took, within, most in zip(span, taken, inside, size, strict=True):
            assert spanned.start % 2 == 0 and 0 <= spanned.start < spanned.stop <= most
            assert (took.start - spanned.start, took.stop - spanned.start) == (within.start, within.stop)
            assert took.start - spanned.start >= HALO or spanned.start == 0
            assert spanned.stop - took.stop >= HALO or spanned.stop == most
    assert times.max() == 1
    assert (times[near > 0] == 1).all()


def test_an_empty_frame_has_no_windows() -> None:
    """Nobody is anywhere."""
    assert list(around_somebody(coarse_of((144, 256)))) == []


def test_there_are_few_sizes_of_windows() -> None:
    """However somebody moves: each size is loaded once."""
    sizes = set()
    for left in range(0, 200, 3):
        for window in around_somebody(coarse_of((144, 256), box(20, 140, left, left + 30 + left // 4))):
            rows, columns = window.fine((288, 512))
            sizes.add((rows.stop - rows.start, columns.stop - columns.start))
    assert len(sizes) <= 8


def test_the_whole_frame_is_a_window() -> None:
    """Of odd sizes too."""
    size = (271, 455)
    window = whole((136, 228))
    every = box(0, 271, 0, 455)
    assert (window.fine(size), window.taken(size)) == (every, (every, every))
    assert isinstance(window, Window)
