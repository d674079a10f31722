"""Which codec a movie file holds, read from its head: whether it can carry alpha at all, and whether its light is HDR.

Blender can only be asked by opening the movie and decoding a frame, which holds its window for up to a quarter of a
second. A few hundred bytes tell of most movies that there is nothing to ask. Formats: ISO/IEC 14496-12 (MP4, MOV),
RFC 9559 (Matroska, WebM), and AVI as Microsoft describes it; transfer characteristics by ITU-T H.273.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_OPAQUE_CONTAINERS = frozenset(
    {".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".m2v", ".wmv", ".3gp", ".dv", ".ogv"}
)  # what may be in them (MPEG-2, H.264, DV, VC-1, Theora) has three channels
_OPAQUE_CODES = frozenset(
    {
        *("avc1", "avc3", "mp4v", "av01", "jpeg", "mjpa", "mjpb", "dvc ", "dvcp", "dv5p", "dvh5", "h263"),
        *("apcn", "apch", "apcs", "apco"),  # ProRes 422; 4444 is ap4h and ap4x
        *("mjpg", "h264", "x264", "xvid", "divx", "dx50", "fmp4", "mp42", "mp43"),
        *("v_mpeg4/iso/avc", "v_mpeg4/iso/asp", "v_mpeg2", "v_mpeg1", "v_av1", "v_mjpeg", "v_theora"),
    }
)
_BOXES_AROUND = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_HEAD_BYTES = 1 << 16
_MOST_DESCRIPTIONS = 64
"""Of a sample description box; a damaged file may claim any number."""
_MOST_DESCRIBED = 1 << 12
"""Bytes of a description that are looked at."""
_PQ, _HLG = 16, 18
"""Transfer characteristics whose values go far beyond a screen's white."""
_COLOUR_BOX = re.compile(rb"colrncl[cx]..\0([%c%c])" % (_PQ, _HLG), re.DOTALL)
_COLOUR_ELEMENT = re.compile(rb"\x55\xba\x81[%c%c]" % (_PQ, _HLG))
"""Of Matroska: the transfer characteristics, in one byte."""


def may_carry_alpha(path: Path) -> bool:
    """Return False where a movie's codec cannot carry alpha; True where it can, and where that is not known."""
    if path.suffix.lower() in _OPAQUE_CONTAINERS:
        return False
    try:
        with path.open("rb") as stream:
            return not any(code in _OPAQUE_CODES for code in _codes(stream))
    except (OSError, struct.error):  # Blender will say what is wrong with it
        return True


def is_hdr(path: Path) -> bool:
    """Return whether an MP4, MOV or Matroska file says that its values stand for more light than a screen has."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            if _is_matroska(head):
                return _COLOUR_ELEMENT.search(head) is not None
            return _is_mp4(head) and any(map(_COLOUR_BOX.search, _sample_descriptions(stream, 0, stream.seek(0, 2))))
    except (OSError, struct.error):  # as above
        return False


def _is_mp4(head: bytes) -> bool:
    """Return whether a file that begins so is MP4 or MOV."""
    return head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


def _is_matroska(head: bytes) -> bool:
    """Return whether a file that begins so is Matroska or WebM."""
    return head[:4] == b"\x1a\x45\xdf\xa3"


def _codes(stream: BinaryIO) -> Iterator[str]:
    """Yield the codes of the codecs in a file, in small letters."""
    head = stream.read(_HEAD_BYTES)
    if _is_mp4(head):
        described = _sample_descriptions(stream, 0, stream.seek(0, 2))
        yield from (found[4:8].decode("latin-1").lower() for found in described)
    elif _is_matroska(head):
        yield from (found.decode().lower() for found in re.findall(rb"\x86.(V_[\w/]+)", head, re.DOTALL))
    elif head[:4] == b"RIFF":
        yield from (
            found.decode("latin-1").lower() for found in re.findall(rb"vids.*?strf.{20}(.{4})", head, re.DOTALL)
        )


def _sample_descriptions(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield what stands in the `stsd` boxes between two places of a file, going into the boxes around them.

    Of each description it is the beginning: its size, its code, and what follows.
    """
    while start + 8 <= end:
        stream.seek(start)
        size, kind = struct.unpack(">I4s", stream.read(8))
        inside = start + 8
        if size == 1:  # too large for 32 bits
            (size,) = struct.unpack(">Q", stream.read(8))
            inside += 8
        stop = start + size if size else end
        if kind == b"stsd":
            yield from _descriptions(stream, inside)
        elif kind in _BOXES_AROUND:
            yield from _sample_descriptions(stream, inside, min(stop, end))
        if stop < inside:
            return
        start = stop


def _descriptions(stream: BinaryIO, start: int) -> Iterator[bytes]:
    """Yield the descriptions in a sample description box, whose content begins at `start`."""
    stream.seek(start + 4)
    (count,) = struct.unpack(">I", stream.read(4))
    place = start + 8
    for _ in range(min(count, _MOST_DESCRIPTIONS)):
        stream.seek(place)
        found = stream.read(_MOST_DESCRIBED)
        (size,) = struct.unpack_from(">I", found)
        yield found[:size]
        place += size
