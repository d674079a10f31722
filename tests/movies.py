"""Movies of many kinds whose frames show their number, written with PyAV, and read by it to the pixel and sample."""

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests import tiny

PQ, HLG = 16, 18
"""Transfer characteristics of HDR."""
_X265 = {1: "bt709", PQ: "smpte2084", HLG: "arib-std-b67"}
CLOCK = Fraction(1, 120000)
"""Seconds per tick: every frame duration that the tests use is a multiple. Too fine for MPEG-4 and older codecs."""


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
    clock: Fraction = CLOCK,
    pixel_aspect: Fraction | None = None,
) -> Path:
    """Write a movie whose frame i shows barcode i at `times[i]` seconds, or at i / `rate`, in ticks of `clock`."""
    with _scheduled_as_before(), av.open(str(path), "w", format=form, options=container or {}) as movie:
        stream = movie.add_stream(codec, rate=rate, options=options or {})
        (stream.width, stream.height), stream.pix_fmt = size, pixels
        stream.codec_context.time_base = clock
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(tiny.barcode(number, size), format="bgr24").reformat(format=pixels)
            time = Fraction(number) / Fraction(rate) if times is None else Fraction(times[number])
            frame.pts, frame.time_base = round(time / clock), clock
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    return path


@contextmanager
def _scheduled_as_before() -> Iterator[None]:
    """Undo the real-time priority that SVT-AV1, as root, gives to the thread that opens it and to its children.

    With it, a suite that waits for its workers would starve them where there are fewer processors than processes.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def hdr(path: Path, transfer: int = HLG, frames: int = 3) -> Path:
    """Write 10-bit HEVC tagged as HDR: BT.2020, `transfer` as numbered in ITU-T H.273."""
    tags = f"log-level=none:colorprim=bt2020:transfer={_X265[transfer]}:colormatrix=bt2020nc"
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx265", rate=24, options={"x265-params": tags})
        (stream.width, stream.height), stream.pix_fmt = tiny.SIZE, "yuv420p10le"
        told = stream.codec_context
        told.color_primaries, told.color_trc, told.colorspace = 9, transfer, 9
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(tiny.barcode(number), format="bgr24")
            movie.mux(stream.encode(picture.reformat(format="yuv420p10le")))
        movie.mux(stream.encode())
    return path


def wide(path: Path, frames: int = 3, primaries: int = 12) -> Path:
    """Write H.264 in BT.709 except for its primaries, as numbered in ITU-T H.273: 12 is Display P3."""
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=24)
        (stream.width, stream.height), stream.pix_fmt = tiny.SIZE, "yuv444p"
        told = stream.codec_context
        told.color_primaries, told.color_trc, told.colorspace = primaries, 1, 1
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(tiny.barcode(number), format="bgr24")
            movie.mux(stream.encode(picture.reformat(format="yuv444p", dst_colorspace="ITU709")))
        movie.mux(stream.encode())
    return path


def interlaced(path: Path, frames: int = 3, codec: str = "libx264", pixels: str = "yuv420p") -> Path:
    """Write an interlaced movie; the suffixes that cameras give a transport stream (TS) select that container."""
    more = {
        "libx264": {"x264-params": "tff=1"},
        "libx265": {"x265-params": "interlace=tff:log-level=none"},
        "dnxhd": {"b": "120M"},
    }
    options = {"flags": "+ildct+ilme"} | more.get(codec, {})
    size = {"dvvideo": (720, 576), "dnxhd": (1920, 1080)}.get(codec, tiny.SIZE)
    form = "mpegts" if path.suffix in {".mts", ".m2ts"} else None
    return write(
        path, codec, pixels, rate=25, size=size, frames=frames, options=options, form=form, clock=Fraction(1, 25)
    )


def turn(path: Path, height: int) -> Path:
    """Set an MP4's metadata to a quarter turn, as phones do; `height` is the picture's."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44  # after version, times, track, duration, layer and volume: ISO 14496-12
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, height * one, 0, 1 << 30)
    path.write_bytes(content)
    return path


SOUND_RATE = 48000
"""Samples a second."""
_TALKIE_FPS = 24


def noise(seconds: float) -> NDArray[np.int16]:
    """Return stereo sound (samples x 2) without repetition that survives lossy codecs."""
    random = np.random.default_rng(7)
    rough = random.normal(0, 9000, (int(seconds * SOUND_RATE), 2))
    smooth = np.apply_along_axis(lambda channel: np.convolve(channel, np.hanning(32) / 8, "same"), 0, rough)
    return np.clip(smooth, -30000, 30000).astype(np.int16)


