"""What pressing the button asks of each movie file: as little as can be, and again when the file changes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rvm_addon.host.codecs import is_hdr, may_carry_alpha
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
    assert not is_hdr(tmp_path / "strange.mov")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(("transfer", "is_it"), [(1, False), (movies.PQ, True), (movies.HLG, True)])
def test_the_head_tells_of_hdr(tmp_path: Path, suffix: str, transfer: int, is_it: bool) -> None:
    """In MP4, QuickTime and Matroska; 10 bits by themselves are none."""
    assert is_hdr(movies.hdr(tmp_path / f"clip{suffix}", transfer)) is is_it


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
