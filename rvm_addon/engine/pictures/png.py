"""Writing PNG fast: rows filtered by "up", deflated by Intel's ISA-L.

A 1080p cut-out takes a tenth of the time that OpenCV's encoder needs, and no more space: "up" is one subtraction for
many rows, and ISA-L's fast level compresses its result well. Format: ISO/IEC 15948 (PNG, second edition).
"""

import struct
from collections.abc import Iterator

import cv2
import numpy as np
from isal import isal_zlib

from ..contract.chunks import GREY, SIGNATURE
from .tensors import Picture, Placed, in_16_bits

_UP = 2
"""The filter type that stores each byte as its difference from the byte above."""
_COLOUR_TYPES = {1: GREY, 3: 2, 4: 6}
"""Grey, RGB and RGBA, by the number of channels."""
_LEVEL = 1
_BAND = 64
"""Rows that are filtered and deflated at once: they stay in the processor's cache."""


def encode(picture: Placed) -> bytes:
    """Return a PNG of a picture: grey, RGB, or RGBA where it has an alpha; 8 or 16 bit."""
    height, width = picture.size
    depth = 16 if picture.is_deep else 8
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOUR_TYPES[picture.channels], 0, 0, 0)
    packer = isal_zlib.compressobj(_LEVEL)
    data = b"".join([*map(packer.compress, _bands(picture)), packer.flush()])
    return b"".join([SIGNATURE, *_chunk(b"IHDR", header), *_chunk(b"IDAT", data), *_chunk(b"IEND", b"")])


def _bands(picture: Placed) -> Iterator[Picture]:
    """Yield bands of filtered rows (rows x bytes), each row led by its filter type; bands share one buffer."""
    (height, width), (rows, columns) = picture.size, picture.box
    size = picture.channels * (2 if picture.is_deep else 1)
    band = np.zeros((_BAND, 1 + width * size), np.uint8)
    band[:, 0] = _UP
    inner = band[:, 1 + columns.start * size : 1 + columns.stop * size]
    values = np.zeros((1 + _BAND, inner.shape[1]), np.uint8)
    """The bytes of the row above the band, then of the band's rows."""
    for top in range(0, height, _BAND):
        values[0] = values[-1]
        values[1:] = 0
        first, last = max(rows.start, top), min(rows.stop, top + _BAND)
        if first < last:
            values[1 + first - top : 1 + last - top] = _bytes(picture, slice(first - rows.start, last - rows.start))
        np.subtract(values[1:], values[:-1], out=inner)
        yield band[: height - top]


def _bytes(picture: Placed, rows: slice) -> Picture:
    """Return some rows of a picture's box as bytes, red before blue; 16-bit values are big-endian."""
    pixels = picture.inner[rows]
    if pixels.ndim == 3:  # reorder before widening: OpenCV is slow with 16 bits
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if picture.alpha is None else cv2.COLOR_BGR2RGBA)
    if picture.is_deep:
        pixels = in_16_bits(pixels)
    if picture.alpha is not None:
        cv2.insertChannel(picture.alpha[rows], pixels, 3)
    single = pixels.astype(">u2") if picture.is_deep else pixels
    return np.ascontiguousarray(single).view(np.uint8).reshape(len(pixels), -1)


def _chunk(kind: bytes, data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return a chunk's four parts: length, kind, data, checksum of the last two."""
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(kind))
    return struct.pack(">I", len(data)), kind, data, struct.pack(">I", checksum)
