"""The sound that belongs to a strip's frames, and the sound strips that belong to the strip."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..blender import versions
from ..blender.paths import absolute
from . import probes
from .sources import source_file


@dataclass(frozen=True)
class Soundtrack:
    """Where a strip's sound comes from; by default it has none."""

    file: str = ""
    """The movie whose sound it is."""
    begins: float = 0.0
    """The timeline frame at which that file's time is zero. From there, its sound plays at its own speed, like the
    sound strip that Blender adds with a movie."""
    inside: bool = False
    """Whether strips in the project make the sound: in a meta strip or scene, or beside a retimed movie."""


SILENCE = Soundtrack()


def of_strip(strip: versions.Strip, fps: float) -> Soundtrack:
    """Return the soundtrack of a strip on a timeline of `fps` frames per second.

    Pictures and effects have no sound. Neither has a movie that plays backwards, for Blender does not reverse sound.
    """
    if strip.type in ("META", "SCENE"):
        return Soundtrack(inside=True)
    if strip.type != "MOVIE" or strip.use_reverse_frames:
        return SILENCE
    if len(strip.retiming_keys) > 0:
        return Soundtrack(inside=True)
    left_out = versions.source_offset(strip) / probes.frame_rate(strip)
    return Soundtrack(source_file(strip), versions.content_start(strip) - left_out * fps)


def carries_sound(strip: versions.Strip, within: frozenset[str] = frozenset()) -> bool:
    """Return whether a strip, or anything inside it, makes sound; it lies `within` these scenes, by name.

    Blender lets a scene show itself, directly or through others.
    """
    if strip.type == "META":
        return any(carries_sound(child, within) for child in versions.children(strip))
    if strip.type != "SCENE" or strip.scene is None:
        return bool(strip.type == "SOUND")
    if strip.scene.name in within:
        return False
    if any(thing.type == "SPEAKER" for thing in strip.scene.objects):
        return True
    editor, around = strip.scene.sequence_editor, within | {strip.scene.name}
    return editor is not None and any(carries_sound(one, around) for one in versions.top_strips(editor))


def sounds_of(strip: versions.Strip, others: Iterable[versions.Strip]) -> Iterator[versions.Strip]:
    """Yield the sound strips of `others` that belong to a movie strip: same file, same place on the timeline.

    If a movie was cut in two, each part has its own sound strips.
    """
    if strip.type != "MOVIE":
        return
    file = absolute(strip.filepath)
    start, end = versions.handles(strip)
    for other in others:
        if (
            other.type == "SOUND"
            and other.sound is not None
            and absolute(other.sound.filepath) == file
            and versions.content_start(other) == versions.content_start(strip)
            and versions.handles(other).start < end
            and start < versions.handles(other).end
        ):
            yield other
