"""What a PNG says chunk by chunk, and what of it OpenCV leaves out of one that it reads. Standard library only.

Format: ISO/IEC 15948 (PNG, second edition).
"""

import struct
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY = 0
"""The type of colour that has one channel and no alpha of its own."""

_HEAD = struct.Struct(">I4s")
"""The length of what follows, and the chunk's kind."""
_CHECKSUM_BYTES = 4
_DEPTH_AT, _COLOUR_TYPE_AT = 8, 9
"""In the content of the first chunk."""


def chunks(data: bytes | memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield kind and content of a PNG's chunks; the last one's as far as it is there, and none of what is no PNG."""
    view = memoryview(data)
    place = len(SIGNATURE) if view[: len(SIGNATURE)] == SIGNATURE else len(view)
    while place + _HEAD.size <= len(view):
        length, kind = _HEAD.unpack_from(view, place)
        place += _HEAD.size
        yield kind, view[place : place + length]
        place += length + _CHECKSUM_BYTES


def see_through_grey(data: bytes | memoryview) -> int | None:
    """Return which value of a grey PNG stands for nothing, as OpenCV returns it (8 or 16 bit), which leaves that out.

    None where each is a grey, and of what is no such PNG.
    """
    depth = 0
    for kind, content in chunks(data):
        if kind == b"IHDR" and len(content) > _COLOUR_TYPE_AT and content[_COLOUR_TYPE_AT] == GREY:
            depth = content[_DEPTH_AT]
        elif kind == b"tRNS" and depth and len(content) >= 2:
            value = int.from_bytes(content[:2]) & ((1 << depth) - 1)
            return value * (255 // ((1 << depth) - 1)) if depth < 8 else value
        elif kind == b"IDAT":  # what stands behind the pixels is none of theirs
            return None
    return None
