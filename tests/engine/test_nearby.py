"""Colours that cannot be seen, estimated from those nearby."""

import cv2
import numpy as np
import pytest

from rvm_addon.engine.drawing import nearby
from rvm_addon.engine.pictures.tensors import Pixels

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
    person, wall = nearby.foreground_and_background(picture, (opacity * np.iinfo(kind).max).round().astype(kind))
    assert np.abs(person[7, 8] - BLUE).max() <= 12
    assert np.abs(wall[7, 8] - RED).max() <= 12


def test_far_from_the_foreground_its_mean_counts() -> None:
    """A matte may be feathered to where no blur reaches: there, the person's colours are still the best guess."""
    picture = np.full((80, 1600, 3), RED, np.uint8)
    picture[:, :100] = BLUE
    alpha = np.zeros((80, 1600), np.uint8)
    alpha[:, :100] = 255
    assert np.abs(nearby.foreground_and_background(picture, alpha)[0][5, 190] - BLUE).max() <= 2


@pytest.mark.parametrize("level", [0, 1, 255])
def test_there_is_an_estimate_without_a_foreground_or_a_background(level: int) -> None:
    """A matte that is nowhere full, or everywhere, gives the picture's own colours, and no division by nought."""
    estimates = nearby.foreground_and_background(
        np.full((40, 60, 3), RED, np.uint8), np.full((40, 60), level, np.uint8)
    )
    assert np.abs(np.stack(estimates) - RED).max() <= 1


def test_small_pictures_have_an_estimate() -> None:
    """A picture smaller than what becomes one pixel is that pixel."""
    estimates = nearby.foreground_and_background(np.full((5, 3, 3), RED, np.uint8), np.full((5, 3), 90, np.uint8))
    assert np.abs(np.stack(estimates) - RED).max() <= 1


@pytest.mark.parametrize("count", [1, 1024, 40_000])
def test_an_estimate_is_interpolated_at_pixels(count: int) -> None:
    """As OpenCV enlarges a picture, also where a frame's sides are no multiples of the estimate's."""
    random = np.random.default_rng(4)
    estimate = cv2.GaussianBlur(random.random((30, 41, 3), np.float32) * 255, (0, 0), 2.0)
    where = np.zeros((243, 331), bool)
    where.flat[random.choice(where.size, count, replace=False)] = True
    wanted = cv2.resize(estimate, (331, 243), interpolation=cv2.INTER_LINEAR)
    found = nearby.at(Pixels.of(where, (slice(0, 243), slice(0, 331))), estimate, where.shape)
    assert found.shape == (3, count)
    assert np.abs(found - wanted[where].T).max() <= 1.0, "OpenCV 4 rounds places to 1/32 of a pixel"
