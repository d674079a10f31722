from dataclasses import replace

import numpy as np
import pytest

from rvm_addon.engine.contract.outputs import Look, Result
from rvm_addon.engine.drawing.compose import compose
from rvm_addon.engine.drawing.refine import Cutout
from rvm_addon.engine.pictures.tensors import Picture

LOOK = Look(background=(10, 200, 30))


def a_cutout(most: int) -> tuple[Cutout, Picture]:
    """Random colours with every 8-bit alpha, in a plane whose fullest value is `most`; and a random source."""
    random = np.random.default_rng(5)
    alpha = ((np.arange(1024).reshape(16, 64) // 4) * (most // 255)).astype(np.uint8 if most == 255 else np.uint16)
    colours, source = random.integers(0, 256, (2, 16, 64, 3), np.uint8)
    return Cutout.of(colours, alpha), source


@pytest.mark.parametrize("most", [255, 65535])
def test_over_a_colour_is_opaque_and_exact(most: int) -> None:
    """C = F·a + B·(1 - a) of what the cut-out holds, to half a unit, with no alpha channel left."""
    cutout, source = a_cutout(most)
    picture = compose(replace(LOOK, result=Result.COLOUR), cutout, source, None).drawn()
    assert picture.shape == (16, 64, 3) and picture.dtype == cutout.alpha.dtype
    alpha = cutout.alpha[..., None] / most
    wanted = (cutout.colours * alpha + np.array([30, 200, 10]) * (1 - alpha)) * (most / 255)
    assert np.abs(picture - wanted).max() <= (0.505 if most == 255 else 3)


@pytest.mark.parametrize("most", [255, 65535])
def test_a_cutout_keeps_colours_and_alpha(most: int) -> None:
    """BGRA, straight."""
    cutout, source = a_cutout(most)
    picture = compose(LOOK, cutout, source, None).drawn()
    assert np.array_equal(picture[..., 3], cutout.alpha)
    assert np.array_equal(picture[..., :3], cutout.colours.astype(int) * (most // 255))


@pytest.mark.parametrize("result", [Result.MATTE, Result.MASK])
def test_a_matte_is_grey(result: Result) -> None:
    """One channel: the alpha."""
    cutout, source = a_cutout(255)
    assert np.array_equal(compose(replace(LOOK, result=result), cutout, source, None).drawn(), cutout.alpha)


def test_over_blur_shows_the_original_blurred_and_the_person_sharp() -> None:
    """Where alpha is full the colours are the cut-out's; where it is nought there is no detail left."""
    _, source = a_cutout(255)
    alpha = np.zeros((16, 64), np.uint8)
    alpha[:, 40:] = 255
    picture = compose(replace(LOOK, result=Result.BLUR, blur=6.0), Cutout.of(source, alpha), source, None).drawn()
    assert np.array_equal(picture[:, 40:], source[:, 40:])
    assert picture[:, :30].std(axis=(0, 1)).max() < 0.3 * source[:, :30].std(axis=(0, 1)).min()


def test_over_a_backdrop_shows_it_where_nothing_is_in_front() -> None:
    """To the bit."""
    cutout, source = a_cutout(255)
    behind = np.random.default_rng(8).integers(0, 256, source.shape, np.uint8)
    picture = compose(replace(LOOK, result=Result.BACKDROP), cutout, source, behind).drawn()
    nothing, everything = cutout.alpha == 0, cutout.alpha == 255
    assert np.array_equal(picture[nothing], behind[nothing])
    assert np.array_equal(picture[everything], cutout.colours[everything])


def test_a_backdrop_stays_as_it_is_for_the_next_frame() -> None:
    """Nothing is drawn upon it, in 8 or 16 bits."""
    for most in (255, 65535):
        cutout, source = a_cutout(most)
        behind = np.random.default_rng(8).integers(0, 256, source.shape, np.uint8)
        kept = behind.copy()
        compose(replace(LOOK, result=Result.BACKDROP), cutout, source, behind)
        assert np.array_equal(behind, kept)
