"""From what the model says to a cut-out: the matte's edge, and the colours of what is left.

A cut-out's colours are straight. They are zeroed where nothing of them can ever show, which makes the PNG a third of
the size and of the time. One pixel beyond the matte keeps its colour: a viewer that scales the picture mixes it into
the edge.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Self, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from .guided import grid_of
from .matte import Matte
from .outputs import EdgeColour, Edges
from .tensors import Box, Picture, Pixels, Placed, Plane, Tensor, box_of, full, in_8_bits, looked_up

_Values = TypeVar("_Values", Plane, Tensor)
_NEIGHBOURS = np.ones((3, 3), np.uint8)
_NEARBY = 24.0
"""Pixels: the standard deviation of the Gaussian that tells what the background's colour is nearby."""
_REACH = 5
"""Standard deviations beyond which nothing comes of a Gaussian's mean: OpenCV's reach 3 to 4, and half a pixel."""
_FINENESS = 3
"""Pixels of the smaller picture in which the background is blurred that a Gaussian's deviation spans, at least."""
_LEAST_SHARE = 0.125
"""Of the foreground in a pixel, to unmix it: below, the rounding of 8 bits would be taken for colour."""


@dataclass(frozen=True)
class Cutout:
    """A cut-out before it is composed or written."""

    inner: Picture
    """The box's colours, BGR, straight; nought where nothing shows."""
    alpha: Plane
    """H x W, 8 or 16 bit."""
    box: Box
    """Where something may show: beyond, alpha is nought."""

    @classmethod
    def of(cls, colours: Picture, alpha: Plane) -> Self:
        """Return the cut-out with these colours (H x W x 3) and this alpha."""
        box = box_of(alpha)
        return cls(colours[box], alpha, box)

    @property
    def placed(self) -> Placed:
        """The cut-out as a picture, as deep as its alpha."""
        return Placed(self.inner, self.box, self.alpha.shape, self.alpha[self.box])

    @property
    def colours(self) -> Picture:
        """The colours at the frame's size, H x W x 3."""
        return Placed(self.inner, self.box, self.alpha.shape).drawn()  # type: ignore[return-value]  # 8 bit


def cut_out(matte: Matte, edges: Edges, carried: Picture | None, *, deep: bool, coloured: bool = True) -> Cutout:
    """Return a frame's cut-out; `carried` is the alpha (H x W) that the source had, if any. `deep` is 16-bit alpha.

    Where it need not be `coloured`, it has the source's colours, which cost nothing.
    """
    alpha = refined(matte.alpha(deep=deep), edges)
    if carried is not None:
        alpha = cv2.multiply(alpha, carried, scale=1 / 255, dtype=cv2.CV_16U if deep else cv2.CV_8U)
    if not coloured:
        return Cutout.of(matte.picture, alpha)
    box = box_of(alpha, beyond=1)
    is_somebody_there = box[0].stop > 0
    return Cutout(_colours(matte, alpha, edges, box) if is_somebody_there else matte.picture[box], alpha, box)


def refined(alpha: Plane, edges: Edges) -> Plane:
    """Return a matte (H x W) with its black and white point set, grown or choked, and feathered."""
    if edges.keeps_matte:
        return alpha
    if (edges.black, edges.white) != (0.0, 1.0):
        alpha = _stretched(alpha, edges.black, edges.white)
    if edges.grow:
        size = 2 * abs(edges.grow) + 1
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        morph = cv2.dilate if edges.grow > 0 else cv2.erode
        alpha = _changed(alpha, abs(edges.grow), lambda part: morph(part, around))
    if edges.feather:
        alpha = _changed(alpha, ceil(_REACH * edges.feather), lambda part: _blurred(part, edges.feather))
    return alpha


def _changed(alpha: Plane, reach: int, change: Callable[[Plane], Plane]) -> Plane:
    """Return a matte (H x W) after a change that leaves nought what is more than `reach` pixels from anything else."""
    box = box_of(alpha, reach)
    result: Plane = np.zeros(alpha.shape, alpha.dtype)
    if box[0].stop:
        result[box] = change(alpha[box])
    return result


