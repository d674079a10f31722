"""The sound of a clip, put into a scene to the sample. For background use only, as `movies` is."""

import math
from pathlib import Path

import bpy

from . import versions
from .encoders import ENCODERS, MovieFormat
from .movie_output import render, set_encoder
from .scenes import sequencer_showing, set_picture, temporary_scene

try:
    import aud
except ImportError:  # Blender was built without it, as Debian's 4.3 was, or without any sound, as the bpy 4.2 wheel
    aud = None

_SAMPLES_AT_ONCE = 1 << 16
_CLOCK_FPS = 24000
"""Of the scene in which a delay is measured: Blender places sound in whole frames."""
_DECODING_FPS = 4
"""Few frames to draw, where only their sound is wanted."""
_TOP_CHANNEL = 128
SIDE = 16
"""Pixels, of what is drawn for nobody to see."""


def add_sound(scene: bpy.types.Scene, clip: Path, begins: float, scratch: Path) -> bool:
    """Let a scene play a clip's sound; the clip's time is nought at frame `begins`.

    Blender finds a place within a compressed file only roughly, in Matroska by up to 0.1 s. So all of it is decoded
    from its beginning into `scratch`, which must stay until the scene has been rendered.
    Returns False where the clip has no sound that this Blender can play.
    """
    if not can_be_heard() or not _decode(clip, scratch):
        return False
    fps = scene.render.fps / scene.render.fps_base
    at = begins + _delay(clip) * fps
    strips = versions.top_strips(scene.sequence_editor)
    strip = strips.new_sound(name="sound", filepath=str(scratch), channel=2, frame_start=math.floor(at))
    strip.sound_offset = (at - math.floor(at)) / fps
    return True


def can_be_heard() -> bool:
    """Return whether this Blender was built with its sound library; the bpy 4.2 wheel was not."""
    return bool(bpy.app.build_options.audaspace)


def mix_down(scene: bpy.types.Scene, target: Path) -> None:
    """Write what a scene's sequencer plays from its first frame to its last, as 16 bits under a movie of nothing.

    Blender's own operator for that works behind one's back in 5.2, and ends only where there is a window.

    Raises:
        MovieFailed: in Blender's words.
    """
    strips = versions.top_strips(scene.sequence_editor)
    cover = versions.new_colour_strip(strips, "cover", _TOP_CHANNEL, scene.frame_start, scene.frame_end + 1)
    cover.blend_type = "REPLACE"  # nothing below is drawn
    set_picture(scene, SIDE, SIDE)
    set_encoder(scene, target, ENCODERS[MovieFormat.QTRLE], audio=True)
    render(scene, target)


def _decode(clip: Path, target: Path) -> bool:
    """Write a clip's sound, from its first sample on, without loss; False where there is none that can be played.

    As FLAC, in which Blender finds a place to the sample. It opens the file again for each frame that it renders, and
    of WAV with 16 bits FFmpeg then asks each of its formats whether it is what hides in there: 35 ms a frame.

    Read by `aud` from end to end. What a strip plays begins with a search for its beginning, which loses up to 25 ms
    of sound with a long run-in, such as Apple's AAC; so it is only for a Blender without that module.
    """
    if aud is None:
        return _decode_by_strip(clip, target)
    try:
        sound = aud.Sound(str(clip))
        rate, channels = sound.specs
        sound.write(
            str(target), int(rate), channels, aud.FORMAT_S16, aud.CONTAINER_FLAC, aud.CODEC_FLAC, 0, _SAMPLES_AT_ONCE
        )
    except aud.error:  # no sound in the file
        return False
    return True


def _decode_by_strip(clip: Path, target: Path) -> bool:
    """Do the same with a strip that plays the clip."""
    with temporary_scene("rvm_matting sound") as scene:
        scene.render.fps, scene.render.fps_base = _DECODING_FPS, 1.0
        strips = versions.top_strips(scene.sequence_editor)
        try:
            strip = strips.new_sound(name="sound", filepath=str(clip), channel=1, frame_start=1)
        except RuntimeError:  # no sound in the file
            return False
        scene.frame_start, scene.frame_end = 1, versions.handles(strip)[1]
        if scene.frame_end < 2 or strip.sound.samplerate == 0:
            return False
        mix_down(scene, target)
    return True


def _delay(clip: Path) -> float:
    """Return how many seconds after a movie's first picture its sound begins; `new_sound` does not heed it."""
    with temporary_scene("rvm_matting clock") as scene:
        scene.render.fps, scene.render.fps_base = _CLOCK_FPS, 1.0
        strips = versions.top_strips(scene.sequence_editor)
        try:
            with sequencer_showing(scene):
                versions.add_movie_with_sound(clip)
        except RuntimeError:  # no movie
            return 0.0
        starts = {strip.type: versions.content_start(strip) for strip in strips}
        return (starts.get("SOUND", 1) - starts.get("MOVIE", 1)) / _CLOCK_FPS
