"""Which files strips show, and which strips are pieces of one that was cut."""

from collections.abc import Callable, Iterable
from pathlib import Path

import bpy

from ..blender import versions
from ..blender.paths import absolute

OF_FILES = frozenset({"MOVIE", "IMAGE"})
"""The kinds of strip that show files."""
WITH_CONTENT = OF_FILES | {"SCENE", "META", "MASK", "MOVIECLIP"}
"""The kinds of strip that can have content beyond their handles."""


def source_file(strip: versions.Strip) -> str:
    """Return the file of a movie strip, and the first file of an image strip.

    Of any other strip, return the type, followed by what tells it from others of its type, if anything does.
    """
    if strip.type == "MOVIE":
        return absolute(strip.filepath)
    if strip.type == "IMAGE":
        return str(Path(absolute(strip.directory)) / strip.elements[0].filename)
    return " ".join((strip.type, *_contents(strip)))


def _contents(strip: versions.Strip) -> list[str]:
    """Return the names of what a strip without files shows, or its text; nothing for a strip that makes its picture."""
    if strip.type == "META":
        return [child.name for child in versions.children(strip)]
    if strip.type == "TEXT":
        return [strip.text]
    shown = {"SCENE": "scene", "MASK": "mask"}.get(strip.type)
    data = getattr(strip, shown) if shown is not None else versions.clip_of(strip)
    return [data.name] if data is not None else [one.name for one in versions.inputs(strip)]


def pieces(source: versions.Strip, siblings: Iterable[versions.Strip], start: int, end: int) -> list[versions.Strip]:
    """Return `source` and the pieces cut off it, if they lie, even in part, from `start` to `end` - 1."""
    # What costs least comes first, here and below: a timeline may have hundreds of strips, and each gets a result.
    return [strip for strip in siblings if frames_within(strip, start, end) and was_cut_from(strip, source)]


def content_start(strip: versions.Strip) -> int:
    """Return the timeline frame where a strip's content begins; it tells later how far the strip was moved.

    An effect's own is its left handle, which a trim moves, too; so that of its first input counts.
    """
    inputs = versions.inputs(strip)
    return content_start(inputs[0]) if inputs else versions.content_start(strip)


def was_cut_from(strip: versions.Strip, source: versions.Strip) -> bool:
    """Return whether a strip is `source`, or a piece of the same strip that lies where the cut left it."""
    return bool(
        strip.channel == source.channel
        and strip.type == source.type
        and content_start(strip) == content_start(source)
        and (strip.type not in OF_FILES or source_file(strip) == source_file(source))  # pieces of metas have copies
    )


def source_below(scene: bpy.types.Scene, named: versions.Strip, result: versions.Strip) -> versions.Strip:
    """Return the source strip that a result belongs to, given the strip `named` in its recipe.

    If both were cut together, all parts of the result name the first part of the source; if both were copied, the copy
    names the original. So a fitting strip below the result is preferred; without one it is `named`, wherever that lies.
    """
    siblings = versions.siblings(scene.sequence_editor, named)
    ways: tuple[Callable[[versions.Strip], bool], ...] = (
        lambda strip: strip == named or was_cut_from(strip, named),
        lambda strip: shows_the_same(strip, named) and strip.channel < result.channel,
    )
    for is_meant in ways:
        below = [strip for strip in siblings if is_meant(strip) and frames_within(strip, *versions.handles(result))]
        if below:
            return max(below, key=lambda strip: frames_within(strip, *versions.handles(result)))
    return named


def extent_below(scene: bpy.types.Scene, source: versions.Strip, result: versions.Strip) -> versions.Span | None:
    """Return the extent of the pieces of a source below a result; None if there are none."""
    siblings = versions.siblings(scene.sequence_editor, source)
    below = [versions.handles(strip) for strip in pieces(source, siblings, *versions.handles(result))]
    return versions.Span.around(below) if below else None


def only_one_below(scene: bpy.types.Scene, file: str, result: versions.Strip) -> versions.Strip | None:
    """Return the strip below a result that shows a file, whatever its name; None if there is none, or several.

    Pieces of one strip count as one.
    """
    below = [
        strip
        for strip in versions.siblings(scene.sequence_editor, result)
        if strip.type in OF_FILES
        and source_file(strip) == file
        and strip.channel < result.channel
        and frames_within(strip, *versions.handles(result))
    ]
    return below[0] if below and all(was_cut_from(strip, below[0]) for strip in below) else None


def shows_the_same(strip: versions.Strip, other: versions.Strip) -> bool:
    """Return whether two strips show the same file."""
    return strip.type in OF_FILES and strip.type == other.type and source_file(strip) == source_file(other)


def frames_within(strip: versions.Strip, start: int, end: int) -> int:
    """Return how many timeline frames of a strip lie from `start` to `end` - 1."""
    first, last = versions.handles(strip)
    return max(min(end, last) - max(start, first), 0)


def is_within(strip: versions.Strip, start: int, end: int) -> bool:
    """Return whether a strip lies entirely from `start` to `end` - 1."""
    first, last = versions.handles(strip)
    return start <= first and last <= end
