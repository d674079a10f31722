import struct
import zlib
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from rvm_addon.engine.contract.chunks import SIGNATURE, chunks, see_through_grey

_NOTE = (b"tEXt", b"Comment\0where tRNS\0\2 and IDAT stand, nothing is")
_SEE_THROUGH = (b"tRNS", b"\0\2")


def png(depth: int, colour_type: int, *before: tuple[bytes, bytes], after: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Return a PNG of one row of four pixels with chunks before and after its pixels."""
    bits = 4 * depth * {0: 1, 2: 3, 3: 1}[colour_type]
    head = struct.pack(">IIBBBBB", 4, 1, depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"\0" + bytes(bits // 8))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in ((b"IHDR", head), *before, (b"IDAT", pixels), *after, (b"IEND", b""))
    )


@pytest.mark.parametrize(("depth", "value"), [(2, 170), (4, 34), (8, 2), (16, 2)])
def test_the_value_that_stands_for_nothing_is_told_as_opencv_tells_values(depth: int, value: int) -> None:
    """Of less than eight bits it is as bright as the pixels are that OpenCV returns."""
    assert see_through_grey(png(depth, 0, _NOTE, _SEE_THROUGH)) == value


@pytest.mark.parametrize(
    "data",
    [
        png(8, 0, _NOTE),
        png(8, 0, after=[_SEE_THROUGH]),
        png(8, 2, (b"tRNS", bytes(6))),
        png(8, 0, (b"tRNS", b"\2")),
        png(8, 0, _SEE_THROUGH)[:40],
        png(8, 0, _SEE_THROUGH)[1:],
        b"",
    ],
    ids=["said in a text", "behind the pixels", "coloured", "half", "cut off", "no PNG", "nothing"],
)
def test_what_does_not_say_so_has_no_such_value(data: bytes) -> None:
    """A text may hold whatever looks like a chunk, and a file may end anywhere."""
    assert see_through_grey(data) is None


def test_chunks_are_walked_one_by_one() -> None:
    """Whatever they hold; OpenCV reads the very file."""
    data = png(8, 0, _NOTE, _SEE_THROUGH)
    assert [kind for kind, _ in chunks(data)] == [b"IHDR", b"tEXt", b"tRNS", b"IDAT", b"IEND"]
    assert [bytes(content) for kind, content in chunks(data) if kind == b"tEXt"] == [_NOTE[1]]
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).shape == (1, 4)
