"""From a cut-out to the picture that is written.

Over a background, C = F·a + B·(1 - a) with straight colour F (Porter and Duff 1984), applied to sRGB-encoded values as
Blender's sequencer does by default.
"""

import cv2
import numpy as np

from .outputs import Result
from .spec import Colour, JobSpec
from .tensors import Picture


def compose(spec: JobSpec, cutout: Picture) -> Picture:
    """Return the result's picture: the cut-out itself (H x W x 4, BGRA), or BGR (H x W x 3) over a colour."""
    if spec.result is Result.CUTOUT:
        return cutout
    return over_colour(cutout, spec.background)


def thinned(cutout: Picture, alpha: Picture) -> Picture:
    """Return a cut-out (H x W x 4, BGRA) whose matte is multiplied by an alpha (H x W) that the source carried."""
    *colours, matte = cv2.split(cutout)
    picture: Picture = cv2.merge([*colours, cv2.multiply(matte, alpha, scale=1 / 255)])
    return picture


def over_colour(cutout: Picture, background: Colour) -> Picture:
    """Return opaque BGR (H x W x 3): a cut-out (H x W x 4, BGRA) over `background` (RGB, 0..255)."""
    behind = np.empty((*cutout.shape[:2], 3), np.uint8)
    behind[:] = background[::-1]
    colour = cv2.cvtColor(cutout, cv2.COLOR_BGRA2BGR)
    share = cv2.extractChannel(cutout, 3).astype(np.float32) * np.float32(1 / 255)
    picture: Picture = cv2.blendLinear(colour, behind, share, 1 - share)
    return picture
