"""Writing OpenEXR: half floats, scene-linear, premultiplied; OpenCV's wheels come without that format.

Scan lines in blocks of 16, deflated (ISA-L): what the format's documents call ZIP compression ("Technical Introduction
to OpenEXR" and "OpenEXR File Layout", Academy Software Foundation).
"""

import struct
from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from .tensors import Plane, Tensor, full

_MAGIC_AND_VERSION = b"\x76\x2f\x31\x01\x02\x00\x00\x00"
_ZIP = 3
_ROWS = 16
"""Of a block in this compression."""
_HALF = 1
"""The pixel type of 16-bit floats."""
_LEVEL = 1


def encode(picture: Plane) -> bytes:
    """Return an OpenEXR file of a grey (H x W), BGR (H x W x 3) or straight BGRA picture (H x W x 4), 8 or 16 bit.

    Values are sRGB-encoded in the picture, alpha is not; in the file colours are linear and multiplied by it.
    """
    height, width = picture.shape[:2]
    planes = _planes(picture)
    header = _header(sorted(planes), width, height)
    rows = np.stack([planes[name] for name in sorted(planes)], axis=1)  # H x channels x W, as the file has them
    blocks = [_block(rows, top) for top in range(0, height, _ROWS)]
    return b"".join([_MAGIC_AND_VERSION, header, *_offsets(blocks, len(_MAGIC_AND_VERSION) + len(header)), *blocks])


def _planes(picture: Plane) -> dict[str, NDArray[np.float16]]:
    """Return the channels by the names that the format gives them."""
    values: NDArray[np.uint16] = picture  # type: ignore[assignment]  # or of 8 bits
    most = full(values.dtype)
    if values.ndim == 2:  # a matte is a share, not light: it is stored as it is
        return {"Y": _shares(most).take(values)}
    planes = {name: _linear_halves(most).take(values[..., channel]) for channel, name in enumerate("BGR")}
    if values.shape[2] == 4:
        alpha = np.ascontiguousarray(values[..., 3])
        there, opaque = cv2.compare(alpha, 0, cv2.CMP_GT), cv2.compare(alpha, most, cv2.CMP_EQ)
        soft = np.flatnonzero(there != opaque)
        share = alpha.reshape(-1)[soft].astype(np.float32) / most
        for channel, name in enumerate("BGR"):
            planes[name] = cv2.copyTo(planes[name].view(np.uint16), there).view(np.float16)
            planes[name].reshape(-1)[soft] = _linear_values(most).take(values.reshape(-1, 4)[soft, channel]) * share
        planes["A"] = _shares(most).take(alpha)
    return planes


@cache
def _linear_values(most: int) -> Tensor:
    """Return the linear light of each value from 0 to `most` (IEC 61966-2-1, sRGB)."""
    encoded = np.arange(most + 1) / most
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _linear_halves(most: int) -> NDArray[np.float16]:
    """Return the same as it is stored."""
    return _linear_values(most).astype(np.float16)


@cache
def _shares(most: int) -> NDArray[np.float16]:
    """Return each value from 0 to `most` as a share of that, as it is stored."""
    return (np.arange(most + 1, dtype=np.float32) / most).astype(np.float16)


def _header(names: list[str], width: int, height: int) -> bytes:
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
    """Yield where each block begins, in a table that itself begins at `position`."""
    position += 8 * len(blocks)
    for block in blocks:
        yield struct.pack("<Q", position)
        position += len(block)


def _block(rows: NDArray[np.float16], top: int) -> bytes:
    """Return the block whose first row is `top`."""
    raw = np.frombuffer(rows[top : top + _ROWS].tobytes(), np.uint8)
    halves = np.concatenate([raw[0::2], raw[1::2]])  # low bytes first, then high ones, each as the step from the last
    steps = np.empty_like(halves)
    steps[0] = halves[0]
    np.subtract(halves[1:], halves[:-1], out=steps[1:])
    steps[1:] += np.uint8(128)
    packed = isal_zlib.compress(steps, _LEVEL)
    data = packed if len(packed) < raw.size else raw.tobytes()  # the format's own rule
    return struct.pack("<ii", top, len(data)) + data
