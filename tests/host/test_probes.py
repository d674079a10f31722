"""What pressing the button asks of each movie file: as little as can be, and again when the file changes."""

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from rvm_addon.host.strip import interlacing
from rvm_addon.host.strip.codecs import clock, descriptions, is_av1, is_hdr, is_wide, may_carry_alpha
from tests import movies, tiny
from tests.host.timeline import Timeline


def mp4_with_its_index_behind(path: Path) -> Path:
    """Write an H.264 movie, whose index follows the pictures."""
    return movies.write(path.with_suffix(".mp4"), "libx264", "yuv420p", frames=3)


def mp4_with_its_index_before(path: Path) -> Path:
    """Write an H.264 movie whose index leads."""
    return movies.write(path.with_suffix(".mp4"), "libx264", "yuv420p", frames=3, container={"movflags": "faststart"})


def prores_422(path: Path) -> Path:
    """Write a movie of a codec whose sister carries alpha."""
    return movies.write(path.with_suffix(".mov"), "prores_ks", "yuv422p10le", frames=3)


def matroska(path: Path) -> Path:
    """Write H.264 in Matroska."""
    return movies.write(path.with_suffix(".mkv"), "libx264", "yuv420p", frames=3)


def avi(path: Path) -> Path:
    """Write MJPEG in AVI."""
    return tiny.barcode_movie(path.with_suffix(".avi"), 3, fourcc="MJPG")


def transport_stream(path: Path) -> Path:
    """Write H.264 as cameras do."""
    return movies.write(path.with_suffix(".mts"), "libx264", "yuv420p", frames=3, form="mpegts")


def prores_4444(path: Path) -> Path:
    """Write a movie with alpha."""
    return movies.write(path.with_suffix(".mov"), "prores_ks", "yuva444p10le", frames=3)


def animation(path: Path) -> Path:
    """Write QuickTime Animation."""
    return movies.write(path.with_suffix(".mov"), "qtrle", "argb", frames=3)


def ffv1(path: Path) -> Path:
    """Write FFV1, which may carry alpha."""
    return movies.write(path.with_suffix(".mkv"), "ffv1", "bgra", frames=3)


def png_in_avi(path: Path) -> Path:
    """Write PNG in AVI."""
    return movies.write(path.with_suffix(".avi"), "png", "rgba", frames=3)


def webm(path: Path) -> Path:
    """Write VP9, whose alpha hides in a second stream."""
    return movies.write(path.with_suffix(".webm"), "libvpx-vp9", "yuv420p", frames=3, options={"cpu-used": "8"})


OPAQUE = (mp4_with_its_index_behind, mp4_with_its_index_before, prores_422, matroska, avi, transport_stream)
NOT_KNOWN = (prores_4444, animation, ffv1, png_in_avi, webm)


@pytest.mark.parametrize("write", [*OPAQUE, *NOT_KNOWN], ids=lambda write: write.__name__)
def test_the_head_tells_whether_there_can_be_alpha(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    """In every container, wherever it keeps its index; and what is not known may carry alpha."""
    assert may_carry_alpha(write(tmp_path / "人")) == (write in NOT_KNOWN)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"\0\0\0\x08ftyp\0\0\0\x05moov", b"\x1a\x45\xdf\xa3", b"no movie" * 99]
)
def test_a_strange_file_is_for_blender_to_judge(tmp_path: Path, content: bytes) -> None:
    """Nothing is raised, and nothing is read for ever."""
    (tmp_path / "strange.mov").write_bytes(content)
    assert may_carry_alpha(tmp_path / "strange.mov")
    path = tmp_path / "strange.mov"
    assert not any(tell(path) for tell in (is_hdr, is_wide, is_av1, interlacing.may_be))
    assert clock(path) in (0.0, 1000.0)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(("transfer", "is_it"), [(1, False), (movies.PQ, True), (movies.HLG, True)])
