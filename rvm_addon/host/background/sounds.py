"""The sound of a clip, placed in a scene exactly to the sample. For background use only, as `movies` is."""

import math
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...engine.contract.errors import MovieCutShort
from ..blender import versions
from ..blender.encoders import ENCODERS, MovieFormat
from ..blender.movie_output import check_room, render, set_encoder
from ..blender.scenes import sequencer_showing, set_picture, temporary_scene

try:
    import aud
except ImportError:  # Blender was built without it, like Debian's 4.3, or without any sound, like the bpy 4.2 wheel
    aud = None

_SAMPLES_AT_ONCE = 1 << 16
_MOST_CHANNELS = 8
"""FLAC has no more. Of more, Blender plays the first eight, as a 7.1 mix; the movies are in stereo anyhow."""
_CLOCK_FPS = 24000
"""The rate of the scene in which a delay is measured: Blender places sound in whole frames."""
_DECODING_FPS = 4
"""The rate of a scene of which only the sound is wanted: few frames are drawn."""
_TOP_CHANNEL = 128
SIDE = 16
"""Width and height, in pixels, of pictures that are drawn only for their sound."""


@dataclass(frozen=True)
class Sound:
    """The sound that a movie gets."""

    file: Path
    """A movie or a sound file."""
    begins: float = 1.0
    """The frame at which that file's time is zero, where the movie's first frame is 1."""


def add_sound(scene: bpy.types.Scene, sound: Sound, scratch: Path) -> bool:
    """Let a scene, whose frame 1 is the first of the movie, play a sound.

    Blender seeks inaccurately in compressed files, in Matroska by up to 0.1 s. So the whole sound is decoded from its
    start into `scratch`, which must stay until the scene has been rendered.
    Returns False if the file has no sound that this Blender can play.

    Raises:
        MovieFailed: the sound cannot be written to `scratch`.
    """
    if not can_be_heard() or not _decode(sound.file, scratch):
        return False
    check_room(scratch)
    fps = scene.render.fps / scene.render.fps_base
    at = sound.begins + _delay(sound.file) * fps
    strips = versions.top_strips(scene.sequence_editor)
    strip = strips.new_sound(name="sound", filepath=str(scratch), channel=2, frame_start=math.floor(at))
    strip.sound_offset = (at - math.floor(at)) / fps
    return True


def can_be_heard() -> bool:
    """Return whether this Blender was built with its sound library; the bpy 4.2 wheel was not."""
    return bool(bpy.app.build_options.audaspace)


def mix_down(scene: bpy.types.Scene, target: Path) -> None:
    """Write the sound of a scene's sequencer, from its first frame to its last, as 16 bits in a movie without content.

    In 5.2, Blender's own operator for this runs asynchronously, and ends only if there is a window.

    Raises:
        MovieFailed: rendering failed; the reason is Blender's own.
    """
    strips = versions.top_strips(scene.sequence_editor)
    cover = versions.new_colour_strip(strips, "cover", _TOP_CHANNEL, scene.frame_start, scene.frame_end + 1)
    cover.blend_type = "REPLACE"  # nothing below is drawn
    set_picture(scene, SIDE, SIDE)
    set_encoder(scene, target, ENCODERS[MovieFormat.QTRLE], audio=True)
    render(scene, target)


def _decode(clip: Path, target: Path) -> bool:
    """Write a clip's sound without loss, from its first sample on; return False if it has none that can be played.

    The format is FLAC, in which Blender seeks to the exact sample. Blender opens the file again for each frame that it
    renders; for 16-bit WAV, FFmpeg would then probe for formats wrapped inside, which takes 35 ms a frame.

    The module `aud` reads the sound from start to end. A strip's playback begins with a seek to the start, which loses
    up to 25 ms of sound with long priming, such as Apple's AAC; so it is used only in a Blender without `aud`.

    Raises:
        MovieFailed: the sound cannot be written.
    """
    if aud is None:
        return _decode_by_strip(clip, target)
    try:
        sound = aud.Sound(str(clip))
        if sound.specs[1] > _MOST_CHANNELS:
            sound = sound.rechannel(aud.CHANNELS_STEREO)
        rate, channels = sound.specs
    except aud.error:  # no sound in the file
        return False
    try:
        sound.write(
            str(target), int(rate), channels, aud.FORMAT_S16, aud.CONTAINER_FLAC, aud.CODEC_FLAC, 0, _SAMPLES_AT_ONCE
        )
    except aud.error as error:
        check_room(target)
        raise MovieCutShort(target, f"Blender could not write its sound ({error})") from error
    return True


def _decode_by_strip(clip: Path, target: Path) -> bool:
    """Do the same as `_decode` with a strip that plays the clip."""
    with temporary_scene("rvm_matting sound") as scene:
        scene.render.fps, scene.render.fps_base = _DECODING_FPS, 1.0
        strips = versions.top_strips(scene.sequence_editor)
        try:
            strip = strips.new_sound(name="sound", filepath=str(clip), channel=1, frame_start=1)
        except RuntimeError:  # no sound in the file
            return False
        scene.frame_start, scene.frame_end = 1, versions.handles(strip).end
        if scene.frame_end < 2 or strip.sound.samplerate == 0:
            return False
        mix_down(scene, target)
    return True


def _delay(clip: Path) -> float:
    """Return how many seconds after a movie's first picture its sound begins; `new_sound` ignores that delay."""
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
