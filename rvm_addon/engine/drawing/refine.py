"""From the model's output to a cut-out: the matte's edge, and the foreground's colours.

A cut-out's colours are straight. They are zero where they can never show, which reduces a PNG to a third in size and
time. One pixel beyond the matte keeps its colour, since a viewer that scales the picture mixes it into the edge.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Self

import cv2
import numpy as np

from ..contract.outputs import EdgeColour, Edges
from ..network.matte import Matte
from ..pictures.tensors import Box, Picture, Pixels, Placed, Plane, Tensor, around, box_of, full, in_8_bits, looked_up
from . import nearby

_FAR = 10
"""From so many pixels on, a disc grows faster when it is made of its rows."""
_BAND_ROWS = 256
"""Rows that grow at once: memory that is used again is faster than new memory."""
_REACH = 5
"""Standard deviations beyond which a Gaussian blur has no effect: OpenCV's kernels reach 3 to 4, plus half a pixel."""
_MOST_BACKGROUND = 2.0
"""The background's share in a pixel is at most so many times what the matte says, which may be narrow or wide."""
_DOUBTED = 0.3
"""A share so far above what the matte says is doubted: probably the foreground itself looks like the background there,
as dark hair before a dark wall, which next to a white shirt would become white."""
_STEADINESS = 0.1 * 255**2
"""How firmly the foreground is as light as its neighbours. If it is quite free, hair becomes grey before a grey wall;
if it is fixed, dark skin before green becomes magenta."""
_LEAST_CONTRAST = 300.0
"""The squared distance between foreground and background at which half of the background's colour is taken out; the
nearer they are, the less. 8-bit noise is about 3."""


@dataclass(frozen=True)
class Cutout:
    """A cut-out before it is composed or written."""

    inner: Picture
    """The box's colours, BGR (rows x columns x 3), straight; zero where nothing shows, unless left uncoloured."""
    alpha: Plane
    """H x W, 8 or 16 bit."""
    box: Box
    """Where something may show: outside, alpha is zero."""

    @classmethod
    def of(cls, colours: Picture, alpha: Plane) -> Self:
        """Return the cut-out with these colours (H x W x 3) and this alpha."""
        box = box_of(alpha)
        return cls(colours[box], alpha, box)

    @property
    def placed(self) -> Placed:
        """The cut-out as a picture with the bit depth of its alpha."""
        return Placed(self.inner, self.box, self.alpha.shape, self.alpha[self.box])

    @property
    def colours(self) -> Picture:
        """The colours at the frame's size, H x W x 3."""
        return Placed(self.inner, self.box, self.alpha.shape).drawn()  # type: ignore[return-value]  # 8 bit


def cut_out(matte: Matte, edges: Edges, carried: Picture | None, *, deep: bool, coloured: bool = True) -> Cutout:
    """Return a frame's cut-out; `carried` is the source's alpha (H x W), if any. `deep` makes 16-bit alpha.

    If it need not be `coloured`, it has the source's colours, which cost nothing.
    """
    own = matte.alpha(deep=deep)
    alpha = _seen_through(carried, refined(own, edges))
    if not coloured:
        return Cutout.of(matte.picture, alpha)
    box = box_of(alpha, beyond=1)
    if not box[0].stop:  # nobody is there
        return Cutout(matte.picture[box], alpha, box)
    shown = around(in_8_bits(alpha[box]), 1)
    colours: Picture = cv2.copyTo(matte.picture[box], shown)
    if edges.shows_model:
        covered = _seen_through(None if carried is None else carried[box], own[box])
        matte.paint(colours, shown if edges.colour is EdgeColour.MODEL else _soft(covered, shown), box)
    if edges.despill:  # what a source's own alpha lets through is no background: its colours are straight
        soft = _soft(own[box], shown)
        if edges.despill == 1 and matte.edge is not None:  # an earlier run has done it
            matte.edge.paint(colours, soft, box)
        else:  # in 8 bits, for the same colours are kept for results of any depth
            _despill(matte.picture, colours, in_8_bits(own), Pixels.of(soft != 0, box), edges.despill)
    return Cutout(colours, alpha, box)


def _seen_through(carried: Picture | None, alpha: Plane) -> Plane:
    """Return a matte (H x W) times the source's own alpha (H x W, 8 bit), if that has any."""
    if carried is None:
        return alpha
    depth = cv2.CV_16U if alpha.dtype == np.uint16 else cv2.CV_8U
    product: Plane = cv2.multiply(alpha, carried, scale=1 / 255, dtype=depth)
    return product


def refined(alpha: Plane, edges: Edges) -> Plane:
    """Return a matte (H x W) with its black and white point set, grown or choked, and feathered."""
    if edges.keeps_matte:
        return alpha
    if (edges.black, edges.white) != (0.0, 1.0):
        alpha = _stretched(alpha, edges.black, edges.white)
    if edges.grow:
        alpha = _changed(alpha, abs(edges.grow), lambda part: _grown(part, edges.grow))
    if edges.feather:
        alpha = _changed(alpha, ceil(_REACH * edges.feather), lambda part: _blurred(part, edges.feather))
    return alpha


def _changed(alpha: Plane, reach: int, change: Callable[[Plane], Plane]) -> Plane:
    """Return a matte (H x W) after a `change` that keeps zeros more than `reach` pixels from values above zero."""
    box = box_of(alpha, reach)
    result: Plane = np.zeros(alpha.shape, alpha.dtype)
    if box[0].stop:
        result[box] = change(alpha[box])
    return result


