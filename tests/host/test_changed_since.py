"""What the user has changed since a result was made survives an update of it."""

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.host.updating import update


@pytest.fixture
def strip(timeline: Timeline, tmp_path: Path) -> Any:
    """A movie strip of 12 frames, of a clip that is longer."""
    strip = timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 40, fourcc="MJPG"))
    timeline.addon.versions.set_right_handle(strip, 13)
    return strip


def seen(timeline: Timeline, frames: range) -> list[int]:
    """Return the numbers of the clip's frames that a timeline shows."""
    return [tiny.read_barcode(timeline.render(frame)) for frame in frames]


def test_an_effect_that_shows_a_later_part(timeline: Timeline, strip: Any) -> None:
    """Its input was trimmed at both ends, so it lies elsewhere; its result shows what it shows."""
    versions = timeline.addon.versions
    blur = timeline.effect("GAUSSIAN_BLUR", 12, strip, channel=2)
    blur.size_x = blur.size_y = 0.0
    timeline.press_button(blur)
    result = timeline.result_of(blur)
    versions.set_right_handle(strip, 16)
    versions.set_left_handle(strip, 4)
    blur.mute, strip.mute, result.mute = False, False, True
    before = seen(timeline, range(4, 13))
    result.mute = False
    timeline.scene.rvm_matting.grow += 1
    update(timeline, result)
    assert seen(timeline, range(4, 13)) == before


def test_a_piece_that_plays_backwards_by_now(timeline: Timeline, strip: Any) -> None:
    """It stays seen beside its result, which shows other frames, before and after the update."""
    timeline.submit(strip)
    right = strip.split(frame=7, split_method="SOFT")
    right.use_reverse_frames = True
    timeline.finish()
    assert not right.mute
    timeline.scene.rvm_matting.grow += 1
    update(timeline, timeline.result_of(strip))
    assert not right.mute


def test_a_masked_source_that_is_muted(timeline: Timeline, strip: Any) -> None:
    """A mask never hid it: so no mask, longer by now, shows it."""
    timeline.addon.versions.set_right_handle(strip, 7)
    timeline.scene.rvm_matting.result = "MASK"
    timeline.press_button(strip)
    strip.mute = True
    timeline.addon.versions.set_right_handle(strip, 13)
    update(timeline, timeline.result_of(strip))
    assert strip.mute


def test_a_result_that_is_muted_and_locked(timeline: Timeline, strip: Any) -> None:
    """The strip that takes its place is so, too."""
    timeline.press_button(strip)
    before = timeline.result_of(strip)
    name, before.mute, before.lock = before.name, True, True
    timeline.scene.rvm_matting.handles = 3
    update(timeline, before)
    after = timeline.strips[name]
    assert (after.mute, after.lock, after.frame_final_duration) == (True, True, 12)
    assert len(after.elements) == 15


def test_a_result_that_was_laid_elsewhere(timeline: Timeline, strip: Any) -> None:
    """Of a strip that is rendered, only the place tells which it was; the user reads what to do."""
    meta = timeline.meta([strip])
    timeline.press_button(meta)
    result = timeline.result_of(meta)
    name = "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start"
    setattr(result, name, getattr(result, name) + 100)
    timeline.select([result])
    with timeline.shown():
        jobs, (problem,) = timeline.addon.result_operators.update_selected(bpy.context)
    assert (
        not jobs and f"was made from “{meta.name}”, which is gone or was renamed, or no longer lies below it" in problem
    )