def talkie(
    path: Path,
    frames: int,
    codec: str = "pcm_s16le",
    *,
    delay: int = 0,
    size: tuple[int, int] = tiny.SIZE,
    seconds: float = 0.0,
) -> Path:
    """Write a movie of barcodes with `noise` that begins `delay` samples after the picture.

    A negative `delay`, in whole frames, lets the sound begin first. The sound lasts as long as the picture, or
    `seconds`.
    """
    heard = noise(seconds or frames / _TALKIE_FPS)
    with av.open(str(path), "w") as movie:
        shown, sound = movie.add_stream("mpeg4", rate=_TALKIE_FPS), movie.add_stream(codec, rate=SOUND_RATE)
        (shown.width, shown.height), shown.pix_fmt, sound.layout = size, "yuv420p", "stereo"
        shown.bit_rate = 8_000_000
        packets = []
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(tiny.barcode(number, size), format="bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number + max(-delay, 0) * _TALKIE_FPS // SOUND_RATE, Fraction(1, _TALKIE_FPS)
            packets += shown.encode(frame)
        packets += shown.encode()
        for first in range(0, len(heard), 1024):
            samples = heard[first : first + 1024].reshape(1, -1)
            part = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            part.sample_rate, part.pts, part.time_base = SOUND_RATE, first + max(delay, 0), Fraction(1, SOUND_RATE)
            for fitting in av.AudioResampler(sound.format.name, "stereo", SOUND_RATE).resample(part):
                packets += sound.encode(fitting)
        packets += sound.encode()
        for packet in sorted(packets, key=lambda packet: packet.pts * packet.time_base):
            movie.mux(packet)
    return path


def samples(path: Path) -> NDArray[np.int16]:
    """Return a file's sound (samples x 2); an empty array if it has none."""
    with av.open(str(path)) as movie:
        if not movie.streams.audio:
            return np.empty((0, 2), np.int16)
        resampler = av.AudioResampler("s16", "stereo", SOUND_RATE)
        parts = [part.to_ndarray() for frame in movie.decode(audio=0) for part in resampler.resample(frame)]
        return np.concatenate([part.reshape(-1, 2) for part in parts])


def by_blender(
    addon: SimpleNamespace,
    frames: Sequence[Path],
    fps: float,
    sound: Path | None,
    target: Path,
    name: str = "h264",
    look: Any = None,
    *,
    begins: float = 1.0,
) -> bool:
    """Let Blender write a movie of pictures, which are opaque unless `look` says otherwise; return if it has sound."""
    kind, opaque = addon.encoders.MovieFormat(name), addon.outputs.Look(addon.outputs.Result.COLOUR)
    tell: Callable[[int], None] = lambda _: None  # noqa: E731
    heard = sound and addon.sounds.Sound(sound, begins)
    wrote: bool = addon.movies.write_movie(
        target, kind, addon.movies.Pictures(frames, look or opaque, fps), heard, tell
    )
    return wrote


def lag(heard: NDArray[np.int16], wanted: NDArray[np.int16]) -> int:
    """Return by how many samples `heard` lags behind `wanted`."""
    size = 1 << (len(heard) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(heard[:, 0].astype(float), size) * np.conj(np.fft.rfft(wanted[:, 0].astype(float), size))
    best = int(np.argmax(np.fft.irfft(spectrum, size)))
    return best - size if best > size // 2 else best


def decoded(path: Path) -> list[NDArray[np.uint8]]:
    """Return a movie's frames, each H x W x 4, BGRA.

    FFmpeg's own VP9 decoder would drop the alpha, and Blender's ProRes is BT.709 without a tag.
    """
    with av.open(str(path)) as movie:
        video = movie.streams.video[0]
        if video.codec.name == "prores":
            frames = (frame.reformat(format="bgra", src_colorspace="ITU709") for frame in movie.decode(video))
            return [frame.to_ndarray() for frame in frames]
        if video.metadata.get("alpha_mode") != "1":
            return [frame.to_ndarray(format="bgra") for frame in movie.decode(video)]
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        return [frame.to_ndarray(format="bgra") for packet in movie.demux(video) for frame in decoder.decode(packet)]


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let no file meanwhile grow beyond so many bytes, as on a disk that is full."""
    resource = pytest.importorskip("resource", reason="file sizes are limited by POSIX systems")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
