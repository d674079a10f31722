"""A movie file of matted frames with the clip's own sound, written by Blender's renderer.

For background use only: rendering holds the process until it is done.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import bpy

from . import versions


class MovieFailed(Exception):
    """Blender's renderer wrote no movie; the text says why."""


def write_movie(frames: Sequence[Path], fps: float, sound: Path, target: Path, tell: Callable[[int], None]) -> bool:
    """Write `frames`, all in one folder and of one size, at `fps` to `target` as H.264, with the sound of `sound`.

    `sound` is a movie or a sound file; it becomes AAC and ends with the last frame. `tell` is given the number of
    frames written so far. Returns whether there is sound: not where `sound` has none. An odd width or height loses
    its last column or row, which H.264 cannot hold.

    Raises:
        MovieFailed: the file cannot be written.
    """
    with _chatter_silenced(), temporary_scene("rvm_matting movie") as scene:
        strips = versions.top_strips(scene.sequence_editor_create())
        picture = strips.new_image(name="frames", filepath=str(frames[0]), channel=1, frame_start=1)
        for path in frames[1:]:
            picture.elements.append(path.name)
        audible = _add_sound(strips, sound)
        set_timing(scene, fps, len(frames))
        set_picture(scene, picture.elements[0].orig_width, picture.elements[0].orig_height)
        set_encoder(scene, target, audio=audible)
        render(scene, tell)
    if not target.is_file():
        raise MovieFailed(f"“{target}” was not written; look at Blender's output for the reason")
    return audible


def length(clip: Path) -> int:
    """Return how many frames Blender counts in a movie (OpenCV may count otherwise); 1 if it cannot read it."""
    with temporary_scene("rvm_matting probe") as scene:
        strips = versions.top_strips(scene.sequence_editor_create())
        return versions.content_duration(strips.new_movie(name="clip", filepath=str(clip), channel=1, frame_start=1))


def frame_rate(clip: Path) -> float:
    """Return a movie's frames per second, as Blender reads them."""
    with temporary_scene("rvm_matting probe") as scene:
        strips = versions.top_strips(scene.sequence_editor_create())
        return float(strips.new_movie(name="clip", filepath=str(clip), channel=1, frame_start=1).fps)


def set_timing(scene: bpy.types.Scene, fps: float, length: int) -> None:
    """Play `length` frames from frame 1 on at `fps`, fractional rates (29.97, 30.12) included."""
    scene.render.fps = max(round(fps), 1)
    scene.render.fps_base = float(Fraction(scene.render.fps) / Fraction(fps))
    scene.frame_start, scene.frame_end = 1, length


def set_picture(scene: bpy.types.Scene, width: int, height: int) -> None:
    """Render pictures of this size with the colours that the files have."""
    scene.render.resolution_x, scene.render.resolution_y = width // 2 * 2, height // 2 * 2
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    scene.render.use_compositing = False
    scene.render.use_sequencer = True


def set_encoder(scene: bpy.types.Scene, target: Path, *, audio: bool) -> None:
    """Write an MP4 that plays everywhere: H.264, and AAC where there is sound."""
    versions.use_movie_output(scene)
    scene.render.filepath = str(target)
    scene.render.use_file_extension = False
    scene.render.use_overwrite = True
    encoder = scene.render.ffmpeg
    encoder.format = "MPEG4"
    encoder.codec = "H264"
    encoder.constant_rate_factor = "HIGH"
    encoder.ffmpeg_preset = "GOOD"
    encoder.audio_codec = "AAC" if audio else "NONE"
    encoder.audio_bitrate = 192


def render(scene: bpy.types.Scene, tell: Callable[[int], None]) -> None:
    """Render the scene's sequencer.

    Raises:
        MovieFailed: in the renderer's words.
    """

    def written(*_: object) -> None:
        tell(scene.frame_current - scene.frame_start + 1)

    bpy.app.handlers.render_write.append(written)
    try:
        bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:  # how Blender's operators report
        raise MovieFailed(str(error).strip()) from error
    finally:
        bpy.app.handlers.render_write.remove(written)


def _add_sound(strips: bpy.types.bpy_prop_collection, clip: Path) -> bool:
    """Put the clip's sound beside its frames; False where it has none that this Blender can play."""
    try:
        strip = strips.new_sound(name="sound", filepath=str(clip), channel=2, frame_start=1)
    except RuntimeError:  # no sound in the file, or a Blender built without its sound library (the bpy 4.2 wheel)
        return False
    if versions.handles(strip)[1] - versions.handles(strip)[0] < 1 or strip.sound.samplerate == 0:
        strips.remove(strip)
        return False
    return True


@contextlib.contextmanager
def temporary_scene(name: str) -> Iterator[bpy.types.Scene]:
    """Yield a scene that is gone afterwards."""
    scene = bpy.data.scenes.new(name)
    try:
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


@contextlib.contextmanager
def _chatter_silenced() -> Iterator[None]:
    """Drop what Blender prints, two lines for every frame among it: standard output belongs to `--json`."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
