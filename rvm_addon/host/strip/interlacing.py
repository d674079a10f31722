"""Whether a movie's pictures may be interlaced, read from its head: OpenCV 5 silently decodes them as black or noise.

Formats: sequence parameter sets by ITU-T H.264 (7.3.2.1.1) and H.265 (7.3.3), the sequence extension by ISO/IEC 13818-2
(6.2.2.3), the box `fiel` by QuickTime's file format, ProRes by SMPTE RDD 36, DNxHD by ST 2019-1 (VC-3), the frame
layout by ST 377-1 (MXF).
"""

import re
import struct
from pathlib import Path

from ...engine.contract.errors import SpecError
from ...engine.contract.outputs import Look, Result
from ...engine.contract.spec import is_movie
from . import codecs

_DV = frozenset({"dvsd", "dvc ", "dvcp", "dvpp", "dv5n", "dv5p", "dv25", "dv50", *(f"dvh{rate}" for rate in "23456pq")})
"""Codes of codecs that are always interlaced, or that FFmpeg takes to be so."""
_TS_PACKET = 188
_SYNC = 0x47
_TWO_FIELDS = re.compile(rb"fiel\x02|\x32\x0c\0\x01[\x01\x03]")
"""In QuickTime: two fields per frame; in MXF: separate or mixed fields."""
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
"""The start of a sequence parameter set of H.264, up to its profile, which must be a known one. In a stream, a start
code precedes it; in a file's sample description, the number of sets and the length of this one."""
_MOST_PARAMETERS = 256
_HEVC_PARAMETERS = re.compile(rb"(?:\0\0\x01|[\x21\xa1]\0\x01\0.)\x42\x01.[\x01-\x3f](.{7})", re.DOTALL)
"""The same for HEVC. The group holds what follows the profile: compatible profiles (four bytes), then the flags that
describe the source."""
_PROGRESSIVE_HEVC, _FIELDS_OF_HEVC = 0x80, 0x40
_HEVC = ("hev", "hvc", "dvh1", "dvhe", "h265", "v_mpegh")
"""How the codes of HEVC begin."""
_HAVE_CHROMA = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 244})
"""Profiles of H.264 whose sequence parameter sets name the chroma format."""


def may_be(path: Path) -> bool:
    """Return whether a movie's head allows for interlaced pictures; some such movies contain none."""
    try:
        with path.open("rb") as stream:
            codes = frozenset(codecs.codes(stream))
            data = _payload(codecs.descriptions(stream))
    except (OSError, struct.error):  # Blender will report what is wrong with the file
        return False
    if path.suffix.lower() == ".dv" or not _DV.isdisjoint(codes) or _TWO_FIELDS.search(data) is not None:
        return True
    return (
        (_may_hold(codes, _MPEG_2) and any(not it[1][0] & _PROGRESSIVE for it in _SEQUENCE_EXTENSION.finditer(data)))
        or (_may_hold(codes, _DNX) and any(it[1][0] & _FIELDS_OF_DNXHD for it in _DNXHD.finditer(data)))
        or any(it[1][0] & _FIELDS_OF_PRORES for it in _PRORES.finditer(data))
        or (_may_hold(codes, _HEVC) and any(map(_is_of_fields, _HEVC_PARAMETERS.finditer(data))))
        or _in_h264(data)
    )


def _may_hold(codes: frozenset[str], beginnings: tuple[str, ...]) -> bool:
    """Return whether a codec may be in a file: one of the file's codes begins like it, or the file names no codes.

    A pattern of a few bytes is not enough: in MP4, an H.264 picture of 640 bytes begins like one of DNxHD, and one of
    322 bytes like a sequence parameter set of HEVC.
    """
    return not codes or any(code.startswith(beginnings) for code in codes)


def check_backdrop(look: Look) -> None:
    """Check that a look's backdrop can be decoded.

    Raises:
        SpecError: it is an interlaced movie.
    """
    if look.result is Result.BACKDROP and is_movie(Path(look.backdrop)) and may_be(Path(look.backdrop)):
        raise SpecError("backdrop", "it is interlaced; deinterlace it first")


def _payload(head: bytes) -> bytes:
    """Return the joined payloads of a transport stream's packets; any other data is returned unchanged."""
    for extra in (0, 4):  # cameras put the time of its arrival before each packet
        size = _TS_PACKET + extra
        if len(head) > size + extra and head[extra] == _SYNC == head[size + extra]:
            return b"".join(map(_carried, (head[at : at + _TS_PACKET] for at in range(extra, len(head), size))))
    return head


def _carried(packet: bytes) -> bytes:
    """Return the payload of a transport stream's packet: what follows its header and adaptation field."""
    begins = 4 if len(packet) < 5 or not packet[3] & 0x20 else 5 + packet[4]
    return packet[begins:]


def _in_h264(data: bytes) -> bool:
    """Return whether a sequence parameter set of H.264 allows for fields."""
    for found in _PARAMETERS.finditer(data):
        try:
            if not _has_frames_only(data[found.end() : found.end() + _MOST_PARAMETERS]):
                return True
        except (IndexError, ValueError):  # it was no parameter set
            continue
    return False


def _is_of_fields(found: re.Match[bytes]) -> bool:
    """Return whether a sequence parameter set of HEVC declares its source interlaced, not just possibly interlaced."""
    flags = _as_meant(found[1])[4]
    return bool(flags & _FIELDS_OF_HEVC and not flags & _PROGRESSIVE_HEVC)


def _as_meant(data: bytes) -> bytes:
    """Return bytes of H.264 or HEVC without the emulation prevention bytes, which keep start codes from arising."""
    return data.replace(b"\0\0\x03", b"\0\0")


class _Bits:
    """A reader of numbers from a bit stream, as H.264 writes them."""

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
        """Return the next unsigned Exp-Golomb number; a signed one takes as many bits.

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
        """Skip this many numbers, at most `_MOST_PARAMETERS`."""
        for _ in range(min(numbers, _MOST_PARAMETERS)):
            self.number()


def _has_frames_only(parameters: bytes) -> bool:
    """Return whether a sequence parameter set, which begins with its profile, says that no picture is a field."""
    bits = _Bits(parameters[3:])
    bits.number()  # its identifier
    if parameters[0] in _HAVE_CHROMA:
        chroma = bits.number()
        if chroma == 3:
            bits.one()
        bits.skip(2)  # the bit depths
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
    """Skip a scaling list, if there is one: it ends where a step leads to zero."""
    if not bits.one():
        return
    scale = 8
    for _ in range(size):
        step = bits.number()
        scale = (scale + ((step + 1) // 2 if step % 2 else -step // 2)) % 256
        if scale == 0:
            return
