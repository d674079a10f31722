"""Properties of files that are only known by opening them: each file is opened once, and again after it changes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import bpy

from ...engine.contract.files import stamps
from ...engine.contract.spec import Stamp
from ..blender import versions
from ..blender.scenes import temporary_scene
from . import codecs, interlacing
from .sources import source_file

_WITH_ALPHA = frozenset({32, 64, 128})
"""Bits per pixel of four channels."""

_rates: dict[tuple[str, Stamp], float] = {}
_clocks: dict[tuple[str, Stamp], float] = {}
_sizes: dict[tuple[str, Stamp], tuple[int, int]] = {}
_alphas: dict[tuple[str, Stamp], bool] = {}
_unlike: dict[tuple[str, Stamp], bool] = {}


def frame_rate(strip: versions.Strip) -> float:
    """Return the frames per second of a movie strip's file; 0 if Blender cannot read it.

    The strip's element is no help: its `orig_fps` stays that of the first file when another one is chosen.
    """
    known = _file(source_file(strip))
    if known not in _rates:
        _rates[known] = float(strip.fps)  # each access opens the file
    return _rates[known]


def clock(path: str) -> float:
    """Return the ticks per second in which a movie's container counts time; 0 if unknown."""
    known = _file(path)
    if known not in _clocks:
        _clocks[known] = codecs.clock(Path(path))
    return _clocks[known]


def carries_alpha(path: str) -> bool:
    """Return whether Blender finds alpha in a movie; this decodes a frame, unless the codec cannot hold alpha."""
    known = _file(path)
    if known not in _alphas:
        _alphas[known] = codecs.may_carry_alpha(Path(path)) and _has_four_channels(path)
    return _alphas[known]


def is_unlike(path: str) -> bool:
    """Return whether OpenCV decodes a movie differently from Blender, or not at all."""
    known = _file(path)
    if known not in _unlike:
        kinds = (codecs.is_hdr, codecs.is_wide, codecs.is_av1, interlacing.may_be)
        _unlike[known] = any(is_one(Path(path)) for is_one in kinds)
    return _unlike[known]


def is_known_as_unlike(path: str) -> bool:
    """Return whether OpenCV is known to decode a movie differently, or Blender to find alpha, without opening it."""
    known = _file(path)
    return _unlike.get(known, False) or _alphas.get(known, False)


def size(strip: versions.Strip) -> tuple[int, int]:
    """Return the width and height of a movie strip's file or an image strip's first one; 0 if it cannot be read.

    The strip's element is no help: its `orig_width` stays that of an earlier file until Blender has drawn the strip.
    """
    known = _file(source_file(strip))
    if known not in _sizes:
        _sizes[known] = _movie_size(Path(known[0])) if strip.type == "MOVIE" else picture_size(Path(known[0]))
    return _sizes[known]


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


def _file(path: str) -> tuple[str, Stamp]:
    """Return a key for a file that changes when the file does."""
    return path, stamps([path])[0]