def test_the_head_tells_of_hdr(tmp_path: Path, suffix: str, transfer: int, is_it: bool) -> None:
    """In MP4, QuickTime and Matroska; 10 bits by themselves are none."""
    assert is_hdr(movies.hdr(tmp_path / f"clip{suffix}", transfer)) is is_it


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(("primaries", "is_it"), [(1, False), (9, True), (12, True)])
def test_the_head_tells_of_wide_colours(tmp_path: Path, suffix: str, primaries: int, is_it: bool) -> None:
    """BT.2020 and Display P3."""
    assert is_wide(movies.wide(tmp_path / f"clip{suffix}", primaries=primaries)) is is_it


@pytest.mark.parametrize(("codec", "is_it"), [("libx264", False), ("libsvtav1", True)])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_the_head_tells_of_av1(tmp_path: Path, suffix: str, codec: str, is_it: bool) -> None:
    """In each container that holds it."""
    codec = "libvpx-vp9" if (codec, suffix) == ("libx264", ".webm") else codec
    assert is_av1(movies.write(tmp_path / f"clip{suffix}", codec, "yuv420p", frames=3)) is is_it


IN_H264 = [("libx264", "yuv420p", f".{suffix}") for suffix in ("mp4", "mov", "mkv", "ts", "mts", "avi", "flv", "mxf")]
IN_HEVC = [("libx265", "yuv420p", f".{suffix}") for suffix in ("mp4", "mov", "mkv", "ts", "m2ts")]
IN_MPEG_2 = [("mpeg2video", "yuv420p", f".{suffix}") for suffix in ("mov", "mkv", "ts", "m2ts", "avi", "mpg", "mxf")]
IN_DV = [("dvvideo", "yuv420p", f".{suffix}") for suffix in ("avi", "mov", "dv")]
OTHERS = [("prores_ks", "yuv422p10le", ".mov"), ("dnxhd", "yuv422p", ".mov")]


@pytest.mark.parametrize(("codec", "pixels", "suffix"), [*IN_H264, *IN_HEVC, *IN_MPEG_2, *IN_DV, *OTHERS])
def test_the_head_tells_of_fields(tmp_path: Path, codec: str, pixels: str, suffix: str) -> None:
    """In every container; and that the same codec has none here."""
    assert interlacing.may_be(movies.interlaced(tmp_path / f"fields{suffix}", 3, codec, pixels))
    if codec == "dvvideo":  # always has
        return
    form = "mpegts" if suffix in {".mts", ".m2ts"} else None
    more: dict[str, Any] = {
        "form": form,
        "clock": Fraction(1, 25),
        "options": {"b": "120M"} if codec == "dnxhd" else {},
    }
    for size in (tiny.SIZE, (1920, 1080))[codec == "dnxhd" :]:
        path = tmp_path / f"{size[0]}{suffix}"
        # Three frames: of fewer than its B-frame delay has, x265 4.2 gives decoding times from memory it never set.
        movies.write(path, codec, pixels, rate=25, size=size, frames=3, **more)
        assert not interlacing.may_be(path)


def test_a_stream_may_begin_anywhere(tmp_path: Path) -> None:
    """A broadcast that was cut out of its middle tells at its next key picture what it is."""
    whole = movies.interlaced(tmp_path / "whole.ts", 100)
    at = whole.read_bytes().index(b"\0\0\1\x67")
    padding = b"G\x1f\xff\x10" + bytes(184)
    begins = at // 188 * 188
    (tmp_path / "cut.ts").write_bytes(padding * 5000 + whole.read_bytes()[begins:])
    assert interlacing.may_be(tmp_path / "cut.ts")


@pytest.mark.parametrize("profile", ["baseline", "main", "high", "high10", "high422", "high444"])
@pytest.mark.parametrize("more", ["", ":cqm=jvt"])
@pytest.mark.parametrize("fields", [False, True])
def test_each_profile_tells_of_fields(tmp_path: Path, profile: str, more: str, fields: bool) -> None:
    """With matrices for its scaling, too, which stand before what is asked."""
    if profile == "baseline" and (fields or more):
        pytest.skip("it has neither")
    pixels = {"high10": "yuv420p10le", "high422": "yuv422p", "high444": "yuv444p"}.get(profile, "yuv420p")
    options = {"profile": profile, "x264-params": f"tff={int(fields)}{more if profile != 'main' else ''}"}
    path = movies.write(tmp_path / "clip.mp4", "libx264", pixels, frames=3, options=options)
    assert interlacing.may_be(path) is fields


