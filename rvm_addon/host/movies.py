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

from ..engine.outputs import Look, Result
from . import versions
from .encoders import ENCODERS, Encoder, MovieFormat
from .likeness import read_as_written

OPAQUE = Look(Result.COLOUR)
"""Frames of which no more is known."""


class MovieFailed(Exception):
    """Blender's renderer wrote no movie; the text says why."""


def write_movie(
    frames: Sequence[Path],
    fps: float,
    sound: Path,
    target: Path,
    tell: Callable[[int], None],
    kind: MovieFormat = MovieFormat.H264,
    look: Look = OPAQUE,
) -> bool:
    """Write `frames`, all in one folder and of one size and `look`, at `fps` to `target`, with the sound of `sound`.

    `sound` is a movie or a sound file; it ends with the last frame. `tell` is given the number of frames written so
    far. Returns whether there is sound: not where `sound` has none. Where the format cannot hold an odd side,
    the picture loses its last column or first row.

    Raises:
        MovieFailed: the file cannot be written.
    """
    with _chatter_silenced(), temporary_scene("rvm_matting movie") as scene:
        strips = versions.top_strips(scene.sequence_editor_create())
        picture = strips.new_image(name="frames", filepath=str(frames[0]), channel=1, frame_start=1)
        for path in frames[1:]:
            picture.elements.append(path.name)
        picture.blend_type = "REPLACE"
        read_as_written(picture, look)
        audible = _add_sound(strips, sound)
        set_timing(scene, fps, len(frames))
        encoder = ENCODERS[kind]
        _frame(scene, picture, even=encoder.even)
        set_encoder(scene, target, encoder, audio=audible, alpha=look.result.has_alpha)
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


def _frame(scene: bpy.types.Scene, picture: versions.Strip, *, even: bool) -> None:
    """Render what `picture` shows, pixel by pixel; for an even size, without last column or first row."""
    size = picture.elements[0].orig_width, picture.elements[0].orig_height
    width, height = (side // 2 * 2 if even else side for side in size)
    set_picture(scene, width, height)
    picture.transform.filter = "NEAREST"  # strips are centred: by half a pixel, others mix neighbours


def set_picture(scene: bpy.types.Scene, width: int, height: int) -> None:
    """Render pictures of this size with the colours that the files have."""
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    scene.render.dither_intensity = 0.0
    scene.render.use_compositing = False
    scene.render.use_sequencer = True


def set_encoder(
    scene: bpy.types.Scene,
    target: Path,
    encoder: Encoder = ENCODERS[MovieFormat.H264],
    *,
    audio: bool,
    alpha: bool = False,
) -> None:
    """Write a movie as `encoder` says, with transparency where both have it."""
    versions.use_movie_output(scene)
    scene.render.filepath = str(target)
    scene.render.use_file_extension = False
    scene.render.use_overwrite = True
    settings = scene.render.ffmpeg
    settings.format = encoder.container
    settings.codec = encoder.codec
    if encoder.profile:
        settings.ffmpeg_prores_profile = encoder.profile
    settings.constant_rate_factor = "HIGH"
    settings.ffmpeg_preset = "GOOD"
    settings.audio_codec = encoder.sound if audio else "NONE"
    settings.audio_bitrate = 192
    scene.render.image_settings.color_mode = "RGBA" if alpha and encoder.holds_alpha else "RGB"


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
