"""The chunks of a PNG, and the transparent value of a grey PNG, which OpenCV ignores. Standard library only.

Format: ISO/IEC 15948 (PNG, second edition).
"""

import struct
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY = 0
"""The colour type with one channel and no alpha channel."""

_HEAD = struct.Struct(">I4s")
"""The length of the chunk's content, and the chunk's kind."""
_CHECKSUM_BYTES = 4
_DEPTH_AT, _COLOUR_TYPE_AT = 8, 9
"""Offsets in the content of the first chunk."""


def chunks(data: bytes | memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield kind and content of a PNG's chunks, a truncated last one as far as it goes; nothing if it is no PNG."""
    view = memoryview(data)
    place = len(SIGNATURE) if view[: len(SIGNATURE)] == SIGNATURE else len(view)
    while place + _HEAD.size <= len(view):
        length, kind = _HEAD.unpack_from(view, place)
        place += _HEAD.size
        yield kind, view[place : place + length]
        place += length + _CHECKSUM_BYTES


def see_through_grey(data: bytes | memoryview) -> int | None:
    """Return the value of a grey PNG that stands for transparent, scaled as OpenCV returns it (8 or 16 bit).

    OpenCV itself ignores this. None if no value is transparent, or the file is no grey PNG.
    """
    depth = 0
    for kind, content in chunks(data):
        if kind == b"IHDR" and len(content) > _COLOUR_TYPE_AT and content[_COLOUR_TYPE_AT] == GREY:
            depth = content[_DEPTH_AT]
        elif kind == b"tRNS" and depth and len(content) >= 2:
            value = int.from_bytes(content[:2]) & ((1 << depth) - 1)
            return value * (255 // ((1 << depth) - 1)) if depth < 8 else value
        elif kind == b"IDAT":  # chunks after the pixels do not describe them
            return None
    return None
