"""Write a scene as a movie. For background use only: rendering blocks the process until it is done."""

import math
import os
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import bpy

from ...engine.contract.errors import MovieCutShort, MovieFailed
from . import versions
from .encoders import ENCODERS, Encoder, MovieFormat

_NTSC_BASE = 1.001
"""The seconds in which rates such as 23.976 and 29.97 show a whole number of frames."""
_SINGLE_PRECISION = 1e-5
"""An upper bound on the relative error of a rate that Blender returns as a 32-bit float."""
_ROOM_BYTES = 1 << 17
"""More than FFmpeg writes at once: where so much fits, nothing was lost so far."""


def set_timing(scene: bpy.types.Scene, fps: float, length: int) -> None:
    """Play `length` frames from frame 1 on at `fps`, fractional rates (29.97, 30.12) included."""
    scene.render.fps = max(round(fps), 1)
    base = float(Fraction(scene.render.fps) / Fraction(fps))
    # Blender's 23.976 gives a base of 1.00099997, which its movie writer takes for 1.
    scene.render.fps_base = _NTSC_BASE if math.isclose(base, _NTSC_BASE, rel_tol=_SINGLE_PRECISION) else base
    scene.frame_start, scene.frame_end = 1, length


def set_pixel_aspect(scene: bpy.types.Scene, aspect: float) -> None:
    """Let a movie of the scene be shown with pixels `aspect` times as wide as high."""
    scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = max(aspect, 1.0), max(1.0 / aspect, 1.0)


def set_encoder(
    scene: bpy.types.Scene,
    target: Path,
    encoder: Encoder = ENCODERS[MovieFormat.H264],
    *,
    audio: bool,
    alpha: bool = False,
) -> None:
    """Let the scene render to the movie `target` with `encoder`; with transparency if `alpha` and it holds that."""
    versions.use_movie_output(scene)
    scene.render.filepath = versions.output_path(target)
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
    settings.audio_channels, settings.audio_mixrate, settings.audio_volume = "STEREO", 48000, 1.0
    settings.use_autosplit = False
    scene.render.image_settings.color_mode = "RGBA" if alpha and encoder.holds_alpha else "RGB"


def render(
    scene: bpy.types.Scene,
    target: Path,
    tell: Callable[[int], None] = lambda _: None,
    prepare: Callable[[int], object] | None = None,
) -> None:
    """Render the scene's sequencer, as it is set up, to `target`; `tell` is called with the number of frames so far.

    `prepare` is called with each frame's number before that frame is drawn.

    Raises:
        MovieCutShort: the disk is full.
        MovieFailed: rendering failed; the reason is the renderer's own.
    """
    written = 0

    def count(*_: object) -> None:
        nonlocal written
        written += 1
        tell(written)

    def begin(*_: object) -> None:
        if prepare is not None:
            prepare(scene.frame_current)

    bpy.app.handlers.render_write.append(count)
    bpy.app.handlers.render_pre.append(begin)
    try:
        bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:  # how Blender's operators report
        check_room(target)  # where no byte can be written, Blender says that it knows no such codec
        raise MovieFailed(target, str(error).removeprefix("Error:").strip()) from error
    finally:
        bpy.app.handlers.render_write.remove(count)
        bpy.app.handlers.render_pre.remove(begin)
    wanted = scene.frame_end - scene.frame_start + 1
    if written < wanted or not target.is_file():
        raise MovieCutShort(target, f"Blender wrote {written} of {wanted} frames")


def check_room(target: Path) -> None:
    """Return if more can be written beside `target`: neither Blender nor its sound library tells of a full disk.

    Raises:
        MovieCutShort: nothing more can be written; the reason is the system's.
    """
    try:
        with tempfile.TemporaryFile(dir=target.parent) as more:
            more.write(bytes(_ROOM_BYTES))
            more.flush()
            os.fsync(more.fileno())
    except OSError as error:
        raise MovieCutShort(target, error) from error
