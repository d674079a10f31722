"""Where a job's result goes, in names and numbers, and the strips that are found there later."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import isclose
from typing import Any

import bpy

from ...engine.contract.errors import NamedError
from ..blender import versions
from ..blender.encoders import MovieFormat
from .soundtrack import SILENCE, Soundtrack
from .sources import OF_FILES, WITH_CONTENT, content_start, frames_within, shows_the_same, source_file, was_cut_from

_LAST_CHANNEL = 128


class StripUnsuitable(NamedError):
    """A strip that cannot be matted, named with the reason."""

    def __str__(self) -> str:
        """Say which strip, and why."""
        return f"“{self.name}” {self.reason}"


@dataclass(frozen=True)
class Placement:
    """Where a job's result goes, in names and numbers: references to strips do not outlast an undo."""

    scene: str
    strip: str
    file: str
    """What the strip shows, as `source_file` tells it: another strip may have got the strip's name since."""
    content_start: int
    """The `content_start` of the source strip when the job was made; it tells later how far the strip was moved."""
    start: int
    """The first timeline frame of the result."""
    shown: tuple[int, ...]
    """The source frame that each timeline frame of the result shows, handles included; a still has a single one."""
    before: int
    """How many of these belong to the left handle, before `start`."""
    length: int
    """How many timeline frames the result fills, without its handles."""
    keep_source: bool
    still: bool = False
    """Whether the result is a single picture, however long it is shown."""
    replaces: str = ""
    """The name of the result strip that gets the new frames, or gives way to the new strip."""
    replaced_file: str = ""
    """The first file that this strip shows, by which it is found again if it is renamed."""
    movie: MovieFormat | None = None
    """The format of the movie that is made of the result; None if no movie is wanted."""
    fps: float = 0.0
    """The rate of the timeline when the job was made, and of the movie."""
    sound: Soundtrack = SILENCE
    """The movie's."""
    timing: tuple[float, ...] = ()
    """The `timing_of` the source strip when the job was made; empty in notes of earlier versions."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Placement":
        """Return the placement that `to_dict` turned into `data`, whether or not it went through JSON.

        Raises:
            KeyError, TypeError, ValueError: `data` describes something else.
        """
        movie = data["movie"] and MovieFormat(data["movie"])
        numbers = {"shown": tuple(data["shown"]), "timing": tuple(data.get("timing", ()))}
        return cls(**data | numbers | {"movie": movie, "sound": Soundtrack(**data["sound"])})

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads; unlike `dataclasses.asdict`, without copying each frame's number."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"sound": asdict(self.sound)}

    def is_same(self, other: "Placement") -> bool:
        """Return whether both results go to the same strip and replace the same one, so that one of them suffices."""
        mine = (self.scene, self.strip, self.file, self.start, self.replaces)
        return mine == (other.scene, other.strip, other.file, other.start, other.replaces)


def find(place: Placement) -> tuple[bpy.types.Scene, versions.Strip] | None:
    """Return the scene and source strip of a placement, even if they were renamed.

    None if they are gone, or if several scenes could be the one: a copy, such as a backup, is to be left alone. So is a
    scene that is linked from another project, which gets its results itself.
    """
    own = [scene for scene in bpy.data.scenes if scene.library is None]
    named = [scene for scene in own if scene.name == place.scene]
    edited = [scene for scene in named or own if scene.sequence_editor is not None]
    found = [(scene, strip) for scene in edited if (strip := _source_in(scene, place)) is not None]
    return found[0] if len(found) == 1 else None


def _source_in(scene: bpy.types.Scene, place: Placement) -> versions.Strip | None:
    """Return the strip of this name that shows the placement's file, or else the only one that may be it, renamed.

    That is a strip, or a remaining piece, whose content lies where the source's lay, or else one trimmed like it.
    A strip without files may be another of the same name: if nothing tells what it shows, it must lie where it lay.
    """
    every = versions.all_strips(scene.sequence_editor)
    named = every.get(place.strip)
    if named is not None and (_shows_alike(named, place) or _is_of_no_file_and_there(named, place)):
        return named
    others = [strip for strip in every if _shows_alike(strip, place)]
    left = [strip for strip in others if strip.type in OF_FILES and _lies_like(strip, place)]
    if left and all(was_cut_from(strip, left[0]) for strip in left):
        return min(left, key=versions.handles)
    alike = [strip for strip in others if _is_trimmed_like(strip, place)]
    return alike[0] if len(alike) == 1 else None


def _shows_alike(strip: versions.Strip, place: Placement) -> bool:
    """Return whether a strip shows what the placement's strip showed, as far as that can be told."""
    return source_file(strip) == place.file and (place.file != strip.type or _is_of_no_file_and_there(strip, place))


