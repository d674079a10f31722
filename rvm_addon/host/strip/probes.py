"""Properties of files that are only known by opening them: each file is opened once, and again after it changes."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import bpy

from ...engine.contract.files import stamps
from ...engine.contract.spec import Stamp
from ..blender import versions
from ..blender.scenes import temporary_scene
from . import codecs, interlacing
from .sources import source_file

_WITH_ALPHA = frozenset({32, 64, 128})
"""Bits per pixel of four channels."""

_Found = TypeVar("_Found")
_File = tuple[str, Stamp]
"""A file as it is now: another one once it has changed."""

_rates: dict[_File, float] = {}
_clocks: dict[_File, float] = {}
_sizes: dict[_File, tuple[int, int]] = {}
_alphas: dict[_File, bool] = {}
_unlike: dict[_File, bool] = {}


def _once(known: dict[_File, _Found], path: str, look: Callable[[], _Found]) -> _Found:
    """Return what is known of a file; `look` finds it out the first time, and again after the file has changed."""
    file = _file(path)
    if file not in known:
        known[file] = look()
    return known[file]


def frame_rate(strip: versions.Strip) -> float:
    """Return the frames per second of a movie strip's file; 0 if Blender cannot read it.

    The strip's element is no help: its `orig_fps` stays that of the first file when another one is chosen.
    """
    return _once(_rates, source_file(strip), lambda: float(strip.fps))  # each access opens the file


def clock(path: str) -> float:
    """Return the ticks per second in which a movie's container counts time; 0 if unknown."""
    return _once(_clocks, path, lambda: codecs.clock(Path(path)))


def carries_alpha(path: str) -> bool:
    """Return whether Blender finds alpha in a movie; this decodes a frame, unless the codec cannot hold alpha."""
    return _once(_alphas, path, lambda: codecs.may_carry_alpha(Path(path)) and _has_four_channels(path))


def is_unlike(path: str) -> bool:
    """Return whether OpenCV decodes a movie differently from Blender, or not at all."""
    kinds = (codecs.is_hdr, codecs.is_wide, codecs.is_av1, interlacing.may_be)
    return _once(_unlike, path, lambda: any(is_one(Path(path)) for is_one in kinds))


def is_known_as_unlike(path: str) -> bool:
    """Return whether OpenCV is known to decode a movie differently, or Blender to find alpha, without opening it."""
    file = _file(path)
    return _unlike.get(file, False) or _alphas.get(file, False)


def size(strip: versions.Strip) -> tuple[int, int]:
    """Return the width and height of a movie strip's file or an image strip's first one; 0 if it cannot be read.

    The strip's element is no help: its `orig_width` stays that of an earlier file until Blender has drawn the strip.
    """
    path = source_file(strip)
    look = _movie_size if strip.type == "MOVIE" else picture_size
    return _once(_sizes, path, lambda: look(Path(path)))


def picture_size(path: Path) -> tuple[int, int]:
    """Decode a picture, and return the width and height, in pixels, at which strips show it; 0 if it cannot be read."""
    with temporary_scene("rvm_matting probe") as scene:
        strips = versions.top_strips(scene.sequence_editor)
        (element,) = strips.new_image(name="picture", filepath=str(path), channel=1, frame_start=1).elements
        return element.orig_width, element.orig_height


@contextlib.contextmanager
def opened_movie(path: Path) -> Iterator[versions.Strip]:
    """Yield a strip of a movie file, in a scene that is gone after the block: Blender tells of files only by strips."""
    with temporary_scene("rvm_matting probe") as scene:
        strips = versions.top_strips(scene.sequence_editor)
        yield strips.new_movie(name="movie", filepath=str(path), channel=1, frame_start=1)


def _movie_size(path: Path) -> tuple[int, int]:
    """Return the width and height of a movie's first stream in pixels; 0 if it cannot be read."""
    with opened_movie(path) as strip:
        (element,) = strip.elements
        return element.orig_width, element.orig_height


def _has_four_channels(path: str) -> bool:
    """Return whether a movie's first frame has alpha, as Blender decodes it."""
    image = bpy.data.images.load(path)
    try:
        return image.depth in _WITH_ALPHA
    finally:
        bpy.data.images.remove(image)


def _file(path: str) -> _File:
    """Return a file as it is now."""
    return path, stamps([path])[0]
