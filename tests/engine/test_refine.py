import numpy as np
import pytest

from rvm_addon.engine.matte import PlainMatte
from rvm_addon.engine.refine import over_colour
from rvm_addon.engine.tensors import Tensor, to_bytes, to_tensor


@pytest.fixture
def frame() -> tuple[Tensor, Tensor]:
    """A random foreground and a matte that holds every 8-bit value, nought and one included."""
    random = np.random.default_rng(7)
    fgr = random.random((1, 3, 16, 64), np.float32)
    pha = (np.arange(1024, dtype=np.float32).reshape(1, 1, 16, 64) // 4) / 255
    return fgr, pha


def test_tensors_are_rgb_from_nought_to_one() -> None:
    """OpenCV's blue comes last in the tensor, and 255 is 1."""
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[..., 0], picture[..., 2] = 255, 51
    tensor = to_tensor(picture)
    assert tensor.shape == (1, 3, 2, 3) and tensor.dtype == np.float32
    assert np.allclose(tensor[0, :, 0, 0], [0.2, 0.0, 1.0])


def test_bytes_are_rounded_and_clipped() -> None:
    """A plane becomes the nearest of 256 values."""
    assert to_bytes(np.array([[0.0, 0.4 / 255, 0.6 / 255, 1.0, 1.5]], np.float32)).tolist() == [[0, 0, 1, 255, 255]]


def test_a_cutout_has_straight_alpha(frame: tuple[Tensor, Tensor]) -> None:
    """The matte is the alpha; colour is not multiplied by it, and is gone where no filter can reach it."""
    fgr, pha = frame
    fgr[..., :8, :32], pha[..., :8, :32] = 1.0, 0.0
    picture = PlainMatte(fgr, pha).cutout()
    alpha = picture[..., 3]
    assert np.array_equal(alpha, np.rint(pha[0, 0] * 255))
    shown = alpha > 0
    assert np.abs(picture[..., 2][shown] - fgr[0, 0][shown] * 255).max() <= 0.5001
    assert not picture[:6, :30].any()
    assert (picture[8, 0:32, :3] == 0).sum() < 10, "the pixels under the matte's edge keep their colour"
    assert picture[7, 5, :3].tolist() == [255, 255, 255], "one pixel beyond the matte keeps its colour too"


def test_over_a_colour_is_opaque_and_exact(frame: tuple[Tensor, Tensor]) -> None:
    """C = F·a + B·(1 - a) of what the cut-out holds, to half a unit, with no alpha channel left."""
    cutout = PlainMatte(*frame).cutout()
    picture = over_colour(cutout, (10, 200, 30))
    assert picture.shape == (16, 64, 3)
    alpha = cutout[..., 3:] / 255
    wanted = cutout[..., :3] * alpha + np.array([30, 200, 10]) * (1 - alpha)
    assert np.abs(picture - wanted).max() <= 0.505
