"""What OpenCV does not report of a TIFF: whether colours are multiplied by their alpha, and whether an alpha is lost.

The tags are those of TIFF 6.0 (Adobe, 1992) and of BigTIFF.
"""

import struct

import numpy as np

from .tensors import Plane, full

_ASKED = _BITS, _SAMPLES, _EXTRA = 258, 277, 338
_ASSOCIATED, _UNASSOCIATED = 1, 2
"""Values of the tag `_EXTRA`: colours are stored premultiplied, or straight."""
_KINDS = {3: "H", 4: "I"}
"""Types of values: SHORT and LONG, of 16 and 32 bits."""
_BEGINS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Little- and big-endian TIFF, then BigTIFF."""


def loses_alpha(data: memoryview) -> bool:
    """Return whether a TIFF is grey with a second channel, which OpenCV drops."""
    return _tags(data).get(_SAMPLES) == 2


def is_multiplied(data: memoryview) -> bool:
    """Return whether OpenCV returns a TIFF's colours premultiplied; of 8 bits, it does so even if they are straight."""
    tags = _tags(data)
    return tags.get(_EXTRA) == _ASSOCIATED or (tags.get(_EXTRA) == _UNASSOCIATED and tags.get(_BITS) == 8)


def straight(picture: Plane) -> Plane:
    """Return a BGRA picture (H x W x 4) with its colours divided by its alpha, rounded to nearest."""
    most = full(picture.dtype)
    divided = picture.copy()
    alpha = np.maximum(picture[..., 3:], 1).astype(np.float32)
    divided[..., :3] = np.minimum(picture[..., :3] * (most / alpha) + 0.5, most)
    return divided


def _tags(data: memoryview) -> dict[int, int]:
    """Return the first value of each tag of the first picture that is in `_ASKED`; an empty dict if it is no TIFF."""
    if data[:4].tobytes() not in _BEGINS:
        return {}
    order = "<" if data[0] == ord("I") else ">"
    address, number, begin = ("Q", "Q", 8) if ord("+") in data[2:4] else ("I", "H", 4)
    tags = {}
    try:
        (start,) = struct.unpack_from(order + address, data, begin)
        (entries,) = struct.unpack_from(order + number, data, start)
        entry = struct.Struct(f"{order}HH{address}")
        value = struct.calcsize(f"={address}")
        at = start + struct.calcsize(f"={number}")
        for _ in range(entries):
            tag, kind, count = entry.unpack_from(data, at)
            at += entry.size
            if tag in _ASKED and kind in _KINDS:
                fits = struct.calcsize(_KINDS[kind]) * count <= value
                place = at if fits else struct.unpack_from(order + address, data, at)[0]
                (tags[tag],) = struct.unpack_from(order + _KINDS[kind], data, place)
            at += value
    except (struct.error, IndexError, OverflowError):  # the file is truncated, which OpenCV tolerates
        return {}
    return tags
