"""Where the user may be while a result arrives, for tests: each way takes a timeline, and a strip in a meta strip."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import bpy

from tests.host.timeline import Timeline


def as_it_is(_timeline: Timeline, _inside: Any) -> AbstractContextManager[None]:
    """A sequencer shows the level."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def another_scene(timeline: Timeline, _inside: Any) -> Iterator[None]:
    """The sequencer shows another scene."""
    other = bpy.data.scenes.new("other")
    other.sequence_editor_create()
    timeline.addon.versions.show_scene(bpy.context.window, other)
    yield
    timeline.addon.versions.show_scene(bpy.context.window, timeline.scene)
    bpy.data.scenes.remove(other)


@contextlib.contextmanager
def another_workspace(_timeline: Timeline, _inside: Any) -> Iterator[None]:
    """No sequencer is seen; one is on a screen that is not."""
    seen = bpy.context.window.screen.areas[0]
    seen.type = "PROPERTIES"
    screen = next(one for one in bpy.data.screens if one != bpy.context.window.screen)
    with bpy.context.temp_override(window=bpy.context.window, screen=screen, area=screen.areas[0]):
        kind, screen.areas[0].type = screen.areas[0].type, "SEQUENCE_EDITOR"
    yield
    with bpy.context.temp_override(window=bpy.context.window, screen=screen, area=screen.areas[0]):
        screen.areas[0].type = kind
    seen.type = "SEQUENCE_EDITOR"


@contextlib.contextmanager
def no_sequencer(_timeline: Timeline, _inside: Any) -> Iterator[None]:
    """No screen has a sequencer; what is lent, and must come back, is one of two kinds that are of one type."""
    seen = bpy.context.window.screen.areas[0]
    seen.type = "PROPERTIES"
    screens = [one for one in bpy.data.screens if one != bpy.context.window.screen]
    kinds = [screen.areas[0].ui_type for screen in screens]
    _set_first(screens, ["TIMELINE"] * len(screens))
    yield
    _set_first(screens, kinds)
    seen.type = "SEQUENCE_EDITOR"


def _set_first(screens: list[Any], kinds: list[str]) -> None:
    """Let the first area of each of these screens, which nobody sees, be of a kind."""
    for screen, kind in zip(screens, kinds, strict=True):
        with bpy.context.temp_override(window=bpy.context.window, screen=screen, area=screen.areas[0]):
            screen.areas[0].ui_type = kind


@contextlib.contextmanager
def another_level(timeline: Timeline, inside: Any) -> Iterator[None]:
    """The sequencer shows what is in a meta strip."""
    timeline.editor.display_stack(inside.parent_meta())
    yield
    timeline.editor.display_stack(None)
