"""From a cut-out to the picture that is written.

Over a background, C = F·a + B·(1 - a) with straight colour F (Porter and Duff 1984), applied to sRGB-encoded values as
Blender's sequencer does by default.
"""

import cv2
import numpy as np

from .outputs import Colour, Look, Result
from .refine import Cutout, nearby_background
from .tensors import Picture, Plane, full

Composed = Plane
"""H x W (grey), H x W x 3 (BGR) or H x W x 4 (BGRA, straight alpha), 8 or 16 bit."""


def compose(look: Look, cutout: Cutout, picture: Picture, behind: Picture | None) -> Composed:
    """Return the result's picture.

    `picture` is the source frame (BGR, H x W x 3), `behind` the backdrop (the same shape), where there is one.
    """
    if look.result.is_grey:
        return cutout.alpha
    if look.result is Result.CUTOUT:
        deep = cutout.alpha.dtype == np.uint16
        colours = cv2.multiply(cutout.colours, (257.0,) * 4, dtype=cv2.CV_16U) if deep else cutout.colours
        merged: Composed = cv2.merge([*cv2.split(colours), cutout.alpha])
        return merged
    if look.result is Result.BLUR:
        behind = nearby_background(picture, cutout.alpha, look.blur)
    return over(cutout, plain(picture.shape[:2], look.background) if behind is None else behind)


def over(cutout: Cutout, behind: Picture) -> Composed:
    """Return an opaque picture (BGR, H x W x 3): a cut-out over another (BGR, H x W x 3)."""
    share = cutout.alpha.astype(np.float32) * np.float32(1 / full(cutout.alpha.dtype))
    if cutout.alpha.dtype == np.uint8:
        picture: Composed = cv2.blendLinear(cutout.colours, behind, share, 1 - share)
        return picture
    front, back = cutout.colours.astype(np.float32), behind.astype(np.float32)
    deep: Composed = cv2.multiply(cv2.blendLinear(front, back, share, 1 - share), (257.0,) * 4, dtype=cv2.CV_16U)
    return deep


def plain(size: tuple[int, int], colour: Colour) -> Picture:
    """Return a picture (BGR, height and width as `size` says) of one colour (RGB)."""
    picture = np.empty((*size, 3), np.uint8)
    picture[:] = colour[::-1]
    return picture
