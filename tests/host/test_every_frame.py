"""The barcode harness: a table of clips, trims, rates and times; source and result rendered and compared, every frame.

The jobs run inside this process, through the engine's own door, for a process each would make minutes of seconds.
"""

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract.spec import JobSpec
from tests import movies, tiny
from tests.host.timeline import Timeline

FINE = {"crf": "8", "preset": "ultrafast"}
WITH_B_FRAMES = {"crf": "8", "preset": "medium", "bf": "3"}
FRAMES = Fraction(1, 24)
"""Seconds: the clock of AVI, and the finest that MPEG-4 takes for these clips."""
UNEVEN = [sum((0.5, 1, 2, 1.5, 0.25)[i % 5] for i in range(n)) / 24 for n in range(30)]
"""Seconds at which frames of a variable rate begin."""
TREMBLING = [(n + (0, 0.15, -0.2, 0.1, 0.24)[n % 5]) / 24 for n in range(30)]
"""The same for a camera whose clock wavers about 24 frames a second."""
DRIFTING = [n / 29.83 + (n > 20) / 30 for n in range(60)]
"""The same for a camera that is a little slow, and once loses a frame: moments lie beside those of its mean rate."""

CLIPS: dict[str, Callable[[Path], Path]] = {
    "mjpeg.avi": lambda path: tiny.barcode_movie(path, 30, fourcc="MJPG"),
    "h264.mp4": lambda path: movies.write(path, "libx264", "yuv420p", options=WITH_B_FRAMES),
    "h264 29.97.mkv": lambda path: movies.write(
        path, "libx264", "yuv420p", rate=Fraction(30000, 1001), options=WITH_B_FRAMES
    ),
    "mpeg4.avi": lambda path: movies.write(path, "mpeg4", "yuv420p", clock=FRAMES, options={"bf": "2"}),
    "h264.avi": lambda path: movies.write(path, "libx264", "yuv420p", clock=FRAMES, options=WITH_B_FRAMES),
    "h264.ts": lambda path: movies.write(path, "libx264", "yuv420p", options=WITH_B_FRAMES),
    "10 bit.mp4": lambda path: movies.write(path, "libx264", "yuv420p10le", options=FINE),
    "variable.mp4": lambda path: movies.write(path, "libx264", "yuv420p", times=UNEVEN, options=WITH_B_FRAMES),
    "trembling.mp4": lambda path: movies.write(path, "libx264", "yuv420p", times=TREMBLING, options=WITH_B_FRAMES),
    "drifting.mp4": lambda path: movies.write(
        path, "libx264", "yuv420p", rate=30, frames=60, times=DRIFTING, options=WITH_B_FRAMES, clock=Fraction(1, 90000)
    ),
    "drifting.mkv": lambda path: movies.write(
        path, "libx264", "yuv420p", rate=30, frames=60, times=DRIFTING, options=WITH_B_FRAMES
    ),
    "drifting.mov": lambda path: movies.write(
        path, "libx264", "yuv420p", rate=30, frames=60, times=DRIFTING, options=FINE, clock=Fraction(1, 600)
    ),
    "late.mkv": lambda path: movies.write(
        path, "libx264", "yuv420p", times=[1 + n / 24 for n in range(30)], options=FINE
    ),
    "turned.mp4": lambda path: movies.turn(
        movies.write(path, "libx264", "yuv420p", options=WITH_B_FRAMES), tiny.SIZE[1]
    ),
    "grey.mkv": lambda path: movies.write(path, "ffv1", "gray"),
    "prores.mov": lambda path: movies.write(path, "prores_ks", "yuv422p10le"),
    "vp9.webm": lambda path: movies.write(path, "libvpx-vp9", "yuv420p", options={"crf": "10", "cpu-used": "8"}),
    "odd.mkv": lambda path: movies.write(path, "ffv1", "bgr0", size=(119, 63)),
    "portrait.mp4": lambda path: movies.write(path, "libx264", "yuv444p", size=(36, 64), options=FINE),
    "one frame.mp4": lambda path: movies.write(path, "libx264", "yuv420p", frames=1, options=FINE),
}
RATES = {
    f"{name}.mp4": rate
    for name, rate in {
        "12": 12, "23.976": Fraction(24000, 1001), "25": 25, "30": 30, "30.12": Fraction(3012, 100), "60": 60,
    }.items()
}  # fmt: skip


