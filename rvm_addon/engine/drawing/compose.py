"""From a cut-out to the picture that is written.

Over a background B, C = F·a + B·(1 - a) with straight colour F (Porter and Duff 1984), applied to sRGB-encoded values,
as Blender's sequencer does by default.
"""

import cv2
import numpy as np

from ..contract.outputs import Colour, Look, Result
from ..pictures.tensors import Picture, Pixels, Placed, Plane, full, in_16_bits, laid_over
from . import nearby
from .refine import Cutout

_DEEPER = (257.0,) * 4
"""The factor from 8 to 16 bits, once for each of the four channels of an OpenCV scalar."""


def compose(look: Look, cutout: Cutout, picture: Picture, behind: Picture | None) -> Placed:
    """Return the result's picture: grey, BGR, or BGR with straight alpha, 8 or 16 bit.

    `picture` is the source frame (BGR, H x W x 3), `behind` the backdrop (the same shape), where there is one.
    """
    if look.result.is_grey:
        return Placed(cutout.alpha[cutout.box], cutout.box, picture.shape[:2])
    if look.result is Result.CUTOUT:
        return cutout.placed
    if look.result is Result.BLUR:
        behind = nearby.background(picture, cutout.alpha, look.blur)
    elif behind is None:
        behind = plain(picture.shape[:2], look.background)
    else:
        behind = behind.copy()  # one backdrop may stand behind many frames
    return Placed.whole(over(cutout, behind))


def over(cutout: Cutout, behind: Picture) -> Plane:
    """Return an opaque picture (BGR, H x W x 3): a cut-out over `behind` (BGR, H x W x 3), which may be overwritten.

    Most pixels come wholly from one of the two; only the others are mixed.
    """
    alpha, most = cutout.alpha[cutout.box], full(cutout.alpha.dtype)
    deep = alpha.dtype == np.uint16
    if not alpha.size:
        return in_16_bits(behind) if deep else behind
    opaque = alpha == most
    picked = laid_over(cutout.inner, opaque.view(np.uint8), behind[cutout.box])
    shown: Plane = in_16_bits(picked) if deep else picked
    pixels = Pixels.of((alpha > 0) != opaque, cutout.box)
    if pixels.inside.size:
        share, front, back = (
            values[:, None].astype(np.float32)
            for values in (pixels.of_box(alpha), pixels.of_box(cutout.inner), pixels.of_frame(behind))
        )
        share *= np.float32(1 / most)
        mixed = cv2.blendLinear(front, back, share, 1 - share)
        scaled = cv2.multiply(mixed, _DEEPER if deep else (1.0,) * 4, dtype=cv2.CV_16U if deep else cv2.CV_8U)
        pixels.put(shown, scaled[:, 0].T)
    picture = in_16_bits(behind) if deep else behind
    picture[cutout.box] = shown
    return picture


def plain(size: tuple[int, int], colour: Colour) -> Picture:
    """Return a picture (BGR, height and width `size`) of one colour (RGB)."""
    row = np.tile(np.array(colour[::-1], np.uint8), (size[1], 1))
    return np.repeat(row[None], size[0], axis=0)  # filling pixel by pixel takes 30 times as long
