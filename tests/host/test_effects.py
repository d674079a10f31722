"""Effect strips are matted in place of what they are made of, which gives way only where the effect is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
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


@pytest.mark.parametrize("kind", ["GLOW", "GAUSSIAN_BLUR", "TRANSFORM"])
def test_an_effect_that_changes_a_strip_is_matted_in_place_of_it(timeline: Timeline, clip: Path, kind: str) -> None:
    """What is cut out is what was seen: the result is changed as the strip was, and the effect gives way to it."""
    if kind == "TRANSFORM" and bpy.app.version >= (5, 0, 0):
        pytest.skip("Blender 5 has none")
    movie = timeline.movie(clip)
    effect = timeline.effect(kind, 30, movie, channel=2)
    if kind == "TRANSFORM":
        effect.scale_start_x = 0.5
    shown = timeline.render(7).astype(int)
    assert timeline.press_button(movie) == {"FINISHED"}
    assert movie.mute and effect.mute
    assert np.abs(timeline.render(7) - shown).max() <= 4
    assert timeline.result_of(effect)


def test_a_muted_effect_changes_nothing(timeline: Timeline, clip: Path) -> None:
    """The movie below it is what is seen, and what is matted."""
    movie = timeline.movie(clip)
    timeline.effect("GLOW", 30, movie, channel=2).mute = True
    timeline.press_button(movie)
    assert timeline.result_of(movie)


@pytest.fixture
def dissolve(timeline: Timeline, clip: Path) -> Any:
    """A wipe between two movies, where frames 20 to 30 show both, with keys on how far it is."""
    one, two = timeline.movie(clip), timeline.movie(clip, channel=2, start=20, name="two")
    effect = timeline.effect("WIPE", 11, one, two, channel=3, start=20)
    effect.direction, effect.angle, effect.use_default_fade = "OUT", 0.5, False
    for frame, fader in ((20, 0.0), (30, 1.0)):
        effect.effect_fader = fader
        effect.keyframe_insert("effect_fader", frame=frame)
    return effect


@pytest.mark.parametrize("with_it", [True, False])
def test_a_transition_goes_on_between_results(timeline: Timeline, dissolve: Any, with_it: bool) -> None:
    """Selected with it or without: what was seen is seen, cut out, and the sources give way."""
    one, two = timeline.addon.versions.inputs(dissolve)
    frames = (5, 22, 26, 29, 40)
    shown = [timeline.render(frame).astype(int) for frame in frames]
    assert timeline.press_button(one, two, *([dissolve] if with_it else [])) == {"FINISHED"}
    for frame, picture in zip(frames, shown, strict=True):
        assert np.abs(timeline.render(frame) - picture).max() <= 4, frame
    assert one.mute and two.mute and dissolve.mute
    new = timeline.strips["wipe matte"]
    assert timeline.addon.versions.inputs(new) == [timeline.result_of(one), timeline.result_of(two)]
    said = [text for job in timeline.addon.runner.current().queue.jobs for text in job.warnings]
    assert not any("lies above" in text for text in said), "it is no strip that the result hides"


def test_a_transition_is_put_between_results_once(timeline: Timeline, dissolve: Any) -> None:
    """It waits for the second result, and an update of the results leaves it there."""
    one, two = timeline.addon.versions.inputs(dissolve)
    jobs, said = timeline.submit(one)
    assert (len(jobs), said) == (
        1,
        ["“wipe” goes on showing “clip.avi” with its background until “two” is matted, too"],
    )
    timeline.finish()
    assert not any("lies above" in text for text in jobs[0].warnings), "the wipe is what is told of"
    assert "wipe matte" not in timeline.strips and not dissolve.mute
    assert timeline.submit(two)[1] == []
    timeline.finish()
    assert "wipe matte" in timeline.strips and dissolve.mute
    timeline.scene.rvm_matting.feather = 2.0
    results = [timeline.result_of(one), timeline.result_of(two)]
    timeline.select(results)
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    assert [strip.type for strip in timeline.strips].count("WIPE") == 2
    assert timeline.addon.versions.inputs(timeline.strips["wipe matte"]) == results
    timeline.strips["wipe matte"].blend_alpha = 0.5
    timeline.scene.rvm_matting.handles = 3
    timeline.addon.versions.set_right_handle(two, 45)  # other frames: a new strip takes the result's place
    timeline.select(results)
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    results = [timeline.result_of(one), timeline.result_of(two)]
    assert [strip.type for strip in timeline.strips].count("WIPE") == 2
    kept = timeline.strips["wipe matte"]
    assert (timeline.addon.versions.inputs(kept), kept.blend_alpha, dissolve.mute) == (results, 0.5, True)


def test_results_that_become_masks_give_the_transition_back(timeline: Timeline, dissolve: Any) -> None:
    """The masked sources show the cut-outs in their own transition; what lay between the results goes with them."""
    one, two = timeline.addon.versions.inputs(dissolve)
    frames = (22, 26, 29)
    timeline.press_button(one, two)
    shown = [timeline.render(frame).astype(int) for frame in frames]
    timeline.scene.rvm_matting.result = "MASK"
    timeline.select([timeline.result_of(one), timeline.result_of(two)])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    assert [strip.name for strip in timeline.strips if strip.type == "WIPE"] == ["wipe"]
    assert not (dissolve.mute or one.mute or two.mute)
    for frame, picture in zip(frames, shown, strict=True):
        assert np.abs(timeline.render(frame) - picture).max() <= 4, frame


def test_masked_strips_keep_their_transition(timeline: Timeline, dissolve: Any) -> None:
    """It is made of what they show, which is cut out already."""
    one, two = timeline.addon.versions.inputs(dissolve)
    timeline.scene.rvm_matting.result = "MASK"
    jobs, said = timeline.submit(one, two, dissolve)
    assert (len(jobs), said) == (1, [])
    timeline.finish()
    assert not dissolve.mute and [strip.type for strip in timeline.strips].count("WIPE") == 1


def test_what_else_shows_a_strip_is_told(timeline: Timeline, clip: Path) -> None:
    """An effect of two strips goes on showing the background; matted together with its strips, it is matted alone."""
    one, two = timeline.movie(clip), timeline.movie(clip, channel=2, name="two")
    effect = timeline.effect("ALPHA_OVER", 30, one, two, channel=3)
    jobs, said = timeline.submit(two)
    assert (len(jobs), said) == (
        1,
        ["“alpha_over” goes on showing “two” with its background; matte the effect instead"],
    )
    timeline.finish()
    jobs, said = timeline.submit(one, two, effect)
    assert ([job.spec.name for job in jobs], said) == (["alpha_over"], [])


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


@pytest.mark.parametrize("gathered", ["transition", "effect", "meta"])
def test_what_shows_only_results_is_not_matted(timeline: Timeline, clip: Path, gathered: str) -> None:
    """Everything is selected and the button pressed again: what was matted stays as it is."""
    if gathered == "transition":
        one, two = timeline.movie(clip), timeline.movie(clip, channel=2, start=20, name="two")
        timeline.effect("CROSS", 11, one, two, channel=3, start=20)
        timeline.press_button(*timeline.strips)
    else:
        movie = timeline.movie(clip)
        timeline.press_button(movie)
        result = timeline.result_of(movie)
        if gathered == "meta":
            timeline.meta([movie, result])
        else:
            timeline.effect("GAUSSIAN_BLUR", 30, result, channel=4)
    before = {strip.name: strip.mute for strip in timeline.strips}
    timeline.submit(*timeline.strips)
    timeline.finish()
    assert {strip.name: strip.mute for strip in timeline.strips} == before


@pytest.mark.parametrize("kind", ["meta", "effect"])
def test_what_is_rendered_has_one_result(timeline: Timeline, clip: Path, kind: str) -> None:
    """Pressed again, it is refused with what to do instead; soft edges would be doubled."""
    movie = timeline.movie(clip)
    strip = timeline.meta([movie]) if kind == "meta" else timeline.effect("GAUSSIAN_BLUR", 30, movie, channel=4)
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    jobs, (problem,) = timeline.submit(strip)
    assert not jobs and f"“{strip.name}” is matted already" in problem and "Update Result" in problem
    timeline.addon.versions.set_right_handle(result, 20)
    (job,), problems = timeline.submit(strip)
    assert not problems and job.parts[0].kind.name == "RENDERING", "a part of it may be wanted anew"
