"""Scenes of our own, beside the user's."""

import contextlib
from collections.abc import Iterator

import bpy

from . import versions


@contextlib.contextmanager
def temporary_scene(name: str) -> Iterator[bpy.types.Scene]:
    """Yield a scene with an empty sequencer that is gone afterwards."""
    scene = bpy.data.scenes.new(name)
    scene.sequence_editor_create()
    try:
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


@contextlib.contextmanager
def sequencer_showing(scene: bpy.types.Scene) -> Iterator[None]:
    """Let a sequencer show a scene, for operators that ask for that, and give the window back as it was.

    For background use only: what is shown changes. A Blender in the background has a window, too; it stands on no
    screen.
    """
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    before, kind = versions.shown_scene(window), area.type
    versions.show_scene(window, scene)
    area.type = "SEQUENCE_EDITOR"
    region = next(region for region in area.regions if region.type == "WINDOW")
    try:
        with bpy.context.temp_override(window=window, area=area, region=region):
            yield
    finally:
        area.type = kind
        versions.show_scene(window, *before)
