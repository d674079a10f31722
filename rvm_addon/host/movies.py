"""A movie file of matted frames with the clip's own sound, written by Blender's renderer.

For background use only: rendering holds the process until it is done.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import bpy

from ..engine.errors import MovieFailed
from ..engine.outputs import Look
from ..engine.spec import PARTIAL_SUFFIX
from . import versions
from .encoders import ENCODERS, MovieFormat
from .image_strips import new_image_strip
from .likeness import read_as_written
from .movie_output import render, set_encoder, set_timing
from .scenes import set_picture, temporary_scene
from .sounds import add_sound


def write_movie(
    frames: Sequence[Path],
    fps: float,
    sound: Path | None,
    target: Path,
    tell: Callable[[int], None],
    kind: MovieFormat,
    look: Look,
    *,
    sound_begins: float,
    ready: Callable[[Path], None] | None,
) -> bool:
    """Write `frames`, all in one folder and of one size and `look`, at `fps` to `target`, with the sound of `sound`.

    `sound` is a movie or a sound file, whose time is nought at frame `sound_begins` of the movie, the first being 1; it
    ends with the last frame. `tell` is given the number of frames written so far. Returns whether there is sound: not
    where `sound` has none. Where the format cannot hold an odd side, the picture loses its last column or first row.
    The name of `target` must have no `#`, which is the number of a frame to Blender. Where frames are still to come,
    `ready` is given each before it is needed, and returns when it stands.

    Raises:
        MovieFailed: the file cannot be written.
    """
    sound_file = scratch(target)
    if ready is not None:
        ready(frames[0])  # its size is the movie's
    with temporary_scene("rvm_matting movie") as scene:
        picture = new_image_strip(scene, frames[0].parent, [path.name for path in frames], channel=1, start=1)
        picture.blend_type = "REPLACE"
        read_as_written(picture, look)
        set_timing(scene, fps, len(frames))
        encoder = ENCODERS[kind]
        _frame(scene, picture, even=encoder.even)
        try:
            audible = sound is not None and add_sound(scene, sound, sound_begins, sound_file)
            set_encoder(scene, target, encoder, audio=audible, alpha=look.result.has_alpha)
            render(scene, target, tell, ready and (lambda number: ready(frames[number - 1])))
        finally:
            sound_file.unlink(missing_ok=True)
    if length(target) < len(frames):  # on a full disk Blender goes on as if nothing were wrong
        raise MovieFailed(target, "Blender wrote only a part of it; the disk may be full")
    return audible


def scratch(target: Path) -> Path:
    """Return where a movie's sound lies while the movie is written."""
    return target.with_name(f"{target.stem}.sound{PARTIAL_SUFFIX}")


def length(clip: Path) -> int:
    """Return how many frames Blender counts in a movie (OpenCV may count otherwise); 1 if it cannot read it."""
    with temporary_scene("rvm_matting probe") as scene:
        strips = versions.top_strips(scene.sequence_editor)
        return versions.content_duration(strips.new_movie(name="clip", filepath=str(clip), channel=1, frame_start=1))


def frame_rate(clip: Path) -> float:
    """Return a movie's frames per second, as Blender reads them."""
    with temporary_scene("rvm_matting probe") as scene:
        strips = versions.top_strips(scene.sequence_editor)
        return float(strips.new_movie(name="clip", filepath=str(clip), channel=1, frame_start=1).fps)


def _frame(scene: bpy.types.Scene, picture: versions.Strip, *, even: bool) -> None:
    """Render what `picture` shows, pixel by pixel; for an even size, without last column or first row."""
    size = picture.elements[0].orig_width, picture.elements[0].orig_height
    width, height = (side // 2 * 2 if even else side for side in size)
    set_picture(scene, width, height)
    picture.transform.filter = "NEAREST"  # strips are centred: by half a pixel, others mix neighbours
