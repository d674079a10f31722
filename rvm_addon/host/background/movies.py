"""A movie file of matted frames with the clip's own sound, written by Blender's renderer.

Writing one blocks the process until it is done, so the user's Blender leaves that to a background one.
"""

import re
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...engine.contract.errors import MovieCutShort
from ...engine.contract.outputs import Look
from ...engine.contract.spec import PARTIAL_SUFFIX
from ..blender import versions
from ..blender.encoders import ENCODERS, MovieFormat
from ..blender.movie_output import render, set_encoder, set_pixel_aspect, set_timing
from ..blender.scenes import set_picture, temporary_scene
from ..strip.image_strips import new_image_strip
from ..strip.likeness import read_as_written
from ..strip.probes import opened_movie
from .sounds import Sound, add_sound

_INFO = re.compile(rb"\x15\x49\xa9\x66([\x81-\xfe])(?:\xbf\x84(.{4}))?(?=\x2a\xd7\xb1)", re.DOTALL)
"""Matroska's element that tells of the whole file: its size, and its checksum, if it has one."""
_DURATION = b"\x44\x89\x88"
"""The element in it that tells how long the file lasts: a number of eight bytes follows."""
_HEAD_BYTES = 1 << 12


@dataclass(frozen=True)
class Pictures:
    """What a movie shows."""

    frames: Sequence[Path]
    """A file for each frame of the movie, all in one folder and of one size."""
    look: Look
    """How these were made, and so how they are read."""
    fps: float
    pixel_aspect: float = 1.0
    """A pixel's width by its height."""


def write_movie(
    target: Path,
    kind: MovieFormat,
    pictures: Pictures,
    sound: Sound | None,
    tell: Callable[[int], None],
    ready: Callable[[Path], None] | None = None,
) -> bool:
    """Write pictures to `target` with a sound, which ends with the last frame; return whether the movie has sound.

    It lacks that if `sound` has none. If the format cannot hold an odd side, the picture loses its last column or first
    row. The name of `target` must have no `#`, for which Blender puts the frame's number. `tell` is called with the
    number of frames written so far. If frames are still being made, `ready` is called with each before it is needed,
    and returns once the frame is there.

    Raises:
        MovieFailed: the file cannot be written.
    """
    frames, fps, encoder = pictures.frames, pictures.fps, ENCODERS[kind]
    sound_file = scratch(target)
    if ready is not None:
        ready(frames[0])  # its size is the movie's
    with temporary_scene("rvm_matting movie") as scene:
        picture = new_image_strip(scene, frames[0].parent, [path.name for path in frames], channel=1, start=1)
        picture.blend_type = "REPLACE"
        read_as_written(picture, pictures.look)
        set_timing(scene, fps, len(frames))
        set_pixel_aspect(scene, pictures.pixel_aspect)
        _frame(scene, picture, even=encoder.even)
        try:
            audible = sound is not None and add_sound(scene, sound, sound_file)
            set_encoder(scene, target, encoder, audio=audible, alpha=pictures.look.result.has_alpha)
            render(scene, target, tell, ready and (lambda number: ready(frames[number - 1])))
        finally:
            sound_file.unlink(missing_ok=True)
    counted = length(target)
    if counted < len(frames):  # on a full disk, Blender reports no error
        raise MovieCutShort(target, "Blender wrote only a part of it; the disk may be full")
    if counted > len(frames):
        _end_with_picture(target, len(frames) / fps)
    return audible


def _end_with_picture(movie: Path, seconds: float) -> None:
    """Let a Matroska file tell that it lasts as long as its picture, which is so many `seconds`.

    Its sound comes in blocks of up to 0.1 s, the last of which is filled. As it does not tell how long its picture
    lasts, Blender would hold that to the end of the sound. (RFC 9559 and 8794; FFmpeg counts in milliseconds.)
    """
    with movie.open("r+b") as stream:
        head = bytearray(stream.read(_HEAD_BYTES))
        info = _INFO.search(head)
        if info is None:
            return
        end = info.end(1) + (info[1][0] & 0x7F)
        duration = head.find(_DURATION, info.end(), end)
        if duration < 0:
            return
        struct.pack_into(">d", head, duration + len(_DURATION), seconds * 1000)
        if info[2]:
            struct.pack_into("<I", head, info.start(2), zlib.crc32(head[info.end(2) : end]))
        stream.seek(0)
        stream.write(head)


def scratch(target: Path) -> Path:
    """Return the path of the temporary sound file that is used while a movie is written."""
    return target.with_name(f"{target.stem}.sound{PARTIAL_SUFFIX}")


def length(clip: Path) -> int:
    """Return how many frames Blender counts in a movie (OpenCV may count differently); 1 if Blender cannot read it."""
    with opened_movie(clip) as strip:
        return versions.content_duration(strip)


def frame_rate(clip: Path) -> float:
    """Return a movie's frames per second, as Blender reads them."""
    with opened_movie(clip) as strip:
        return float(strip.fps)


def _frame(scene: bpy.types.Scene, picture: versions.Strip, *, even: bool) -> None:
    """Render exactly the pixels of `picture`; if `even`, without the last column or first row of an odd side."""
    size = picture.elements[0].orig_width, picture.elements[0].orig_height
    width, height = (side // 2 * 2 if even else side for side in size)
    set_picture(scene, width, height)
    picture.transform.filter = "NEAREST"  # centring may shift by half a pixel, where other filters mix neighbours
