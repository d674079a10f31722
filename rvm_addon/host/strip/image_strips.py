"""Image strips of many files, made in one step, whatever the user's screen shows."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from ..blender import versions


def new_image_strip(
    scene: bpy.types.Scene,
    folder: Path,
    names: list[str],
    channel: int,
    start: int,
    beside: versions.Strip | None = None,
) -> versions.Strip:
    """Return a new image strip of these files at the level of the strip `beside`; without one, outside meta strips.

    Blender's operator takes all files at once: 36,000 in 0.1 s. Appending them one by one takes 46 s to 60 s, for each
    step copies the files before. It is the fallback where no area can serve the operator as a sequencer, as when the
    only window shows another kind of area in full.
    """
    editor = scene.sequence_editor
    level = versions.top_strips(editor) if beside is None else versions.siblings(editor, beside)
    with _sequencer() as area:
        if area is None:
            return _one_by_one(level, folder, names, channel, start)
        before = set(level.keys())
        with _kept(scene), _shown_level(editor, beside), versions.sequencer_of(scene, area):
            versions.add_images(folder, names, channel, start)
        (name,) = set(level.keys()) - before
        return level[name]


def _one_by_one(
    level: bpy.types.bpy_prop_collection, folder: Path, names: list[str], channel: int, start: int
) -> versions.Strip:
    """Return the same strip, made without the operator."""
    strip = level.new_image(name=names[0], filepath=str(folder / names[0]), channel=channel, frame_start=start)
    for name in names[1:]:
        strip.elements.append(name)
    return strip


@contextlib.contextmanager
def _sequencer() -> Iterator[dict[str, Any] | None]:
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
def _shown_level(editor: bpy.types.SequenceEditor, beside: versions.Strip | None) -> Iterator[None]:
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


@contextlib.contextmanager
def _kept(scene: bpy.types.Scene) -> Iterator[None]:
    """Restore what the operator that adds strips changes: the fit method of new strips, and the active strip."""
    settings = scene.tool_settings.sequencer_tool_settings
    fit, active = settings.fit_method, scene.sequence_editor.active_strip
    try:
        yield
    finally:
        settings.fit_method = fit
        scene.sequence_editor.active_strip = active