def _grown(alpha: Plane, grow: int) -> Plane:
    """Return a matte (H x W) of which each pixel is the most, or for `grow` below 0 the least, of a disc around it.

    A large disc is made of its rows, and each row of the next shorter one (E. Urbach, M. Wilkinson, 2008). By 100
    pixels, OpenCV's own dilation or erosion takes 25 times as long.
    """
    reach, wide = abs(grow), alpha.shape[1]
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    if reach < _FAR:
        return (cv2.dilate if grow > 0 else cv2.erode)(alpha, disc)  # type: ignore[no-any-return]
    pick, beyond = (cv2.max, 0) if grow > 0 else (cv2.min, full(alpha.dtype))
    rows = sorted((int(np.count_nonzero(row)), down) for down, row in enumerate(disc))
    around = cv2.copyMakeBorder(alpha, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=beyond)
    result = alpha.copy()
    for top in range(0, len(alpha), _BAND_ROWS):
        band = result[top : top + _BAND_ROWS]
        runs, length = around[top : top + len(band) + 2 * reach], 1  # the most of so many pixels from here rightwards
        for row, down in rows:
            while length < row:
                step = min(length, row - length)
                runs, length = pick(runs[:, :-step], runs[:, step:]), length + step
            across = reach - row // 2
            pick(band, runs[down : down + len(band), across : across + wide], dst=band)
    return result


def _stretched(alpha: Plane, black: float, white: float) -> Plane:
    """Return (alpha - black) / (white - black), where 1 is the plane's full value; clipped."""
    most, span = full(alpha.dtype), white - black
    depth = cv2.CV_16U if alpha.dtype == np.uint16 else cv2.CV_8U
    values = np.arange(most + 1, dtype=np.float32)
    table = cv2.multiply(values - np.float32(black * most), 1 / span, dtype=depth).reshape(-1)
    return looked_up(alpha, table)


def _soft(covered: Plane, shown: Picture) -> Picture:
    """Return where (1, else 0) pixels are `shown` that the foreground has not wholly `covered` (rows x columns).

    That is what the model said, however the matte was moved since: what a grown or feathered matte shows beyond the
    foreground is background in the source, and inside there is none. Half an 8-bit step counts as nothing.
    """
    soft: Picture = cv2.bitwise_and(shown, (in_8_bits(covered) != full(np.uint8)).view(np.uint8))
    return soft


def _despill(picture: Picture, colours: Picture, covered: Picture, soft: Pixels, strength: float) -> None:
    """Take the old background's colour out of `soft` pixels, by `strength` (0..1); `colours` are the box's.

    A source pixel is C = F·a + B·(1 - a) (Porter and Duff 1984), where a is the foreground's share, as `covered` says
    (the model's matte, H x W, 8 bit), give or take. B and the foreground's colour N are estimated from pixels nearby.
    Of C, only t·(B - N) is taken out, with the background's share t, so that what N does not know, such as strands of
    hair, stays.
    """
    if not soft.inside.size:
        return
    bare = 1 - soft.of_frame(covered) * np.float32(1 / 255)
    source = soft.of_frame(picture).T.astype(np.float32)
    foreground, background = (
        nearby.at(soft, estimate, covered.shape) for estimate in nearby.foreground_and_background(picture, covered)
    )
    spill = background - foreground
    after = source - spill * _background_share(source - foreground, foreground, spill, bare)
    if strength < 1:
        before = soft.of_box(colours).T.astype(np.float32)
        after = before + (after - before) * np.float32(strength)
    soft.put(colours, cv2.convertScaleAbs(np.maximum(after, 0, out=after)))


def _background_share(change: Tensor, foreground: Tensor, spill: Tensor, bare: Tensor) -> Tensor:
    """Return how much of the background shines through each pixel (0..1).

    `change` is C - N, `foreground` is N, `spill` is B - N (3 x pixels, 0..255), `bare` the share that the matte leaves
    to the background. F is N, lighter or darker, so C - N = t·(B - N) + q·N with a small q. Least squares, with
    `_LEAST_CONTRAST`·t² and `_STEADINESS`·q² as penalties (A. Tikhonov 1963), give two equations for t and q; t follows
    by Cramer's rule.
    """
    contrast = _products(spill, spill) + np.float32(_LEAST_CONTRAST)
    light = _products(foreground, foreground) + np.float32(_STEADINESS)
    across = _products(spill, foreground)
    share = _products(spill, change) * light - _products(foreground, change) * across
    share /= contrast * light - across * across
    belief = np.exp(-np.square(np.maximum(share - bare, 0) / np.float32(_DOUBTED)))
    believed: Tensor = np.clip(share, 0, np.minimum(_MOST_BACKGROUND * bare, 1)) * belief
    return believed


def _products(one: Tensor, other: Tensor) -> Tensor:
    """Return the scalar products of colours (3 x pixels), one per pixel."""
    products: Tensor = np.einsum("cp,cp->p", one, other)
    return products


def _blurred(alpha: Plane, spread: float) -> Plane:
    """Return a Gaussian blur; at the border, edge values are replicated."""
    result: Plane = cv2.GaussianBlur(alpha, (0, 0), spread, borderType=cv2.BORDER_REPLICATE)
    return result
