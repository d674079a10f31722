"""What is heard under a strip's frames, and which sound strips are its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import probes, versions
from .sources import absolute, source_file


@dataclass(frozen=True)
class Soundtrack:
    """Where a strip's sound comes from; by default it has none."""

    file: str = ""
    """The movie whose sound it is."""
    begins: float = 0.0
    """The timeline frame at which that file's time is nought; its sound plays at its own speed from there, as Blender
    plays the sound strip that it adds with a movie."""
    inside: bool = False
    """Whether it is what strips in the project make: in a meta strip or scene, or beside a retimed movie."""


SILENCE = Soundtrack()


def of_strip(strip: versions.Strip, fps: float) -> Soundtrack:
    """Return what is heard under a strip, on a timeline of `fps` frames per second.

    Pictures have no sound, nor have effects. A movie that plays backwards has none either: Blender reverses no sound.
    """
    if strip.type in ("META", "SCENE"):
        return Soundtrack(inside=True)
    if strip.type != "MOVIE" or strip.use_reverse_frames:
        return SILENCE
    if len(strip.retiming_keys) > 0:
        return Soundtrack(inside=True)
    left_out = versions.source_offset(strip) / probes.frame_rate(strip)
    return Soundtrack(source_file(strip), versions.content_start(strip) - left_out * fps)


def sounds_of(strip: versions.Strip, others: Iterable[versions.Strip]) -> Iterator[versions.Strip]:
    """Yield the sound strips of `others` that belong to a movie strip: same file, same place on the timeline.

    Of a movie that was cut in two, each part has its own.
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
            and versions.handles(other)[0] < end
            and start < versions.handles(other)[1]
        ):
            yield other
