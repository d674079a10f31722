"""Effect strips are matted in place of what they are made of, which gives way only where the effect is."""

from pathlib import Path

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
    timeline.addon.runner.current().run_to_end(lambda _: None)
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
