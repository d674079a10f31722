"""What a movie file holds, read from its head: its codec and whether that can carry alpha, its colours, and its clock.

To ask Blender means to open the movie and decode a frame, which blocks its window for up to a quarter of a second. For
most movies, a few hundred bytes show that this is not needed. Formats: ISO/IEC 14496-12 (MP4, MOV), RFC 9559 (Matroska,
WebM), and AVI as Microsoft describes it; transfer characteristics by ITU-T H.273.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_OPAQUE_CONTAINERS = frozenset(
    {".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".m2v", ".wmv", ".3gp", ".dv", ".ogv"}
)  # the codecs that they may hold (MPEG-2, H.264, DV, VC-1, Theora) have three channels
_OPAQUE_CODES = frozenset(
    {
        *("avc1", "avc3", "mp4v", "av01", "jpeg", "mjpa", "mjpb", "dvc ", "dvcp", "dv5p", "dvh5", "h263"),
        *("apcn", "apch", "apcs", "apco"),  # ProRes 422; 4444 is ap4h and ap4x
        *("mjpg", "h264", "x264", "xvid", "divx", "dx50", "fmp4", "mp42", "mp43"),
        *("v_mpeg4/iso/avc", "v_mpeg4/iso/asp", "v_mpeg2", "v_mpeg1", "v_av1", "v_mjpeg", "v_theora"),
    }
)
_AV1 = frozenset({"av01", "v_av1"})
_BOXES_AROUND = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_HEAD_BYTES = 1 << 16
_STREAM_BYTES = 1 << 22
"""A stream may begin anywhere; within this many bytes, it names its codec."""
_MOST_DESCRIPTIONS = 64
"""The most descriptions that are read in a sample description box; a damaged file may claim any number."""
_MOST_DESCRIBED = 1 << 12
"""The most bytes of a description that are read."""
_PQ, _HLG = 16, 18
"""Transfer characteristics (PQ, HLG) whose values go far beyond a screen's white."""
_HDR_BOX = re.compile(rb"colrncl[cx]..\0([%c%c])" % (_PQ, _HLG), re.DOTALL)
_HDR_ELEMENT = re.compile(rb"\x55\xba\x81[%c%c]" % (_PQ, _HLG))
"""Matroska's element for the transfer characteristics, in one byte."""
_WIDE_BOX = re.compile(rb"colrncl[cx]\0[\x09\x0b\x0c]")
"""The primaries of BT.2020, DCI P3 or Display P3 (which phones film in)."""
_WIDE_ELEMENT = re.compile(rb"\x55\xbb\x81[\x09\x0b\x0c]")
_TICK_ELEMENT = re.compile(rb"\x2a\xd7\xb1([\x81-\x88])(.{8})", re.DOTALL)
"""Matroska's element for the length of a tick in nanoseconds: its size in bytes, and its value."""
_CLOCKS = {b"\0\0\1\xba": 90000.0, b"FLV": 1000.0, b"0&\xb2u": 1000.0}
"""Ticks per second of containers with a fixed clock, by their first bytes: MPEG's program stream, FLV, WMV."""


def may_carry_alpha(path: Path) -> bool:
    """Return False if a movie's codec cannot carry alpha; True if it can, or if that is not known."""
    if path.suffix.lower() in _OPAQUE_CONTAINERS:
        return False
    try:
        with path.open("rb") as stream:
            return not any(code in _OPAQUE_CODES for code in codes(stream))
    except (OSError, struct.error):  # Blender will report what is wrong with the file
        return True


def is_hdr(path: Path) -> bool:
    """Return whether an MP4, MOV or Matroska file declares itself HDR: its values go far beyond a screen's white."""
    return _says(path, _HDR_BOX, _HDR_ELEMENT)


def is_wide(path: Path) -> bool:
    """Return whether such a file declares primaries that are wider than a screen's; OpenCV converts these."""
    return _says(path, _WIDE_BOX, _WIDE_ELEMENT)


def _says(path: Path, in_mp4: re.Pattern[bytes], in_matroska: re.Pattern[bytes]) -> bool:
    """Return whether a movie's head matches a pattern: the one for MP4 and MOV, or the one for Matroska."""
    try:
        with path.open("rb") as stream:
            head = _head(stream)
            if _is_matroska(head):
                return in_matroska.search(head) is not None
            return _is_mp4(head) and any(map(in_mp4.search, _sample_descriptions(stream)))
    except (OSError, struct.error):  # as above
        return False


def is_av1(path: Path) -> bool:
    """Return whether a movie is AV1, which OpenCV's FFmpeg decodes on few machines."""
    try:
        with path.open("rb") as stream:
            return not _AV1.isdisjoint(codes(stream))
    except (OSError, struct.error):  # as above
        return False