def _is_of_no_file_and_there(strip: versions.Strip, place: Placement) -> bool:
    """Return whether a strip without files is of the type of the placement's, and its content begins where that did."""
    is_alike = strip.type not in OF_FILES and place.file.split(" ")[0] == strip.type
    return is_alike and (content_start(strip) == place.content_start or _is_trimmed_on_the_left(strip, place))


def _is_trimmed_on_the_left(strip: versions.Strip, place: Placement) -> bool:
    """Return whether a strip that has neither content nor inputs ends where the placement's did.

    Such a strip begins with its left handle: if only that has moved, the strip was not.
    """
    is_bare = strip.type not in WITH_CONTENT and not versions.inputs(strip)
    return is_bare and versions.handles(strip).end == place.start + place.length


def _lies_like(strip: versions.Strip, place: Placement) -> bool:
    """Return whether a strip's content lies where that of the placement's strip lay, and both show a common frame."""
    is_there = content_start(strip) == place.content_start
    return is_there and frames_within(strip, place.start, place.start + place.length) > 0


def _is_trimmed_like(strip: versions.Strip, place: Placement) -> bool:
    """Return whether a strip shows the same part of its content as the placement's strip, wherever it lies."""
    start, end = versions.handles(strip)
    trimmed = start - content_start(strip)
    return (trimmed, end - start) == (place.start - place.content_start, place.length)


def timing_of(strip: versions.Strip) -> tuple[float, ...]:
    """Return what decides, besides place and trims, which frames of its files a strip shows; nothing without files.

    That is how many frames are left out before its content, whether it plays backwards, its strobe, and the frames of
    its retiming keys, counted from where its content begins.
    """
    if strip.type not in OF_FILES:
        return ()
    begins = content_start(strip)
    keys = sorted(float(key.timeline_frame - begins) for key in getattr(strip, "retiming_keys", ()))
    return float(versions.source_offset(strip)), float(strip.use_reverse_frames), float(strip.strobe), *keys


def is_timed_alike(strip: versions.Strip, place: Placement) -> bool:
    """Return whether a strip still shows the frames that were matted for it, as far as the placement tells."""
    if not place.timing:
        return True
    left_out, backwards, strobe, *keys = timing_of(strip)
    was_left_out, was_backwards, was_strobe, *earlier = place.timing
    if (left_out, backwards, strobe) != (was_left_out, was_backwards, was_strobe) or bool(keys) != bool(earlier):
        return False
    return set(earlier) <= set(keys) and _has_its_rate(strip, place)  # a cut adds keys, which change nothing shown


def _has_its_rate(strip: versions.Strip, place: Placement) -> bool:
    """Return whether the timeline of a movie strip still has the placement's rate, by which movies may play."""
    render = strip.id_data.render
    return strip.type != "MOVIE" or not place.fps or isclose(render.fps / render.fps_base, place.fps)


def first_matted(source: versions.Strip, place: Placement) -> int:
    """Return the timeline frame of the first matted frame, wherever the source was moved since."""
    moved = 0 if _is_trimmed_on_the_left(source, place) else content_start(source) - place.content_start
    return place.start - place.before + moved


def lying_apart(
    scene: bpy.types.Scene, source: versions.Strip, parts: Sequence[versions.Strip], place: Placement
) -> list[versions.Strip]:
    """Return the strips that show frames to be matted that the source's remaining `parts` do not show.

    They may have been cut off the source and moved. A strip that shows frames of `parts`, too, was not cut off.
    """
    start = place.start - place.content_start + int(place.timing[0] if place.timing else _left_out(source))
    kept = set().union(*map(_trim, parts))
    lost = set(range(start, start + place.length)) - kept
    every = versions.all_strips(scene.sequence_editor) if lost else ()
    others = [strip for strip in every if strip not in (*parts, source) and shows_the_same(strip, source)]
    return [strip for strip in others if not lost.isdisjoint(_trim(strip)) and kept.isdisjoint(_trim(strip))]


def _trim(strip: versions.Strip) -> range:
    """Return which timeline frames of its files a strip shows, counted from the first one's.

    What a hard cut leaves out before the content counts, too, as if each took one frame of the timeline.
    """
    start, end = versions.handles(strip)
    first = content_start(strip) - _left_out(strip)
    return range(start - first, end - first)


def _left_out(strip: versions.Strip) -> int:
    """Return how many frames of its files a strip leaves out before its content."""
    return versions.source_offset(strip) if strip.type in OF_FILES else 0


def free_channel(editor: bpy.types.SequenceEditor, strip: versions.Strip, start: int, end: int) -> int | None:
    """Return the lowest channel above `strip` that is free from `start` to `end` - 1, and neither locked nor muted."""
    spans = [(other.channel, *versions.handles(other)) for other in versions.siblings(editor, strip)]
    taken = {channel for channel, first, last in spans if first < end and start < last}
    channels = versions.channels(editor, strip)
    for channel in range(strip.channel + 1, _LAST_CHANNEL + 1):
        if channel not in taken and not (channels[channel].lock or channels[channel].mute):
            return channel
    return None
