"""Temporary scenes beside the user's, and settings that make any scene render its strips' files unchanged."""

import contextlib
from collections.abc import Iterator

import bpy

from . import versions


@contextlib.contextmanager
def temporary_scene(name: str) -> Iterator[bpy.types.Scene]:
    """Yield a new scene with an empty sequencer, and remove it afterwards."""
    scene = bpy.data.scenes.new(name)
    scene.sequence_editor_create()
    try:
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


@contextlib.contextmanager
def sequencer_showing(scene: bpy.types.Scene) -> Iterator[None]:
    """Let a sequencer show a scene, for operators that need one, and restore the window afterwards.

    For background use only, because the window changes. The background Blender has a window, too, but on no screen.
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


def set_picture(scene: bpy.types.Scene, width: int, height: int) -> None:
    """Let a scene render its sequencer in pictures of this size, with the colours of the files."""
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.use_sequencer, render.use_compositing = True, False
    _use_file_colours(scene)


def _use_file_colours(scene: bpy.types.Scene) -> None:
    """Let a scene render the values of the files, whatever view settings the project has."""
    view = scene.view_settings
    scene.display_settings.display_device = "sRGB"
    view.view_transform, view.look, view.exposure, view.gamma = "Standard", "None", 0.0, 1.0
    view.use_curve_mapping = False
    versions.take_off_white_balance(view)
    scene.render.dither_intensity = 0.0
