"""Movies of many kinds whose frames tell their number, written with PyAV."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from tests import tiny

CLOCK = Fraction(1, 120000)
"""Seconds: a common part of all the frame rates that the tests use."""


def write(
    path: Path,
    codec: str,
    pixels: str,
    *,
    rate: Fraction | int = 24,
    size: tuple[int, int] = tiny.SIZE,
    frames: int = 30,
    times: Sequence[float] | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    form: str | None = None,
) -> Path:
    """Write a movie whose frame i tells i and shows at `times[i]` seconds, or at i / `rate`."""
    with av.open(str(path), "w", format=form, options=container or {}) as movie:
        stream = movie.add_stream(codec, rate=rate, options=options or {})
        (stream.width, stream.height), stream.pix_fmt = size, pixels
        stream.codec_context.time_base = CLOCK
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(tiny.barcode(number, size), format="bgr24").reformat(format=pixels)
            time = Fraction(number) / Fraction(rate) if times is None else Fraction(times[number])
            frame.pts, frame.time_base = round(time / CLOCK), CLOCK
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    return path


def turn(path: Path, height: int) -> Path:
    """Let an MP4's metadata say that it is to be turned by a quarter, as phones write it; `height` is the picture's."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44  # behind version, times, track, duration, layer and volume: ISO 14496-12
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, height * one, 0, 1 << 30)
    path.write_bytes(content)
    return path
