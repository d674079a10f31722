"""Colours that cannot be seen, estimated from those nearby."""

import cv2
import numpy as np
import pytest

from rvm_addon.engine.drawing import nearby

RED, BLUE = (10, 20, 200), (250, 0, 0)


def test_the_background_nearby_leaves_the_person_out() -> None:
    """Before a red wall a blue person does not tint what is guessed to lie behind."""
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:] = RED
    alpha = np.zeros((120, 160), np.uint8)
    cv2.circle(alpha, (80, 60), 30, 255, -1)
    picture[alpha > 0] = BLUE
    behind = nearby.background(picture, alpha, 20.0)
    assert behind[..., 0].max() < 60
    assert behind[..., 2].min() > 140


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_of_the_foreground_solid_pixels_count(kind: type) -> None:
    """At a blue person's edge before a red wall, both are blue and red as they are, not as they mix."""
    opacity = np.tile(np.clip((np.arange(160, dtype=np.float32) - 60) / 16, 0, 1), (120, 1))
    picture = (np.array(BLUE) * opacity[..., None] + np.array(RED) * (1 - opacity[..., None])).round().astype(np.uint8)
    alpha = (opacity * np.iinfo(kind).max).round().astype(kind)
    estimates = nearby.both(picture, alpha)
    assert estimates.shape == (6, 15, 20)
    at_edge = estimates[:, 7, 8]
    assert np.abs(at_edge[:3] - BLUE).max() <= 12
    assert np.abs(at_edge[3:] - RED).max() <= 12


def test_far_from_the_foreground_its_mean_counts() -> None:
    """A matte may be feathered to where no blur reaches: there, the person's colours are still the best guess."""
    picture = np.full((80, 1600, 3), RED, np.uint8)
    picture[:, :100] = BLUE
    alpha = np.zeros((80, 1600), np.uint8)
    alpha[:, :100] = 255
    assert np.abs(nearby.both(picture, alpha)[:3, 5, 190] - BLUE).max() <= 2


@pytest.mark.parametrize("level", [0, 1, 255])
def test_there_is_an_estimate_without_a_foreground_or_a_background(level: int) -> None:
    """A matte that is nowhere full, or everywhere, gives the picture's own colours, and no division by nought."""
    picture = np.full((40, 60, 3), RED, np.uint8)
    estimates = nearby.both(picture, np.full((40, 60), level, np.uint8))
    assert np.abs(estimates - np.array([*RED, *RED]).reshape(6, 1, 1)).max() <= 1


def test_small_pictures_have_an_estimate() -> None:
    """A picture smaller than what becomes one pixel is blurred as that pixel."""
    picture = np.full((5, 3, 3), RED, np.uint8)
    assert np.abs(nearby.both(picture, np.full((5, 3), 90, np.uint8))[:3, 0, 0] - RED).max() <= 1
