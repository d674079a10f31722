import cv2
import numpy as np
import pytest

from rvm_addon.engine.network.guided import Grid, GuidedMatte
from rvm_addon.engine.pictures.tensors import Plane, full, neighbours

HEIGHT, WIDTH = 150, 333
"""Not whole numbers of tiles, nor of the maps' cells."""


def a_matte(edge: float, nobody: float = -0.02, somebody: float = 1.02) -> GuidedMatte:
    """Two values on both sides of a slanting edge, `edge` columns of the small maps from the left.

    Near it the maps leave a little open, on which the source's colours decide.
    """
    random = np.random.default_rng(21)
    slope, offset = (np.zeros((1, 4, 40, 90), np.float32) for _ in range(2))
    across = np.arange(90) - edge + np.arange(40)[:, None] * 0.4
    offset[0, 3] = np.clip(across / 3, nobody, somebody)
    slope[0, 3] = random.normal(0, 0.05, (40, 90)) * (np.abs(across) < 8)
    picture = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return GuidedMatte(picture, slope, offset, Grid(HEIGHT, WIDTH, 40, 90))


def everywhere(matte: GuidedMatte, most: int) -> np.ndarray:
    """A·m + b in every pixel, in 64 bits, not rounded: from 0 to `most`."""
    above, below, down = neighbours(HEIGHT, 40, HEIGHT / 40)
    left, right, across = neighbours(WIDTH, 90, WIDTH / 90)
    maps = []
    for plane in (matte.slope[0, 3].astype(float), matte.offset[0, 3].astype(float)):
        wide = plane[:, left] * (1 - across) + plane[:, right] * across
        maps.append(wide[above] * (1 - down)[:, None] + wide[below] * down[:, None])
    mean = matte.picture.sum(axis=2) / (3 * 255)
    return np.clip(maps[0] * mean + maps[1], 0, 1) * most


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(("nobody", "somebody"), [(-0.02, 1.02), (0.01, 0.98)])
@pytest.mark.parametrize("edge", range(0, 96, 5))
def test_what_is_certain_is_what_would_be_drawn(edge: int, nobody: float, somebody: float, deep: bool) -> None:
    """Wherever an edge lies among the tiles, also at their borders, and also where 0 and 1 are only nearly certain.

    No pixel is off by more than rounding.
    """
    matte = a_matte(edge, nobody, somebody)
    alpha: Plane = matte.alpha(deep=deep)
    most = full(alpha.dtype)
    assert np.abs(alpha - everywhere(matte, most)).max() <= 0.5 + 0.001 * most / 255


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_frame_may_be_certain_everywhere(value: float) -> None:
    """Nobody, and nothing but somebody."""
    matte = a_matte(0)
    matte.slope[:], matte.offset[:] = 0, value
    assert (matte.alpha(deep=True) == round(value * 65535)).all()


@pytest.mark.parametrize("size", [1, 3])
def test_frames_and_maps_of_a_few_pixels(size: int) -> None:
    """One pixel, and maps as large as the frame."""
    picture = np.full((size, size, 3), 102, np.uint8)
    slope, offset = np.full((1, 4, size, size), 0.5, np.float32), np.full((1, 4, size, size), 0.2, np.float32)
    alpha = GuidedMatte(picture, slope, offset, Grid(size, size, size, size)).alpha(deep=False)
    assert np.array_equal(alpha, np.full((size, size), 102, np.uint8))


def test_pixels_alone_and_in_tiles_get_the_same_colours() -> None:
    """A few wanted pixels are painted one by one, many in tiles; rounding may part them by one."""
    matte = a_matte(40)
    random = np.random.default_rng(22)
    matte.slope[0, :3], matte.offset[0, :3] = random.normal(0, 0.3, (2, 3, 40, 90))
    box = slice(7, 140), slice(13, 301)
    everything = np.full((133, 288), 255, np.uint8)
    few = everything * (random.random(everything.shape) < 0.02)
    in_tiles, alone = (cv2.merge([everything * 0] * 3) for _ in range(2))
    matte.paint(in_tiles, everything, box)
    matte.paint(alone, few, box)
    assert not alone[few == 0].any()
    assert np.abs(alone[few > 0].astype(int) - in_tiles[few > 0]).max() <= 1