def _stretched(alpha: Plane, black: float, white: float) -> Plane:
    """Return (alpha - black) / (white - black), in 0..1 of what the plane holds."""
    most, span = full(alpha.dtype), white - black
    depth = cv2.CV_16U if alpha.dtype == np.uint16 else cv2.CV_8U
    values = np.arange(most + 1, dtype=np.float32)
    table = cv2.multiply(values - np.float32(black * most), 1 / span, dtype=depth).reshape(-1)
    return looked_up(alpha, table)


def _colours(matte: Matte, alpha: Plane, edges: Edges, box: Box) -> Picture:
    """Return the box's colours of a cut-out with this alpha (H x W): whose they are is the edges' choice."""
    rounded = in_8_bits(alpha[box])  # what is less than half of the smallest step from full or empty is taken for that
    # As masks: OpenCV takes what is not nought for wanted, and its own comparison takes a single pixel for a number.
    opaque = (rounded == full(np.uint8)).view(np.uint8)
    shown = cv2.dilate((rounded > 0).view(np.uint8), _NEIGHBOURS)
    soft = cv2.bitwise_xor(shown, opaque)  # what is opaque is shown
    colours: Picture = cv2.copyTo(matte.picture[box], shown)
    if edges.colour is not EdgeColour.SOURCE:
        matte.paint(colours, soft if edges.colour is EdgeColour.MIXED else shown, box)
    if edges.despill:
        _despill(matte.picture, colours, alpha, soft != 0, box, edges.despill)
    return colours


def _despill(
    picture: Picture, colours: Picture, alpha: Plane, soft: NDArray[np.bool_], box: Box, strength: float
) -> None:
    """Take the old background's colour out of soft pixels, by `strength` (0..1); `colours` and `soft` are the box's.

    A pixel of the source is C = F·a + B·(1 - a) (Porter and Duff 1984); with the background B nearby, F follows.
    """
    pixels = Pixels.of(soft, box)
    if not pixels.inside.size:
        return
    share = (pixels.of_frame(alpha).astype(np.float32) / full(alpha.dtype))[:, None]
    source = pixels.of_frame(picture).astype(np.float32)
    nearby = np.ascontiguousarray(_nearby(picture, alpha, _NEARBY).transpose(2, 0, 1))
    tall, wide = nearby.shape[1:]
    behind = grid_of(*alpha.shape, tall, wide).pixels(nearby, (slice(0, tall), slice(0, wide)), pixels).T
    foreground = source + (source - behind) * (1 - share) / np.maximum(share, _LEAST_SHARE)
    before = pixels.of_box(colours).astype(np.float32)
    mixed = cv2.addWeighted(before, 1 - strength, np.clip(foreground, 0, 255), strength, 0, dtype=cv2.CV_8U)
    pixels.put(colours, mixed.T)


def nearby_background(picture: Picture, alpha: Plane, spread: float) -> Picture:
    """Return what lies behind the foreground, guessed from what is seen around it: blurred, the foreground left out.

    `picture` is BGR (H x W x 3), `spread` the Gaussian's standard deviation in pixels. A normalised convolution
    (H. Knutsson, C.-F. Westin, 1993): the blurred background over the blurred share of it.
    """
    height, width = alpha.shape
    coarse = cv2.convertScaleAbs(_nearby(picture, alpha, spread))
    behind: Picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return behind


def _nearby(picture: Picture, alpha: Plane, spread: float) -> Tensor:
    """Return the same in small (h x w x 3, BGR, 0..255), not yet rounded: it has no detail that would be lost.

    What bilinear growing makes of a Gaussian that spans three pixels is off by a seventieth of its contrast at most.
    """
    height, width = alpha.shape
    coarse = 1 << max(int(spread / _FINENESS).bit_length() - 1, 0)
    size = (max(width // coarse, 1), max(height // coarse, 1))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    bare = 1 - cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / full(alpha.dtype)
    share = bare**4 + np.float32(1e-4)  # where all is foreground, its blur is better than nothing
    together = cv2.merge([*(plane * share for plane in cv2.split(small)), share])
    *weighed, total = cv2.split(_blurred(together, spread / coarse))
    behind: Tensor = cv2.merge([plane / total for plane in weighed])
    return behind


def _blurred(values: _Values, spread: float) -> _Values:
    """Return a Gaussian blur; at the border the outermost pixels go on."""
    result: _Values = cv2.GaussianBlur(values, (0, 0), spread, borderType=cv2.BORDER_REPLICATE)
    return result
