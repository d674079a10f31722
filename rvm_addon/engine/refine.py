"""From what the model says to the picture that is written.

Formulas are those of alpha compositing (Porter and Duff 1984): over a background, C = F·a + B·(1 - a), with straight
colour F. They are applied to sRGB-encoded values, as Blender's sequencer does by default.
"""

import cv2
import numpy as np

from .spec import Colour, JobSpec, Result
from .tensors import Picture, Tensor, to_bytes, to_planes

_NEIGHBOURS = np.ones((3, 3), np.uint8)


def compose(spec: JobSpec, fgr: Tensor, pha: Tensor) -> Picture:
    """Return the result's picture for one frame: BGRA (H x W x 4) for a cut-out, BGR (H x W x 3) over a colour.

    `fgr` is the foreground (1 x 3 x H x W, RGB, 0..1), `pha` the matte (1 x 1 x H x W, 0..1).
    """
    if spec.result is Result.CUTOUT:
        return cutout(fgr, pha)
    return over_colour(fgr, pha, spec.background)


def cutout(fgr: Tensor, pha: Tensor) -> Picture:
    """Return straight-alpha BGRA (H x W x 4).

    Colour is zeroed where nothing of it can ever show, which makes the PNG a third of the size and of the time. One
    pixel beyond the matte keeps its colour: a viewer that scales the picture mixes it into the edge.
    """
    alpha = to_bytes(pha[0, 0])
    shown = cv2.compare(cv2.dilate(alpha, _NEIGHBOURS), 0, cv2.CMP_GT)
    colour = cv2.merge(to_planes(fgr))
    colour = cv2.bitwise_and(colour, colour, mask=shown)
    picture: Picture = cv2.merge([*cv2.split(colour), alpha])
    return picture


def over_colour(fgr: Tensor, pha: Tensor, background: Colour) -> Picture:
    """Return opaque BGR (H x W x 3): the foreground over `background` (RGB, 0..255)."""
    matte = pha[0, 0]
    rest = 1.0 - matte
    planes = [fgr[0, c] * matte + rest * np.float32(background[c] / 255) for c in (2, 1, 0)]
    picture: Picture = cv2.merge([to_bytes(plane) for plane in planes])
    return picture
