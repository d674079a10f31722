"""Whether a movie's pictures may be interlaced, read from its head: OpenCV 5 shows them black or as noise, silently.

Formats: sequence parameter sets by ITU-T H.264 (7.3.2.1.1) and H.265 (7.3.3), the sequence extension by ISO/IEC 13818-2
(6.2.2.3), the box `fiel` by QuickTime's file format, ProRes by SMPTE RDD 36, DNxHD by ST 2019-1 (VC-3), the frame
layout by ST 377-1 (MXF).
"""

import re
import struct
from pathlib import Path

from ..engine.errors import SpecError
from ..engine.outputs import Look, Result
from ..engine.spec import is_movie
from . import codecs

_DV = frozenset({"dvsd", "dvc ", "dvcp", "dvpp", "dv5n", "dv5p", "dv25", "dv50", *(f"dvh{rate}" for rate in "23456pq")})
"""Codes of codecs that are always interlaced, or taken to be so by FFmpeg."""
_TS_PACKET = 188
_SYNC = 0x47
_TWO_FIELDS = re.compile(rb"fiel\x02|\x32\x0c\0\x01[\x01\x03]")
"""Of QuickTime: two fields a frame; of MXF: separate or mixed fields."""
_SEQUENCE_EXTENSION = re.compile(rb"\0\0\x01\xb5[\x10-\x1f](.)", re.DOTALL)
_PROGRESSIVE = 0x08
_MPEG_2 = ("xd", "mx", "hdv", "m2v", "mp2v", "mpg", "mpeg", "mp4v", "v_mpeg2")
"""How the codes of MPEG-2 begin."""
_PRORES = re.compile(rb"icpf.{12}(.)", re.DOTALL)
_FIELDS_OF_PRORES = 0x0C
_DNXHD = re.compile(rb"\0\0\x02\x80[\x01-\x03](.)", re.DOTALL)
_FIELDS_OF_DNXHD = 0x02
_DNX = ("avd",)
"""How the codes of DNxHD begin."""
_PARAMETERS = re.compile(rb"(?:\0\0\x01|[\xfc-\xff]\xe1\0.)[\x27\x47\x67](?=[,BMSVXdnz\xf4])", re.DOTALL)
"""What leads to a sequence parameter set of H.264, and the profiles that there are: in a stream a start code, in a
file's description how many there are and the length."""
_MOST_PARAMETERS = 256
_HEVC_PARAMETERS = re.compile(rb"(?:\0\0\x01|[\x21\xa1]\0\x01\0.)\x42\x01.[\x01-\x3f](.{7})", re.DOTALL)
"""The same of HEVC, up to its profile; then which profiles it keeps to, in four bytes, and what its source is."""
_PROGRESSIVE_HEVC, _FIELDS_OF_HEVC = 0x80, 0x40
_HEVC = ("hev", "hvc", "dvh1", "dvhe", "h265", "v_mpegh")
"""How the codes of HEVC begin."""
_HAVE_CHROMA = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 244})
"""Profiles that tell their chroma format."""


def may_be(path: Path) -> bool:
    """Return whether a movie is interlaced as far as its head tells; some are that yet have no picture that is."""
    try:
        with path.open("rb") as stream:
            codes = frozenset(codecs.codes(stream))
            told = _payload(codecs.told(stream))
    except (OSError, struct.error):  # Blender will say what is wrong with it
        return False
    if path.suffix.lower() == ".dv" or not _DV.isdisjoint(codes) or _TWO_FIELDS.search(told) is not None:
        return True
    return (
        (_may_hold(codes, _MPEG_2) and any(not it[1][0] & _PROGRESSIVE for it in _SEQUENCE_EXTENSION.finditer(told)))
        or (_may_hold(codes, _DNX) and any(it[1][0] & _FIELDS_OF_DNXHD for it in _DNXHD.finditer(told)))
        or any(it[1][0] & _FIELDS_OF_PRORES for it in _PRORES.finditer(told))
        or (_may_hold(codes, _HEVC) and any(map(_is_of_fields, _HEVC_PARAMETERS.finditer(told))))
        or _in_h264(told)
    )


