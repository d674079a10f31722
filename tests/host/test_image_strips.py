"""Image strips of many files are made by Blender's operator, whatever the screen shows, and nothing there changes."""

import itertools
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests import movies, tiny
from tests.host.elsewhere import another_level, another_scene, another_workspace, as_it_is, no_sequencer
from tests.host.timeline import Timeline

FILES = 3000


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two pictures, each many times, as a slowed clip has them."""
    names = [path.name for path in tiny.barcode_pictures(tmp_path, (1, 2))]
    return [names[0]] * (FILES // 2) + [names[1]] * (FILES // 2)


@pytest.fixture
def inside(timeline: Timeline, tmp_path: Path) -> Any:
    """A strip in a meta strip, beside which there is another strip, which is the active one."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 5, fourcc="MJPG")
    strip = timeline.movie(clip, name="inside")
    timeline.meta([strip])
    timeline.editor.active_strip = timeline.movie(clip, channel=4, name="active")
    return timeline.addon.versions.all_strips(timeline.editor)["inside"]


def seen(timeline: Timeline) -> object:
    """Return what the user sees of screens and timeline."""
    editor, window = timeline.editor, bpy.context.window
    return (
        window.scene.name,
        window.workspace.name,
        [(screen.name, [area.ui_type for area in screen.areas]) for screen in bpy.data.screens],
        [meta.name for meta in editor.meta_stack],
        editor.active_strip and editor.active_strip.name,
        timeline.scene.tool_settings.sequencer_tool_settings.fit_method,
    )


def told(strip: Any) -> dict[str, object]:
    """Return the values of a strip's properties, but those in which two strips must differ."""
    apart = {"name", "channel", "strobe"}  # up to 1, strobe has no effect: 4.2's operator makes it that
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        values = [(one.identifier, getattr(strip, one.identifier)) for one in strip.bl_rna.properties]
    plain = {name: value for name, value in values if isinstance(value, str | int | float | bool | set)}
    return {name: value for name, value in plain.items() if name not in apart}


@pytest.mark.parametrize(
    ("way", "is_inside"),
    [
        *itertools.product((as_it_is, another_scene, another_workspace, no_sequencer, another_level), (False,)),
        *itertools.product((as_it_is, another_scene, no_sequencer), (True,)),
    ],
)
def test_all_files_at_once(
    timeline: Timeline,
    inside: Any,
    files: list[str],
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[Timeline, Any], AbstractContextManager[None]],
    is_inside: bool,
) -> None:
    """The operator's strip is the one that appending makes, on its level, and the user sees nothing of the loan."""
    beside = inside if is_inside else timeline.strips["active"]
    level = timeline.addon.versions.siblings(timeline.editor, beside)
    slow = timeline.addon.image_strips._one_by_one(level, timeline.folder, files, 6, 11)

    def too_slow(*_: object) -> None:
        pytest.fail("appended one by one, which takes minutes for a long clip")

    monkeypatch.setattr(timeline.addon.image_strips, "_one_by_one", too_slow)
    with way(timeline, inside):
        before = seen(timeline)
        fast = timeline.addon.image_strips.new_image_strip(timeline.scene, timeline.folder, files, 7, 11, beside)
        assert seen(timeline) == before
    assert fast.parent_meta() == beside.parent_meta() and fast.channel == 7
    assert [element.filename for element in fast.elements] == files
    fast.select = slow.select = False
    assert told(fast) == told(slow)


@pytest.mark.parametrize("way", [another_scene, another_workspace, no_sequencer, another_level])
def test_a_result_comes_wherever_the_user_is(
    timeline: Timeline,
    tmp_path: Path,
    inside: Any,
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[Timeline, Any], AbstractContextManager[None]],
) -> None:
    """The frames of a job that ends while something else is seen lie over their source, made all at once."""
    monkeypatch.setattr(timeline.addon.image_strips, "_one_by_one", None)
    strip = timeline.movie(tiny.barcode_movie(tmp_path / "long.avi", 40, fourcc="MJPG"), channel=6)
    (job,), _ = timeline.submit(strip)
    with way(timeline, inside):
        before = seen(timeline)
        timeline.addon.runner.current().run_to_end(lambda _: None)
        assert seen(timeline) == before
    assert job.state.name == "DONE"
    result = timeline.result_of(strip)
    assert len(result.elements) == 40 and result.parent_meta() is None
    assert timeline.compare(strip, (1, 20, 40)) == [(1, 0, 0), (20, 19, 19), (40, 39, 39)]


def test_a_movie_is_written_of_all_files_at_once(
    timeline: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a movie is written of is one strip, made by the operator: a long clip's movie begins at once."""
    monkeypatch.setattr(timeline.addon.image_strips, "_one_by_one", None)
    frames = tiny.barcode_pictures(tmp_path / "frames", range(20))
    movie = tmp_path / "movie.mkv"
    assert not movies.by_blender(timeline.addon, frames, 24.0, None, movie, "ffv1")
    assert timeline.addon.movies.length(movie) == 20


def test_without_any_sequencer_to_lend_a_strip_is_made_nonetheless(
    timeline: Timeline, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window with the only screen there is keeps its areas: files are appended."""
    module, screen = timeline.addon.sequencers, bpy.context.window.screen
    window = SimpleNamespace(background=False)
    with no_sequencer(timeline, None):
        data = SimpleNamespace(screens=[screen])
        monkeypatch.setattr(module, "bpy", SimpleNamespace(app=window, data=data, context=bpy.context))
        monkeypatch.setattr(module, "_set_kind", None)  # what goes on in such an area would lose it
        strip = timeline.addon.image_strips.new_image_strip(timeline.scene, timeline.folder, files[-20:], 1, 1)
    assert [element.filename for element in strip.elements] == files[-20:]
