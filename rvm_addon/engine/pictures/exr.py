"""Writing OpenEXR: half floats, scene-linear, premultiplied; OpenCV's wheels lack this format.

Scan lines are deflated (ISA-L) in blocks of 16, the format's ZIP compression. Sources: "Technical Introduction to
OpenEXR" and "OpenEXR File Layout", Academy Software Foundation.
"""

import struct
from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from .tensors import Placed, Plane, Tensor, full, looked_up

_MAGIC_AND_VERSION = b"\x76\x2f\x31\x01\x02\x00\x00\x00"
_ZIP = 3
_ROWS = 16
"""Rows of a block in ZIP compression."""
_HALF = 1
"""The pixel type of 16-bit floats."""
_LEVEL = 1
_CHANNELS = {1: "Y", 3: "BGR", 4: "ABGR"}
"""The channels' names by their number, in alphabetical order as the format requires."""


def encode(picture: Placed) -> bytes:
    """Return an OpenEXR file of a picture: grey, BGR, or BGR with straight alpha; 8 or 16 bit.

    The picture's colours are sRGB-encoded; in the file they are linear and multiplied by alpha. Alpha stays as it is.
    """
    height, width = picture.size
    header = _header(_CHANNELS[picture.channels], width, height)
    blocks = list(_blocks(picture))
    return b"".join([_MAGIC_AND_VERSION, header, *_offsets(blocks, len(_MAGIC_AND_VERSION) + len(header)), *blocks])


def _planes(picture: Placed) -> list[NDArray[np.float16]]:
    """Return the box's channels (rows x columns) in the order of their names."""
    inner, alpha = picture.inner, picture.alpha
    most = full(inner.dtype)
    if inner.ndim == 2:  # a matte is a share, not light: it is stored as it is
        return [_halves(inner, _shares(most))]
    if alpha is None:
        return [_halves(plane, _linear_halves(most)) for plane in cv2.split(inner)]
    fullest = full(alpha.dtype)
    opaque = alpha == fullest
    soft = np.flatnonzero((alpha > 0) != opaque)
    share = alpha.reshape(-1).take(soft).astype(np.float32) / fullest
    planes = [_halves(alpha, _shares(fullest))]
    for plane in cv2.split(inner):
        light = _halves(cv2.copyTo(plane, opaque.view(np.uint8)), _linear_halves(most))
        light.reshape(-1)[soft] = _linear_values(most).take(plane.reshape(-1).take(soft)) * share
        planes.append(light)
    return planes


def _halves(plane: Plane, table: NDArray[np.float16]) -> NDArray[np.float16]:
    """Return the table's entry for each value of a plane (H x W)."""
    return looked_up(plane, table.view(np.uint16)).view(np.float16)


@cache
def _linear_values(most: int) -> Tensor:
    """Return the linear light of each value from 0 to `most` (IEC 61966-2-1, sRGB)."""
    encoded = np.arange(most + 1) / most
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _linear_halves(most: int) -> NDArray[np.float16]:
    """Return `_linear_values` as half floats."""
    return _linear_values(most).astype(np.float16)


@cache
def _shares(most: int) -> NDArray[np.float16]:
    """Return each value from 0 to `most` as a share of `most`, in half floats."""
    return (np.arange(most + 1, dtype=np.float32) / most).astype(np.float16)


def _header(names: str, width: int, height: int) -> bytes:
    """Return the attributes that the format requires."""
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(name.encode() + struct.pack("<xiBxxxii", _HALF, 0, 1, 1) for name in names) + b"\0"
    attributes = [
        ("channels", "chlist", channels),
        ("compression", "compression", bytes([_ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
    ]
    parts = (f"{name}\0{kind}\0".encode() + struct.pack("<i", len(data)) + data for name, kind, data in attributes)
    return b"".join(parts) + b"\0"


def _offsets(blocks: list[bytes], position: int) -> Iterator[bytes]:
    """Yield the entries of the table of block offsets; the table itself begins at `position`."""
    position += 8 * len(blocks)
    for block in blocks:
        yield struct.pack("<Q", position)
        position += len(block)


def _blocks(picture: Placed) -> Iterator[bytes]:
    """Yield the blocks of a picture from top to bottom."""
    (height, width), (rows, columns) = picture.size, picture.box
    planes = _planes(picture) if picture.inner.size else []
    for top in range(0, height, _ROWS):
        block = np.zeros((min(_ROWS, height - top), picture.channels, width), np.float16)  # in the file's layout
        first, last = max(rows.start, top), min(rows.stop, top + _ROWS)
        if first < last:
            for channel, plane in enumerate(planes):
                block[first - top : last - top, channel, columns] = plane[first - rows.start : last - rows.start]
        yield _block(block, top)


def _block(rows: NDArray[np.float16], top: int) -> bytes:
    """Return the block of these rows (rows x channels x W), whose first is `top`."""
    raw = rows.view(np.uint8).reshape(1, -1, 2)
    halves = np.concatenate(cv2.split(raw), axis=1)[0]  # low bytes, then high ones; stored as differences
    steps = np.empty_like(halves)
    steps[0] = halves[0]
    np.subtract(halves[1:], halves[:-1], out=steps[1:])
    steps[1:] += np.uint8(128)
    packed = isal_zlib.compress(steps, _LEVEL)
    data = packed if len(packed) < raw.size else raw.tobytes()  # the format's own rule
    return struct.pack("<ii", top, len(data)) + data
