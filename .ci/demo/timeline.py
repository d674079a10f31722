"""Does inside Blender what an editor would do with a clip: install, put it on the timeline, press the button, render.

Usage: timeline.py EXTENSION.zip CLIP FOLDER. Writes FOLDER/demo.blend and FOLDER/demo.mp4; `BLENDER_USER_RESOURCES`
keeps the profile apart from the user's.
"""

import sys
from pathlib import Path
from typing import Any

import bpy
from inside_blender import host, install, run_and_leave

BACKGROUND = (0.16, 0.32, 0.42)
"""Red, green, blue of the strip under the cut-out; sRGB, 0..1."""


def main(zipped: Path, clip: Path, folder: Path) -> None:
    """Go the whole way."""
    bpy.ops.wm.read_homefile(app_template="Video_Editing")
    bpy.context.preferences.filepaths.save_version = 0  # no demo.blend1 beside demo.blend
    install(zipped)
    scene = _sequencer_scene()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "demo.blend"))
    movie = _add_clip(scene, clip)
    start, end = host("blender.versions").handles(movie)
    below = host("blender.versions").new_colour_strip(_strips(scene), "Background", 1, start, end)
    below.color = BACKGROUND
    _select(scene, movie)
    with _sequencer():
        bpy.ops.rvm.matte_strips()
    if f"{movie.name} matte" not in _strips(scene):
        raise SystemExit("no matted strip appeared; the lines above say why")
    _render(scene, movie, folder / "demo.mp4")
    bpy.ops.wm.save_mainfile()


def _sequencer_scene() -> bpy.types.Scene:
    """Return the scene that the template's sequencer shows."""
    workspace = bpy.context.window.workspace
    scene = getattr(workspace, "sequencer_scene", None) or bpy.context.scene
    scene.sequence_editor_create()
    return scene


def _strips(scene: bpy.types.Scene) -> Any:
    """Return the scene's strips."""
    return host("blender.versions").top_strips(scene.sequence_editor)


def _sequencer() -> Any:
    """Return the context of the sequencer's timeline, as its menus have it."""
    window = bpy.context.window
    area = next(area for area in window.screen.areas if area.type == "SEQUENCE_EDITOR")
    region = next(region for region in area.regions if region.type == "WINDOW")
    return bpy.context.temp_override(window=window, area=area, region=region)


def _add_clip(scene: bpy.types.Scene, clip: Path) -> Any:
    """Add the clip as the menu does, movie and sound strips, above the first channel; return the movie strip."""
    # From 5.0 on the operator's default is to hand the strips to the mouse, which crashes without a window.
    options = {"move_strips": False} if bpy.app.version >= (5, 0, 0) else {}
    with _sequencer():
        bpy.ops.sequencer.movie_strip_add(
            filepath=str(clip), frame_start=1, channel=2, sound=True, use_framerate=True, **options
        )
    return next(strip for strip in _strips(scene) if strip.type == "MOVIE")


def _select(scene: bpy.types.Scene, movie: Any) -> None:
    """Select the movie strip and nothing else."""
    for strip in _strips(scene):
        strip.select = strip == movie


def _render(scene: bpy.types.Scene, movie: Any, target: Path) -> None:
    """Render the timeline, cut-out over colour with its sound, and show how far it is."""
    start, end = host("blender.versions").handles(movie)
    scene.frame_start, scene.frame_end = start, end - 1
    element = movie.elements[0]
    host("blender.scenes").set_picture(scene, element.orig_width // 2 * 2, element.orig_height // 2 * 2)
    has_sound = any(strip.type == "SOUND" for strip in _strips(scene))
    host("blender.movie_output").set_encoder(scene, target, audio=has_sound)
    with host("session.terminal").ProgressLine() as line:
        frames = end - start
        tell = lambda done: line.bar("Rendering", done / frames, f"{done} of {frames} frames")  # noqa: E731
        host("blender.movie_output").render(scene, target, tell)


if __name__ == "__main__":
    run_and_leave(lambda: main(*map(Path, sys.argv[1:])))
