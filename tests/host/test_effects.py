"""Effect strips are matted in place of what they are made of, which gives way only where the effect is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import tiny
from tests.host.timeline import Timeline


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A movie of 30 frames."""
    return tiny.barcode_movie(tmp_path / "clip.avi", 30, fourcc="MJPG")


def test_a_speed_effect_is_matted_in_place_of_its_movie(timeline: Timeline, clip: Path) -> None:
    """Selected together or alone: what the viewer sees is what is cut out, and nothing shows through from below."""
    movie = timeline.movie(clip)
    effect = timeline.effect("SPEED", 30, movie, channel=2)
    effect.speed_control, effect.speed_factor = "MULTIPLY", 0.5
    shown = [tiny.read_barcode(timeline.render(frame)) for frame in range(1, 31)]
    (job,), _ = timeline.submit(movie, effect)
    timeline.finish()
    assert movie.mute and effect.mute
    assert [tiny.read_barcode(timeline.render(frame)) for frame in range(1, 31)] == shown
    assert len(set(shown)) < 20
    assert job.state.name == "DONE"


def test_of_an_effect_only_its_own_frames_give_way(timeline: Timeline, clip: Path) -> None:
    """Inputs that reach beyond a cross show there as before, and not behind its result."""
    one, two = timeline.movie(clip), timeline.movie(clip, channel=2, start=20, name="two")
    effect = timeline.effect("CROSS", 11, one, two, channel=3, start=20)
    shown = {frame: timeline.render(frame) for frame in (5, 40)}
    timeline.press_button(effect)
    for frame, picture in shown.items():
        assert np.array_equal(timeline.render(frame), picture)
    timeline.result_of(effect).mute = True
    assert not timeline.render(25).any(), "nothing of the source is left behind the result"


def fade_by_keys(effect: Any) -> None:
    """Let an effect's opacity rise, by keys."""
    for frame, opacity in ((20, 0.2), (30, 1.0)):
        effect.blend_alpha = opacity
        effect.keyframe_insert("blend_alpha", frame=frame)


def fade_by_driver(effect: Any) -> None:
    """Let an effect's opacity rise, by an expression."""
    effect.driver_add("blend_alpha").driver.expression = "(frame - 18) / 12"


@pytest.mark.parametrize("fade", [fade_by_keys, fade_by_driver])
def test_an_effect_that_fades_gives_way(timeline: Timeline, clip: Path, fade: Callable[[Any], None]) -> None:
    """What moves its opacity does not bring it back, and its results fade as it did: also one that is made later."""
    one, two = timeline.movie(clip), timeline.movie(clip, channel=2, start=20, name="two")
    effect = timeline.effect("CROSS", 11, one, two, channel=3, start=20)
    fade(effect)
    frames = range(20, 31, 5)
    shown = [timeline.render(frame).astype(int) for frame in frames]
    assert shown[0][..., 3].max() < shown[-1][..., 3].max()
    for _ in range(2):
        timeline.press_button(effect)
        result = timeline.result_of(effect)
        for frame, picture in zip(frames, shown, strict=True):
            assert np.abs(timeline.render(frame) - picture).max() <= 2
        result.mute = True
        assert not any(timeline.render(frame).any() for frame in frames), "nothing of the source is left behind"
        timeline.strips.remove(result)
