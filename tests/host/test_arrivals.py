"""When results come to their timeline, and that they can be taken back; the tick is called by hand."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests.host.timeline import Timeline


def test_a_result_waits_for_the_end_of_a_render(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Blender renders, strips stay as they are; the result comes after it."""
    rendering = True
    app = SimpleNamespace(background=True, is_job_running=lambda _: rendering)
    monkeypatch.setattr(addon.arrivals, "bpy", SimpleNamespace(app=app, context=bpy.context))
    runner = addon.runner.current()
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    timeline.drive(lambda: job.state.ended)
    assert (len(timeline.strips), runner.busy) == (1, True)
    rendering = False
    runner.step()
    assert (len(timeline.strips), runner.busy) == (2, False)


def test_a_result_waits_until_no_strip_is_dragged(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender crashes where one is removed that is; what an add-on lets run for ever is not waited for."""
    operators = [SimpleNamespace(bl_idname=name) for name in ("WM_OT_keys_shown", "TRANSFORM_OT_seq_slide")]
    manager = SimpleNamespace(windows=[SimpleNamespace(modal_operators=operators)])
    window = SimpleNamespace(app=bpy.app, context=SimpleNamespace(window_manager=manager))
    monkeypatch.setattr(addon.arrivals, "bpy", window)
    runner = addon.runner.current()
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    timeline.drive(lambda: job.state.ended)
    assert (len(timeline.strips), runner.busy) == (1, True)
    operators.pop()
    runner.step()
    assert (len(timeline.strips), runner.busy) == (2, False)


def test_what_arrives_at_once_is_one_step_to_undo(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of Blender's 32 steps, forty results that were found would leave the user none."""
    pushed, in_use = [], True

    def steps(jobs: list[Any]) -> int:
        nonlocal in_use
        pushed.clear()
        in_use = True
        timeline.drive(lambda: all(job.matted for job in jobs))
        in_use = False
        timeline.finish()
        return len(pushed)

    app = SimpleNamespace(background=False, is_job_running=lambda _: in_use)
    ops = SimpleNamespace(rvm=SimpleNamespace(results_arrived=lambda *called: pushed.append(called)))
    monkeypatch.setattr(addon.arrivals, "bpy", SimpleNamespace(app=app, ops=ops, context=bpy.context))
    strips = [timeline.movie(path, start=1 + 40 * index) for index, path in enumerate(clips)]
    assert steps(timeline.submit(*strips[:3])[0]) == 1
    results = [timeline.result_of(strip) for strip in strips[:3]]

    def updated(*chosen: Any) -> list[Any]:
        timeline.scene.rvm_matting.grow += 1
        timeline.select(chosen)
        with timeline.shown():
            return list(addon.result_operators.update_selected(bpy.context)[0])

    assert steps(updated(*results)) == 1
    assert steps([*updated(*results), *timeline.submit(strips[3])[0]]) == 1


@pytest.fixture
def one_by_one(addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step puts one result on its timeline, as if each took long."""
    monkeypatch.setattr(addon.arrivals, "_MOMENT_SECONDS", 0.0)


def results_in(timeline: Timeline) -> list[str]:
    """Return the names of the results on a timeline."""
    return sorted(strip.name for strip in timeline.strips if strip.name.endswith(" matte"))


@pytest.mark.usefixtures("one_by_one")
def test_blender_has_its_turn_between_results(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Of many pieces of one clip, all would come in one long step. One that is pressed meanwhile comes along."""
    runner = addon.runner.current()
    strips = [timeline.movie(clips[0], start=1 + 40 * index, name=f"piece {index}") for index in range(4)]
    (job,), _ = timeline.submit(*strips[:3])
    timeline.drive(lambda: job.matted)
    assert len(results_in(timeline)) == 1
    (found,), _ = timeline.submit(strips[3])
    assert found.folder == job.folder
    for count in (2, 3, 4):
        assert runner.busy
        runner.step()
        assert len(results_in(timeline)) == count
    assert not runner.busy
    assert all(strip.mute for strip in strips)


@pytest.mark.usefixtures("one_by_one")
def test_what_is_undone_during_an_arrival_comes_again(timeline: Timeline, clips: list[Path]) -> None:
    """The user undoes what they did meanwhile; Blender goes back to a state without the results that had come."""
    strips = [timeline.movie(clips[0], start=1 + 40 * index, name=f"piece {index}") for index in range(4)]
    timeline.submit(*strips)
    timeline.drive(lambda: len(results_in(timeline)) == 2)
    for name in results_in(timeline):
        timeline.strips.remove(timeline.strips[name])
        timeline.strips[name.removesuffix(" matte")].mute = False
    for undone in bpy.app.handlers.undo_post:
        undone(timeline.scene)
    timeline.finish()
    assert results_in(timeline) == [f"piece {index} matte" for index in range(4)]
    assert all(strip.mute for strip in strips)
    timeline.strips.remove(timeline.result_of(strips[0]))
    for undone in bpy.app.handlers.undo_post:
        undone(timeline.scene)
    timeline.finish()
    assert len(results_in(timeline)) == 3, "afterwards, an undo is what it says"


@pytest.mark.usefixtures("one_by_one")
def test_what_is_redone_away_during_an_arrival_comes_again(timeline: Timeline, clips: list[Path]) -> None:
    """Redo leads to a state from before the results came, too; what is told of them is told once."""
    strips = [timeline.movie(clips[0], start=1 + 40 * number, name=f"piece {number}") for number in range(3)]
    (job,), _ = timeline.submit(*strips)
    for strip in strips:
        strip.use_reverse_frames = True
    timeline.drive(lambda: len(results_in(timeline)) == 2)
    for name in results_in(timeline):
        timeline.strips.remove(timeline.strips[name])
    for redone in bpy.app.handlers.redo_post:
        redone(timeline.scene)
    timeline.finish()
    assert results_in(timeline) == [f"piece {number} matte" for number in range(3)]
    assert len(set(job.warnings)) == len(job.warnings) and len(job.warnings) >= len(strips)


def test_a_result_that_blender_refuses_holds_up_nothing(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is a warning of its job, what became of the strip can be undone, and the next one gets its result."""
    read_rightly, refused, pushed = addon.results.read_rightly, [], []

    def without_srgb(result: Any, *others: Any) -> None:
        if not refused:
            refused.append(result.name)
            raise TypeError('enum "sRGB" not found')
        read_rightly(result, *others)

    monkeypatch.setattr(addon.results, "read_rightly", without_srgb)
    window = SimpleNamespace(background=False, is_job_running=lambda _: False)
    ops = SimpleNamespace(rvm=SimpleNamespace(results_arrived=lambda *called: pushed.append(called)))
    monkeypatch.setattr(addon.arrivals, "bpy", SimpleNamespace(app=window, ops=ops, context=bpy.context))
    first, second = timeline.movie(clips[0]), timeline.movie(clips[1], start=50)
    jobs, _ = timeline.submit(first, second)
    while addon.driver._tick() is not None:
        time.sleep(0.01)
    assert [job.state.name for job in jobs] == ["DONE", "DONE"]
    (said,), nothing = ([text for text in job.warnings if "timeline" in text] for job in jobs)
    assert "clip 0.avi" in said and 'enum "sRGB" not found' in said and str(jobs[0].output) in said
    assert nothing == []
    assert timeline.result_of(second)
    assert len(pushed) == 2