def _may_hold(codes: frozenset[str], beginnings: tuple[str, ...]) -> bool:
    """Return whether a codec may be in a file, given the codes of those that are, if any are told.

    A few bytes are not enough to tell: in MP4, a picture of H.264 that takes 640 bytes begins as one of DNxHD, and one
    that takes 322 as a sequence parameter set of HEVC.
    """
    return not codes or any(code.startswith(beginnings) for code in codes)


def check_backdrop(look: Look) -> None:
    """Return if what is to stand behind the person can be read.

    Raises:
        SpecError: it is interlaced.
    """
    if look.result is Result.BACKDROP and is_movie(Path(look.backdrop)) and may_be(Path(look.backdrop)):
        raise SpecError("backdrop", "it is interlaced; deinterlace it first")


def _payload(head: bytes) -> bytes:
    """Return what the packets of a transport stream carry; what is none stays as it is."""
    for extra in (0, 4):  # cameras lead each packet by the time of its arrival
        size = _TS_PACKET + extra
        if len(head) > size + extra and head[extra] == _SYNC == head[size + extra]:
            return b"".join(map(_carried, (head[at : at + _TS_PACKET] for at in range(extra, len(head), size))))
    return head


def _carried(packet: bytes) -> bytes:
    """Return what a packet of a transport stream carries, behind its head and what adapts its length."""
    begins = 4 if len(packet) < 5 or not packet[3] & 0x20 else 5 + packet[4]
    return packet[begins:]


def _in_h264(told: bytes) -> bool:
    """Return whether a sequence parameter set of H.264 allows for fields."""
    for found in _PARAMETERS.finditer(told):
        try:
            if not _has_frames_only(told[found.end() : found.end() + _MOST_PARAMETERS]):
                return True
        except (IndexError, ValueError):  # it was none
            continue
    return False


def _is_of_fields(found: re.Match[bytes]) -> bool:
    """Return whether a sequence parameter set of HEVC says that its source is interlaced, and not that it may be."""
    flags = _as_meant(found[1])[4]
    return bool(flags & _FIELDS_OF_HEVC and not flags & _PROGRESSIVE_HEVC)


def _as_meant(data: bytes) -> bytes:
    """Return what H.264 or HEVC means by some bytes: without those put in so that no start code arises."""
    return data.replace(b"\0\0\x03", b"\0\0")


class _Bits:
    """Numbers in a row of bits, as H.264 writes them."""

    def __init__(self, data: bytes) -> None:
        """Begin at the first bit."""
        self._left = iter("".join(f"{byte:08b}" for byte in _as_meant(data)))

    def one(self) -> bool:
        """Return the next bit.

        Raises:
            ValueError: there is none.
        """
        bit = next(self._left, "")
        if not bit:
            raise ValueError
        return bit == "1"

    def number(self) -> int:
        """Return the next number, of as many bits as it needs (Exp-Golomb); with a sign it takes as many.

        Raises:
            ValueError: there is none.
        """
        length = 0
        while not self.one():
            length += 1
        value = 1
        for _ in range(length):
            value = value * 2 + self.one()
        return value - 1

    def skip(self, numbers: int) -> None:
        """Pass over so many numbers."""
        for _ in range(min(numbers, _MOST_PARAMETERS)):
            self.number()


def _has_frames_only(parameters: bytes) -> bool:
    """Return whether a sequence parameter set, which begins with its profile, says that no picture is a field."""
    bits = _Bits(parameters[3:])
    bits.number()  # its name
    if parameters[0] in _HAVE_CHROMA:
        chroma = bits.number()
        if chroma == 3:
            bits.one()
        bits.skip(2)  # how deep it is
        bits.one()
        if bits.one():
            for each in range(8 if chroma != 3 else 12):
                _skip_scaling(bits, 16 if each < 6 else 64)
    bits.number()
    order = bits.number()
    if order == 0:
        bits.skip(1)
    elif order == 1:
        bits.one()
        bits.skip(2)
        bits.skip(bits.number())
    bits.skip(1)
    bits.one()
    bits.skip(2)  # the size
    return bits.one()


def _skip_scaling(bits: _Bits, size: int) -> None:
    """Pass over a scaling list, if there is one: it ends where a step leads to nought."""
    if not bits.one():
        return
    scale = 8
    for _ in range(size):
        step = bits.number()
        scale = (scale + ((step + 1) // 2 if step % 2 else -step // 2)) % 256
        if scale == 0:
            return