def plain(_strip: Any) -> None:
    """Leave the strip as it is, but for its end: twelve frames tell enough."""


def trimmed(strip: Any) -> None:
    """Cut off by the left handle."""
    strip.frame_offset_start = 7


def offset(strip: Any) -> None:
    """Cut source frames for good, on both sides."""
    strip.animation_offset_start, strip.animation_offset_end = 3, 2


def reverse(strip: Any) -> None:
    """Play backwards."""
    strip.use_reverse_frames = True
    strip.frame_offset_start = 4


def strobed(strip: Any) -> None:
    """Stand for two and a half frames each."""
    strip.strobe = 2.5


def held(strip: Any) -> None:
    """Pull the left handle out: the first frame stands."""
    strip.frame_offset_start = -3


def all_at_once(strip: Any) -> None:
    """Trimmed both ways, backwards, and strobed."""
    offset(strip)
    reverse(strip)
    strip.strobe = 3


CHANGES = (plain, trimmed, offset, reverse, strobed, held, all_at_once)
KINDS = [(clip, change, 24, False) for clip, change in itertools.product(CLIPS, CHANGES) if clip != "one frame.mp4"]
KINDS += [("one frame.mp4", change, 24, False) for change in (plain, reverse, held)]
KINDS += list(itertools.product(RATES, (trimmed, reverse, all_at_once), (24, 30), (True,)))
KINDS += list(itertools.product(("12.mp4", "60.mp4"), (held, offset), (25, 60), (True,)))
LONGEST = 12


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All the clips of the table."""
    folder = tmp_path_factory.mktemp("clips")
    made = {name: write(folder / name) for name, write in CLIPS.items()}
    for name, rate in RATES.items():
        made[name] = movies.write(folder / name, "libx264", "yuv420p", rate=rate, options=WITH_B_FRAMES)
    return made


def matte(timeline: Timeline, strip: Any) -> Any:
    """Matte a strip as the button does, but in this process, and return its result."""
    addon = timeline.addon
    spec, place = addon.strips.job_spec(timeline.scene, strip, addon.properties.snapshot(timeline.scene))
    folder = timeline.folder / "job"
    folder.mkdir()
    pipeline.run(JobSpec.from_json(spec.to_json()), folder, lambda _: None)
    return addon.results.insert_result(spec, folder / spec.output, place).strips[0]


def shots(timeline: Timeline, source: Any, result: Any) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield each frame with what source and result show there alone."""
    for frame in range(*timeline.addon.versions.handles(result)):
        source.mute, result.mute = False, True
        shown = timeline.render(frame)
        source.mute, result.mute = True, False
        yield frame, shown, timeline.render(frame)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # 5.2's new names are the product's affair, not the test's
