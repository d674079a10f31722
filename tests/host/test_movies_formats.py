"""Each movie format that this Blender writes: its streams, its transparency and its colours, decoded again by PyAV."""

import re
import zlib
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import bpy
import cv2
import numpy as np
import pytest

from tests import movies, tiny

LOSSLESS = ("ffv1", "qtrle")
ODD = (127, 65)
FRAMES = 6


def transparent_pictures(folder: Path, size: tuple[int, int]) -> list[Path]:
    """Write numbered pictures, 4:2:0-friendly in colour, whose alpha rises from left to right and is full in a band."""
    folder.mkdir(parents=True)
    alpha = np.tile(np.linspace(0, 255, size[0]).astype(np.uint8), (size[1], 1))
    alpha[-16:] = 255
    paths = [folder / f"shot_{number:04d}.png" for number in range(FRAMES)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.dstack([tiny.barcode(number, size), alpha]))
    return paths


@pytest.mark.parametrize("size", [tiny.SIZE, ODD])
@pytest.mark.parametrize("name", ["ffv1", "qtrle", "prores", "webm"])
def test_transparency_comes_through(addon: SimpleNamespace, tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    """Alpha within 1 of 255, every frame in its place; where alpha is full, the lossless formats' colours are equal."""
    kind = addon.encoders.MovieFormat(name)
    if kind not in addon.encoders.available():
        pytest.skip(f"this Blender writes no {name}")
    paths = transparent_pictures(tmp_path / "in", size)
    target = tmp_path / f"out{addon.encoders.ENCODERS[kind].suffix}"
    tone = tiny.tone(tmp_path / "t.wav", FRAMES / 24)
    movies.by_blender(addon, paths, 24, tone, target, name, addon.outputs.Look())
    shown = movies.decoded(target)
    assert [tiny.read_barcode(frame) for frame in shown] == list(range(FRAMES))
    for frame, path in zip(shown, paths, strict=True):
        height, width = frame.shape[:2]
        assert (width, height) == tuple(side // 2 * 2 if name == "prores" else side for side in size)
        whole = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(int)
        source = whole[whole.shape[0] - height :, :width]
        assert np.abs(frame[..., 3] - source[..., 3]).max() <= 1
        difference = np.abs(frame - source)[source[..., 3] == 255]
        assert difference.max() == 0 if name in LOSSLESS else difference.mean() < 3


@pytest.mark.parametrize("name", ["h264", "ffv1", "qtrle", "prores", "webm"])
def test_every_container_takes_its_sound(addon: SimpleNamespace, tmp_path: Path, name: str) -> None:
    """A tone of half a second is heard from the first sample on, as loud as it was, to within what codecs change."""
    kind = addon.encoders.MovieFormat(name)
    if kind not in addon.encoders.available():
        pytest.skip(f"this Blender writes no {name}")
    paths = tiny.barcode_pictures(tmp_path / "in", range(12))
    target = tmp_path / f"out{addon.encoders.ENCODERS[kind].suffix}"
    if not movies.by_blender(addon, paths, 24, tiny.tone(tmp_path / "t.wav", 0.5), target, name):
        pytest.skip("this Blender was built without its sound library")
    with av.open(str(target)) as movie:
        resample = av.AudioResampler("fltp", "stereo", 48000)
        parts = [part.to_ndarray()[0] for frame in movie.decode(audio=0) for part in resample.resample(frame)]
    heard = np.concatenate(parts)[: 48000 // 2]
    expected = np.sin(np.arange(len(heard)) * 2 * np.pi * 440 / 48000) * 12000 / 32768
    assert len(heard) > 20000
    assert np.corrcoef(heard[2400:20000], expected[2400:20000])[0, 1] > 0.99
    assert np.abs(heard[2400:20000]).max() == pytest.approx(12000 / 32768, rel=0.05)


@pytest.mark.parametrize("name", ["h264", "ffv1"])
@pytest.mark.parametrize(
    "rate",
    [*(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60)), Fraction(3012, 100), Fraction(25)],
    ids=lambda rate: f"{float(rate):.3f}",
)
def test_the_rate_is_the_clips(addon: SimpleNamespace, tmp_path: Path, name: str, rate: Fraction) -> None:
    """As Blender reads it of a clip, NTSC's or another; Matroska counts milliseconds, so that a little is lost."""
    clip = movies.write(tmp_path / "clip.mov", "mpeg4", "yuv420p", rate=rate, frames=24, clock=1 / rate)
    paths = tiny.barcode_pictures(tmp_path / "in", range(24))
    kind = addon.encoders.MovieFormat(name)
    target = tmp_path / f"out{addon.encoders.ENCODERS[kind].suffix}"
    movies.by_blender(addon, paths, addon.movies.frame_rate(clip), None, target, name)
    with av.open(str(target)) as movie:
        assert float(movie.streams.video[0].average_rate) == pytest.approx(float(rate), rel=1e-5)


@pytest.mark.parametrize("name", ["h264", "ffv1", "qtrle", "prores", "webm"])
@pytest.mark.parametrize("rate", [24, 60])
def test_blender_finds_as_many_frames_as_were_written(
    addon: SimpleNamespace, tmp_path: Path, name: str, rate: int
) -> None:
    """Though blocks of sound are longer than frames, and Matroska does not tell how long its picture lasts."""
    kind = addon.encoders.MovieFormat(name)
    if kind not in addon.encoders.available():
        pytest.skip(f"this Blender writes no {name}")
    paths = tiny.barcode_pictures(tmp_path / "in", range(31))
    target = tmp_path / f"out{addon.encoders.ENCODERS[kind].suffix}"
    movies.by_blender(addon, paths, rate, tiny.tone(tmp_path / "t.wav", 2.0), target, name)
    assert addon.movies.length(target) == 31
    assert [tiny.read_barcode(frame) for frame in movies.decoded(target)] == list(range(31))
    if name == "ffv1":  # strict readers compare the checksum of what tells the length
        head = target.read_bytes()[:4096]
        size, checksum, told = re.search(rb"\x15\x49\xa9\x66(.)\xbf\x84(.{4})(.*)", head, re.DOTALL).groups()
        assert zlib.crc32(told[: size[0] - 0x80 - 6]) == int.from_bytes(checksum, "little")


@pytest.mark.parametrize("name", ["h264", "ffv1", "qtrle", "webm"])
def test_half_a_movie_is_a_failure(addon: SimpleNamespace, tmp_path: Path, name: str) -> None:
    """Where no more bytes can be written, Blender goes on as if nothing were wrong; here it is told."""
    random = np.random.default_rng(1)
    paths = [tmp_path / f"noise_{number:04d}.png" for number in range(24)]
    for path in paths:
        cv2.imwrite(str(path), random.integers(0, 256, (128, 128, 3), np.uint8))
    with movies.files_up_to(50_000), pytest.raises(addon.errors.MovieCutShort, match="only a part"):
        movies.by_blender(addon, paths, 24, None, tmp_path / "out", name)


@pytest.mark.parametrize("name", ["h264", "ffv1"])
def test_a_movie_of_which_not_a_byte_can_be_written_is_told_in_the_systems_words(
    addon: SimpleNamespace, tmp_path: Path, name: str
) -> None:
    """Blender itself would say that it knows no such codec, and the user would look for another format."""
    paths = tiny.barcode_pictures(tmp_path / "in", range(5))
    with movies.files_up_to(0), pytest.raises(addon.errors.MovieCutShort, match=r"File too large|only a part"):
        movies.by_blender(addon, paths, 24, None, tmp_path / "out", name)


@pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="this Blender was built without its sound library")
def test_half_a_sound_is_a_failure(addon: SimpleNamespace, tmp_path: Path) -> None:
    """It is written first, and as little of it as fits; a movie with that would end in silence."""
    clip = movies.talkie(tmp_path / "clip.mov", 48)
    paths = tiny.barcode_pictures(tmp_path / "in", range(5))
    with movies.files_up_to(50_000), pytest.raises(addon.errors.MovieCutShort, match="File too large"):
        movies.by_blender(addon, paths, 24, clip, tmp_path / "out", "h264")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mov", "in"]


@pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="this Blender was built without its sound library")
def test_sound_of_many_channels_is_heard(addon: SimpleNamespace, tmp_path: Path) -> None:
    """FLAC, in which the sound is decoded, has eight; a field recorder's sixteen become two, as Blender plays them."""
    wave = (8000 * np.sin(np.arange(48000) / 10)).astype(np.int16)
    with av.open(str(tmp_path / "many.mov"), "w") as movie:
        stream = movie.add_stream("pcm_s16le", rate=48000, layout="hexadecagonal")
        for first in range(0, len(wave), 1000):
            samples = np.repeat(wave[first : first + 1000], 16).reshape(1, -1)
            part = av.AudioFrame.from_ndarray(samples, format="s16", layout="hexadecagonal")
            part.sample_rate, part.pts, part.time_base = 48000, first, Fraction(1, 48000)
            movie.mux(stream.encode(part))
        movie.mux(stream.encode())
    paths = tiny.barcode_pictures(tmp_path / "in", range(12))
    assert movies.by_blender(addon, paths, 24, tmp_path / "many.mov", tmp_path / "out", "ffv1")
    heard = movies.samples(tmp_path / "out")
    assert (np.abs(heard.astype(int)).max(axis=0) > 8000).all()


@pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="this Blender was built without its sound library")
def test_sound_without_the_module_for_it(
    addon: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's 4.3 plays sound and has no `aud`: to the sample as well, where it has no run-in."""
    monkeypatch.setattr(addon.sounds, "aud", None)
    clip = movies.talkie(tmp_path / "clip.mov", 48)
    paths = tiny.barcode_pictures(tmp_path / "in", range(24))
    assert movies.by_blender(addon, paths, 24, clip, tmp_path / "out", "ffv1", begins=-11.0)
    heard, expected = movies.samples(tmp_path / "out"), movies.noise(2.0)[24000:]
    assert np.array_equal(heard[10 : len(expected) - 10 - 24000], expected[10 : len(expected) - 10 - 24000])