def clock(path: Path) -> float:
    """Return the ticks per second in which a movie's container counts; 0 where that is not known."""
    try:
        with path.open("rb") as stream:
            head = _head(stream)
            if _is_mp4(head):
                return _media_clock(stream)
    except (OSError, struct.error):  # as above
        return 0.0
    if _is_matroska(head):
        tick = _TICK_ELEMENT.search(head)
        return 1e9 / int.from_bytes(tick[2][: tick[1][0] & 0xF]) if tick else 1000.0
    if _is_transport(head):
        return 90000.0
    return next((ticks for begin, ticks in _CLOCKS.items() if head.startswith(begin)), 0.0)


def _is_mp4(head: bytes) -> bool:
    """Return whether a file with this head is MP4 or MOV."""
    return head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


def _is_matroska(head: bytes) -> bool:
    """Return whether a file with this head is Matroska or WebM."""
    return head[:4] == b"\x1a\x45\xdf\xa3"


def _is_transport(head: bytes) -> bool:
    """Return whether a file with this head is a transport stream; cameras put four bytes before each packet."""
    return b"G" in (head[:1], head[4:5])


def codes(stream: BinaryIO) -> Iterator[str]:
    """Yield the codes of the codecs in a file, in lower case.

    Raises:
        OSError, struct.error: the file cannot be read, or ends too early.
    """
    head = _head(stream)
    if _is_mp4(head):
        yield from (found[4:8].decode("latin-1").lower() for found in _sample_descriptions(stream))
    elif _is_matroska(head):
        yield from (found.decode().lower() for found in re.findall(rb"\x86.(V_[\w/]+)", head, re.DOTALL))
    elif head[:4] == b"RIFF":
        yield from (
            found.decode("latin-1").lower() for found in re.findall(rb"vids.*?strf.{20}(.{4})", head, re.DOTALL)
        )


def descriptions(stream: BinaryIO) -> bytes:
    """Return the bytes that describe a file's codecs: its sample descriptions, and its head, often with pictures.

    Raises:
        OSError, struct.error: as for `codes`.
    """
    head = _head(stream)
    if _is_mp4(head):
        return b"".join((*_sample_descriptions(stream), head))
    is_stream = _is_transport(head) or head.startswith(b"\0\0\1\xba")
    return head + stream.read(_STREAM_BYTES) if is_stream else head


def _head(stream: BinaryIO) -> bytes:
    """Return the first `_HEAD_BYTES` of a file."""
    stream.seek(0)
    return stream.read(_HEAD_BYTES)


def _boxes(stream: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Yield the kind of each box from `start` to `end` and where its content begins; containers are entered."""
    while start + 8 <= end:
        stream.seek(start)
        size, kind = struct.unpack(">I4s", stream.read(8))
        inside = start + 8
        if size == 1:  # too large for 32 bits
            (size,) = struct.unpack(">Q", stream.read(8))
            inside += 8
        stop = start + size if size else end
        yield kind, inside
        if kind in _BOXES_AROUND:
            yield from _boxes(stream, inside, min(stop, end))
        if stop < inside:
            return
        start = stop


def _media_clock(stream: BinaryIO) -> float:
    """Return the ticks per second of the first video track; 0 where there is none."""
    ticks = 0
    for kind, inside in _boxes(stream, 0, stream.seek(0, 2)):
        if kind == b"mdhd":
            stream.seek(inside)
            # The ticks follow the version and the times of creation and change, which have 32 or 64 bits each.
            head = stream.read(24)
            (ticks,) = struct.unpack_from(">I", head, 20 if head[:1] == b"\1" else 12)
        elif kind == b"vmhd":
            return float(ticks)
    return 0.0


def _sample_descriptions(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the descriptions in a file's `stsd` boxes, each from its start: its size, its code, and what follows.

    Of each, at most `_MOST_DESCRIBED` bytes are read.
    """
    for kind, inside in _boxes(stream, 0, stream.seek(0, 2)):
        if kind == b"stsd":
            yield from _descriptions(stream, inside)


def _descriptions(stream: BinaryIO, start: int) -> Iterator[bytes]:
    """Yield the descriptions in a sample description box whose content begins at `start`."""
    stream.seek(start + 4)
    (count,) = struct.unpack(">I", stream.read(4))
    place = start + 8
    for _ in range(min(count, _MOST_DESCRIPTIONS)):
        stream.seek(place)
        found = stream.read(_MOST_DESCRIBED)
        (size,) = struct.unpack_from(">I", found)
        yield found[:size]
        place += size