@pytest.mark.parametrize(
    ("name", "ticks"),
    [
        ("a.mp4", 90000),
        ("a.mov", 600),
        ("a.mkv", 1000),
        ("a.ts", 90000),
        ("a.mpg", 90000),
        ("a.flv", 1000),
        ("a.avi", 0),
    ],
)
def test_the_head_tells_the_clock(tmp_path: Path, name: str, ticks: int) -> None:
    """Of the track of pictures where each has its own; 0 where pictures have no other moments than those of a rate."""
    options = {"video_track_timescale": str(ticks)} if name.endswith(("mp4", "mov")) else {}
    codec = "mpeg2video" if name.endswith("mpg") else "libx264"
    path = movies.write(tmp_path / name, codec, "yuv420p", rate=25, frames=3, container=options, clock=Fraction(1, 25))
    assert clock(path) == ticks


def test_a_movie_that_changed_is_asked_again(timeline: Timeline, tmp_path: Path) -> None:
    """Another rate under the same name counts; until then the answer is remembered."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 20, 24.0, "MJPG")
    strip = timeline.movie(clip)
    probes = timeline.addon.probes
    told = [probes.frame_rate(strip)]
    tiny.barcode_movie(clip, 21, 30.0, "MJPG")
    told.append(probes.frame_rate(strip))
    assert told == [24.0, 30.0]


def test_another_file_in_the_same_strip_is_another_file(timeline: Timeline, tmp_path: Path) -> None:
    """After “Change Path”, rate and length are the new file's, and its frames show."""
    strip = timeline.movie(tiny.barcode_movie(tmp_path / "a.avi", 20, 24.0, "MJPG"))
    timeline.addon.probes.frame_rate(strip)
    strip.filepath = str(tiny.barcode_movie(tmp_path / "b.avi", 40, 30.0, "MJPG"))
    assert timeline.addon.probes.frame_rate(strip) == 30.0
    timeline.press_button(strip)
    assert [a == b for _, a, b in timeline.compare(strip)] == [True] * 20


def test_a_movie_with_alpha_is_known_by_its_pictures(tmp_path: Path, timeline: Timeline) -> None:
    """Where the codec has room for alpha, Blender decides: FFV1 with and without."""
    carries = timeline.addon.probes.carries_alpha
    assert carries(str(ffv1(tmp_path / "with")))
    assert not carries(str(movies.write(tmp_path / "without.mkv", "ffv1", "bgr0", frames=3)))


LOOKS_LIKE = {
    "DNxHD": b"\0\0\x02\x80\x01\xff",
    "MPEG-2": b"\0\0\x01\xb5\x12\0",
    "HEVC": b"\0\0\x01\x42\x01\x9f\x2f\x44\x21\xff\x01\x5a\x04\xac",
}


@pytest.mark.parametrize("bytes_inside", LOOKS_LIKE.values(), ids=LOOKS_LIKE)
def test_what_only_looks_like_another_codec_is_not_interlaced(tmp_path: Path, bytes_inside: bytes) -> None:
    """In MP4 each picture is led by its length: one of 640 bytes begins as one of DNxHD, one of 322 as HEVC's set."""
    movie = movies.write(tmp_path / "clip.mp4", "libx264", "yuv420p", frames=3)
    box = struct.pack(">I4s", 8 + len(bytes_inside), b"free") + bytes_inside
    assert descriptions(io.BytesIO(box + movie.read_bytes())).count(bytes_inside) == 1
    movie.write_bytes(box + movie.read_bytes())
    assert not interlacing.may_be(movie)
