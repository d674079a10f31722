"""The sound of a clip, put into a scene to the sample. For background use only, as `movies` is."""

import math
from pathlib import Path

import bpy

from . import versions
from .scenes import sequencer_showing, temporary_scene

try:
    import aud
except ImportError:  # Blender was built without its sound library, as the bpy 4.2 wheel
    aud = None

_SAMPLES_AT_ONCE = 1 << 16
_CLOCK_FPS = 24000
"""Of the scene in which a delay is measured: Blender places sound in whole frames."""


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
    return aud is not None


def mix_down(scene: bpy.types.Scene, target: Path) -> None:
    """Write what a scene's sequencer plays from its first frame to its last as a WAV of 16 bits.

    Raises:
        RuntimeError: in Blender's words.
    """
    with sequencer_showing(scene):
        bpy.ops.sound.mixdown(filepath=str(target), container="WAV", codec="PCM", format="S16", check_existing=False)


def _decode(clip: Path, target: Path) -> bool:
    """Write a clip's sound, from its first sample on, as a WAV; False where there is none that can be played.

    Read by `aud` from end to end. What a strip plays begins with a search for its beginning, which loses up to 25 ms
    of sound with a long run-in, such as Apple's AAC.
    """
    try:
        sound = aud.Sound(str(clip))
        rate, channels = sound.specs
        sound.write(
            str(target), int(rate), channels, aud.FORMAT_S16, aud.CONTAINER_WAV, aud.CODEC_PCM, 0, _SAMPLES_AT_ONCE
        )
    except aud.error:  # no sound in the file
        return False
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