@pytest.mark.parametrize(
    ("name", "change", "fps", "adjusted"), KINDS, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_every_frame(
    timeline: Timeline,
    clips: dict[str, Path],
    name: str,
    change: Callable[[Any], None],
    fps: int,
    adjusted: bool,
) -> None:
    """The result shows what the source shows: a frame beside the right one would differ in a bar at least."""
    timeline.scene.render.fps = fps
    if adjusted:
        strip = timeline.movie_by_operator(clips[name], start=5, adjust_playback_rate=True)
    else:
        strip = timeline.movie(clips[name], start=5)
    change(strip)
    start, end = timeline.addon.versions.handles(strip)
    timeline.addon.versions.set_right_handle(strip, min(end, start + LONGEST))
    result = matte(timeline, strip)
    assert timeline.addon.versions.handles(result) == timeline.addon.versions.handles(strip)
    different, frames = [], set()
    for frame, source, matted in shots(timeline, strip, result):
        frames.add(source.tobytes())
        # A bar is 8 in the mean, and more; the decoders' conversions from YUV differ by less than one.
        if np.abs(source.astype(int) - matted).mean() > 3:
            different.append(frame)
    assert different == []
    assert (len(frames) > 1) is (name != "one frame.mp4")


def slowed(timeline: Timeline, strip: Any) -> Any:
    """Let the first eight frames last twelve."""
    timeline.retime(strip, 13, 17)
    return strip


def hurried(timeline: Timeline, strip: Any) -> Any:
    """Let the first sixteen frames last five."""
    timeline.retime(strip, 21, 10)
    return strip


def in_a_meta_strip(timeline: Timeline, strip: Any) -> Any:
    """Show a strip through a meta strip, which begins a little later."""
    meta = timeline.strips.new_meta(name="meta", channel=1, frame_start=5)
    strip.move_to_meta(meta)
    return meta


@pytest.mark.parametrize("name", ["h264.mp4", "variable.mp4", "prores.mov"])
@pytest.mark.parametrize("wrap", [slowed, hurried, in_a_meta_strip])
def test_every_frame_of_what_is_rendered_first(
    timeline: Timeline, clips: dict[str, Path], name: str, wrap: Callable[[Timeline, Any], Any]
) -> None:
    """Retimed movies and meta strips go through another Blender, and are exact to the pixel."""
    strip = wrap(timeline, timeline.movie(clips[name], start=5))
    start, _ = timeline.addon.versions.handles(strip)
    timeline.addon.versions.set_right_handle(strip, start + LONGEST)
    assert timeline.press_button(strip) == {"FINISHED"}
    compared = list(shots(timeline, strip, timeline.result_of(strip)))
    assert len(compared) == LONGEST
    assert [frame for frame, source, matted in compared if np.abs(source.astype(int) - matted).max() > 1] == []


def test_the_table_is_long_enough() -> None:
    """At least 120 cases are compared."""
    assert len(KINDS) >= 120


REAL = ("woman_indoor_bokeh_720p.mp4", "woman_outdoor_portrait_720x1364.mp4", "greenscreen_man_360x640.mp4")


@pytest.mark.parametrize("name", REAL)
def test_real_clips(timeline: Timeline, real_clips: Path, name: str) -> None:
    """Of twelve frames from the middle of a clip, each result is nearest to its own source, and near to it."""
    strip = timeline.movie(real_clips / "clips" / name)
    element = strip.elements[0]
    timeline.addon.scenes.set_picture(timeline.scene, element.orig_width, element.orig_height)
    timeline.addon.versions.set_left_handle(strip, 61)
    timeline.addon.versions.set_right_handle(strip, 61 + LONGEST)
    compared = list(shots(timeline, strip, matte(timeline, strip)))
    sources = [source.astype(int) for _, source, _ in compared]
    assert len(compared) == LONGEST
    for own, (_, _, matted) in zip(sources, compared, strict=True):
        differences = [np.abs(source - matted).mean() for source in sources]
        assert np.abs(own - matted).mean() == min(differences) < 1.5


@pytest.mark.parametrize("order", [1, -1])
def test_a_result_of_a_slow_strip_needs_no_fresh_cache(timeline: Timeline, tmp_path: Path, order: int) -> None:
    """From 5.0 on neighbours of a slow strip share a cached picture; its result shows the right one, in any order."""
    movie = timeline.movie_by_operator(
        tiny.barcode_movie(tmp_path / "slow.avi", 12, fps=12, fourcc="MJPG"), adjust_playback_rate=True
    )
    name = movie.name
    timeline.press_button(movie)
    result = timeline.result_of(timeline.strips[name])
    start, end = timeline.addon.versions.handles(result)
    told = {}
    for frame in range(start, end)[::order]:
        timeline.scene.frame_set(frame)
        timeline.scene.render.filepath = str(tmp_path / f"{frame}.png")
        bpy.ops.render.render(write_still=True, scene=timeline.scene.name)
        told[frame] = tiny.read_barcode(cv2.imread(str(tmp_path / f"{frame}.png")))
    assert [told[frame] for frame in range(start, end)] == [min((x + 1) // 2, 11) for x in range(end - start)]
