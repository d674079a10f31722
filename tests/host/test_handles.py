"""Handles: frames beyond what a strip shows, matted so that the result can be trimmed outward."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests import tiny
from tests.host.timeline import Timeline

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 40 frames."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "clip.avi", 40, fourcc="MJPG")


def trim(timeline: Timeline, strip: Any, start: int, end: int) -> Any:
    """Pull a strip's handles in."""
    timeline.addon.versions.set_right_handle(strip, end)
    timeline.addon.versions.set_left_handle(strip, start)
    return strip


def move(strip: Any, content_start: int) -> None:
    """Let a strip's content begin at a timeline frame."""
    setattr(strip, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", content_start)


def movie(timeline: Timeline, clip: Path) -> Any:
    """A movie: content from 1 to 40."""
    return timeline.movie(clip)


def backwards(timeline: Timeline, clip: Path) -> Any:
    """The same, played backwards and strobed."""
    strip = timeline.movie(clip)
    strip.use_reverse_frames, strip.strobe = True, 2
    return strip


def hard_cut(timeline: Timeline, clip: Path) -> Any:
    """A movie whose first and last frames were cut off for good: content from 1 to 32."""
    strip = timeline.movie(clip)
    strip.animation_offset_start, strip.animation_offset_end = 5, 3
    move(strip, 1)
    return strip


def pictures(timeline: Timeline, _clip: Path) -> Any:
    """A picture sequence of 40 frames."""
    return timeline.pictures(tiny.barcode_pictures(timeline.folder / "in", range(40)))


def slowed(timeline: Timeline, clip: Path) -> Any:
    """A retimed movie, which another Blender renders."""
    strip = timeline.movie(clip)
    timeline.retime(strip, 15, 19)
    return strip


def meta(timeline: Timeline, clip: Path) -> Any:
    """A meta strip, which another Blender renders."""
    return timeline.meta([timeline.movie(clip)])


def shown(timeline: Timeline, strip: Any, frames: range) -> list[int]:
    """Return the numbers that a strip shows alone."""
    others = [other for other in timeline.strips if other != strip]
    muted = [other.mute for other in [*others, strip]]
    strip.mute = False
    for other in others:
        other.mute = True
    told = [tiny.read_barcode(timeline.render(frame)) for frame in frames]
    for other, mute in zip([*others, strip], muted, strict=True):
        other.mute = mute
    return told


@pytest.mark.parametrize("make", [movie, backwards, hard_cut, pictures, slowed, meta], ids=lambda make: make.__name__)
def test_the_result_can_be_trimmed_outward(
    timeline: Timeline, clip: Path, make: Callable[[Timeline, Path], Any]
) -> None:
    """It lies where its source lies; pulled out, it shows on each side what the source shows when pulled out."""
    strip = make(timeline, clip)
    wanted = shown(timeline, trim(timeline, strip, 7, 25), range(7, 25))
    outward = shown(timeline, trim(timeline, strip, 4, 28), range(4, 28))
    trim(timeline, strip, 7, 25)
    beside = timeline.addon.versions.new_colour_strip(timeline.strips, "beside", 2, 25, 60)
    timeline.scene.rvm_matting.handles = 3
    assert timeline.press_button(strip) == {"FINISHED"}
    result = timeline.result_of(strip)
    assert (result.channel, beside.channel) == (2, 2), "in its range the channel is free, whatever its handles hide"
    assert timeline.addon.versions.handles(result) == (7, 25)
    assert timeline.addon.versions.handles(beside) == (25, 60)
    assert len(result.elements) == 24
    assert shown(timeline, result, range(7, 25)) == wanted
    timeline.strips.remove(beside)
    assert shown(timeline, trim(timeline, result, 4, 28), range(4, 28)) == outward
    assert len(set(outward)) > len(set(wanted))


def test_handles_end_with_the_source(timeline: Timeline, clip: Path) -> None:
    """Where the source has fewer frames left, the handle is shorter; a held frame is no handle."""
    strip = trim(timeline, timeline.movie(clip), 3, 45)
    timeline.scene.rvm_matting.handles = 10
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    assert timeline.addon.versions.handles(result) == (3, 45)
    assert len(result.elements) == 2 + 42
    assert [a == b for _, a, b in timeline.compare(strip, [3, 20, 40, 44])] == [True] * 4


def test_a_still_needs_no_handles(timeline: Timeline) -> None:
    """One picture stays one picture."""
    strip = timeline.pictures(tiny.barcode_pictures(timeline.folder / "in", [9]), start=5)
    timeline.addon.versions.set_right_handle(strip, 20)
    timeline.scene.rvm_matting.handles = 10
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    assert (len(result.elements), timeline.addon.versions.handles(result)) == (1, (5, 20))


def test_handles_inside_a_trimmed_meta_strip(timeline: Timeline, clip: Path) -> None:
    """What is rendered first shows its frames also where the meta strip around it ends earlier."""
    strip = timeline.movie(clip)
    timeline.retime(strip, 15, 19)
    trim(timeline, strip, 7, 25)
    around = trim(timeline, timeline.meta([strip]), 10, 20)
    timeline.scene.rvm_matting.handles = 2
    settings = timeline.addon.properties.snapshot(timeline.scene)
    spec, place = timeline.addon.strips.job_spec(timeline.scene, strip, settings)
    job = timeline.addon.runner.current().submit(spec, timeline.folder / "job", place)
    timeline.finish()
    assert (job.state.name, job.frames_done) == ("DONE", 22)
    assert timeline.addon.versions.handles(around) == (10, 20)
    trim(timeline, around, 7, 25)
    result = timeline.result_of(strip)
    for frame in range(7, 25):
        strip.mute, result.mute = False, True
        source = timeline.render(frame)
        strip.mute, result.mute = True, False
        assert np.abs(source.astype(int) - timeline.render(frame)).max() <= 1, f"frame {frame}"
