"""Sequencers for operators that need one, whatever the user's screen shows."""

import contextlib
from collections.abc import Iterator
from typing import Any

import bpy

from . import versions


@contextlib.contextmanager
def any_sequencer() -> Iterator[dict[str, Any] | None]:
    """Yield the context of a sequencer, whatever it shows, for `temp_override`; None where there is none.

    A visible sequencer comes first, then one on a hidden screen of another workspace. Where neither exists, an area of
    a hidden screen becomes a sequencer for the moment. An area of a visible screen never does: what goes on there, such
    as a drag, would lose its area.
    """
    seen = [(window, window.screen) for window in bpy.context.window_manager.windows]
    others = [screen for screen in bpy.data.screens if all(screen != one for _, one in seen)]
    # A window that shows one area in full, or the preferences, cannot switch to another screen for a moment.
    hosts = [window for window, screen in seen if _is_whole(screen)][:1]
    unseen = [(window, screen) for window in hosts for screen in others if _is_whole(screen)]
    lent = unseen or (seen if bpy.app.background else [])
    areas = [(window, screen, area) for window, screen in [*seen, *unseen] for area in screen.areas]
    found = next((place for place in areas if place[2].type == "SEQUENCE_EDITOR"), None)
    if found is not None:
        yield _context(*found)
    elif lent:
        window, screen = lent[0]
        area = screen.areas[0]
        kind = area.ui_type
        _set_kind(window, screen, area, "SEQUENCE_EDITOR")
        try:
            yield _context(window, screen, area)
        finally:
            _set_kind(window, screen, area, kind)
    else:
        yield None


def _is_whole(screen: bpy.types.Screen) -> bool:
    """Return whether a screen is a workspace's own, and shows no area in full."""
    return not (screen.is_temporary or screen.show_fullscreen)


def _context(window: bpy.types.Window, screen: bpy.types.Screen, area: bpy.types.Area) -> dict[str, Any]:
    """Return the context of a sequencer's main region; it omits a visible screen, which Blender may refuse."""
    region = next(region for region in area.regions if region.type == "WINDOW")
    elsewhere = {} if screen == window.screen else {"screen": screen}
    return {"window": window, **elsewhere, "area": area, "region": region}


def _set_kind(window: bpy.types.Window, screen: bpy.types.Screen, area: bpy.types.Area, kind: str) -> None:
    """Change an area's kind, in a context that contains it, for its screen may be hidden.

    A `kind` is a `ui_type`, which distinguishes a timeline from a dope sheet; both have the same `type`.
    """
    with bpy.context.temp_override(window=window, screen=screen, area=area):
        area.ui_type = kind


@contextlib.contextmanager
def shown_level(editor: bpy.types.SequenceEditor, beside: versions.Strip | None) -> Iterator[None]:
    """Let sequencers show a strip's level, where operators work; afterwards, they show the user's level again."""
    wanted = None if beside is None else beside.parent_meta()
    opened = editor.meta_stack[-1] if len(editor.meta_stack) else None
    if wanted == opened:
        yield
        return
    editor.display_stack(wanted)
    try:
        yield
    finally:
        editor.display_stack(opened)
