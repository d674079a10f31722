"""Colours that cannot be seen, estimated from those nearby: the background behind a person, the person's at an edge.

All are normalised convolutions (H. Knutsson, C.-F. Westin, 1993): the blurred colours that count, divided by their
blurred share. Blurring is done in smaller pictures, with deviations in pixels of these.
"""

import cv2
import numpy as np

from ..pictures.tensors import Picture, Pixels, Plane, Tensor, full

_FINENESS = 3
"""A picture is made smaller before a blur, but the Gaussian's deviation still spans at least this many pixels: then
bilinear enlargement is off by at most a seventieth of its contrast."""
_COARSE = 8
"""How many pixels in a row become one where colours at an edge are estimated."""
_BEHIND = 3.0
"""The deviation of the blur that estimates the old background there."""
_NARROW, _WIDE, _WIDE_COARSE = 1.0, 1.5, 4
"""The deviations of the two that estimate the foreground; the wide one's pictures are smaller by another factor."""
_SOLIDITY = 16.0
"""The power of a matte that tells how much a pixel counts for the foreground's colour: where a matte rises slowly,
colours are mixed with the background's until it is full."""
_WIDE_SHARE = np.float32(0.01)
"""How much the wide one counts: it decides only where the narrow one finds next to nothing."""
_ANYWHERE = np.float32(1e-6)
"""How much the mean of the whole foreground counts, in shares."""
_NOTHING = np.float32(1e-12)
"""The share of a pixel that shows nothing of the foreground, so that there is a mean where nothing is solid."""
_IN_A_ROW = 16_384
"""OpenCV looks up places in a picture of them, which has fewer than 32,767 rows and columns."""
_BARELY = np.float32(1e-4)
"""The share of a pixel that shows nothing of the background: the foreground's blur is better than nothing."""


def background(picture: Picture, alpha: Plane, spread: float) -> Picture:
    """Return an estimate of the background behind the foreground (BGR, H x W x 3): a blur that leaves that out.

    `picture` is BGR (H x W x 3), `alpha` H x W, `spread` the Gaussian's standard deviation in pixels.
    """
    coarse = 1 << max(int(spread / _FINENESS).bit_length() - 1, 0)
    bare = 1 - _opacity(alpha, coarse)
    sums = _blurred(_weighed(_shrunk(picture, coarse), bare**4 + _BARELY), spread / coarse)
    behind: Picture = cv2.resize(
        cv2.convertScaleAbs(_mean(sums)), (alpha.shape[1], alpha.shape[0]), interpolation=cv2.INTER_LINEAR
    )
    return behind


def foreground_and_background(picture: Picture, alpha: Plane) -> tuple[Tensor, Tensor]:
    """Return estimates of the foreground's and of the background's colour around the matte's edge, at a smaller size.

    `picture` is BGR (H x W x 3), `alpha` H x W; the results are BGR (h x w x 3, 0..255). Of the foreground, the solid
    pixels beside a place count; where there are none, those farther off, and far away the mean of all.
    """
    small, opacity = _shrunk(picture, _COARSE, skip=2), _opacity(alpha, _COARSE, skip=2)
    behind = _mean(_blurred(_weighed(small, (1 - opacity) ** 4 + _BARELY), _BEHIND))
    solid = _weighed(small, cv2.pow(opacity, _SOLIDITY) + _NOTHING)
    wide = _blurred(_shrunk(solid, _WIDE_COARSE), _WIDE)
    height, width = opacity.shape
    sums = cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR) * _WIDE_SHARE
    sums += _blurred(solid, _NARROW)
    sums += np.float32(cv2.mean(solid)) * _ANYWHERE
    return _mean(sums), behind


def at(pixels: Pixels, estimate: Tensor, size: tuple[int, int]) -> Tensor:
    """Return an estimate (h x w x 3) at some pixels of a frame of this height and width: 3 x pixels."""
    count = len(pixels.rows)
    in_rows = (-(-count // _IN_A_ROW), _IN_A_ROW)
    down, across = (
        np.resize((places.astype(np.float32) + np.float32(0.5)) * np.float32(scale) - np.float32(0.5), in_rows)
        for places, scale in zip((pixels.rows, pixels.columns), np.divide(estimate.shape[:2], size), strict=True)
    )
    colours = cv2.remap(estimate, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.stack(cv2.split(colours)).reshape(3, -1)[:, :count]


def _opacity(alpha: Plane, coarse: int, *, skip: int = 1) -> Tensor:
    """Return a matte (H x W) as 0..1 at a smaller size."""
    return _shrunk(alpha, coarse, skip=skip) * np.float32(1 / full(alpha.dtype))


def _shrunk(values: Plane | Tensor, coarse: int, *, skip: int = 1) -> Tensor:
    """Return values (H x W, or H x W x channels) with `coarse` pixels in a row made one, in the same range.

    Of the rows, only every so many may be looked at.
    """
    height, width = values.shape[:2]
    size = (max(width // coarse, 1), max(height // coarse, 1))
    seen = values[min(skip // 2, height - 1) :: skip]
    small: Tensor = cv2.resize(seen, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return small


def _weighed(picture: Tensor, share: Tensor) -> Tensor:
    """Return a picture's colours times their share and, as fourth channel, the share (h x w x 4)."""
    weighed: Tensor = cv2.merge([*(plane * share for plane in cv2.split(picture)), share])
    return weighed


def _blurred(values: Tensor, deviation: float) -> Tensor:
    """Return a Gaussian blur; at the border, edge values are replicated."""
    result: Tensor = cv2.GaussianBlur(values, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE)
    return result


def _mean(sums: Tensor) -> Tensor:
    """Return the colours (h x w x 3) whose sums and sums of shares these are (h x w x 4)."""
    *weighed, total = cv2.split(sums)
    mean: Tensor = cv2.merge([plane / total for plane in weighed])
    return mean
