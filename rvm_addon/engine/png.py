"""Writing PNG fast: rows filtered by "up", deflated by Intel's ISA-L.

A 1080p cut-out takes a tenth of the time that OpenCV's encoder needs, and no more space: "up" is one subtraction for
the whole picture, and ISA-L's fast level still finds what that leaves. Format: ISO/IEC 15948 (PNG, second edition).
"""

import struct

import cv2
import numpy as np
from isal import isal_zlib

from .tensors import Box, Picture, Plane

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2
"""The filter type that stores each byte as its difference from the one above."""
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
"""Grey, RGB and RGBA, by the number of channels."""
_IN_ORDER = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
_LEVEL = 1


def encode(picture: Plane, box: Box | None = None) -> bytes:
    """Return a PNG: grey for H x W, RGB for BGR (H x W x 3), RGBA for straight BGRA (H x W x 4); 8 or 16 bit.

    Where a box is given, all is nought outside it, and need not be looked at.
    """
    height, width = picture.shape[:2]
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    header = struct.pack(">IIBBBBB", width, height, 8 * picture.itemsize, _COLOUR_TYPES[channels], 0, 0, 0)
    data = isal_zlib.compress(_filtered(picture, channels, box or (slice(0, height), slice(0, width))), _LEVEL)
    return b"".join([_SIGNATURE, *_chunk(b"IHDR", header), *_chunk(b"IDAT", data), *_chunk(b"IEND", b"")])


def _filtered(picture: Plane, channels: int, box: Box) -> Picture:
    """Return the rows (H x bytes), each led by its filter type."""
    height, width = picture.shape[:2]
    size = channels * picture.itemsize
    out = np.zeros((height, 1 + width * size), np.uint8)
    out[:, 0] = _UP
    rows, columns = box
    if rows.start == rows.stop:
        return out
    pixels = picture[box] if channels == 1 else cv2.cvtColor(picture[box], _IN_ORDER[channels])
    inner = _bytes(pixels).reshape(rows.stop - rows.start, -1)
    span = slice(1 + columns.start * size, 1 + columns.stop * size)
    out[rows.start, span] = inner[0]
    np.subtract(inner[1:], inner[:-1], out=out[rows.start + 1 : rows.stop, span])
    if rows.stop < height:
        np.negative(inner[-1], out=out[rows.stop, span])  # from the last row to one of noughts
    return out


def _bytes(pixels: Plane) -> Picture:
    """Return pixels as bytes, the more significant of two first."""
    return np.ascontiguousarray(pixels if pixels.dtype == np.uint8 else pixels.astype(">u2")).view(np.uint8)


def _chunk(kind: bytes, data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return a chunk's four parts: length, kind, data, checksum of the last two."""
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(kind))
    return struct.pack(">I", len(data)), kind, data, struct.pack(">I", checksum)
