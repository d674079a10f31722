"""Strips become jobs, and jobs become strips."""

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.errors import MattingError
from ..engine.spec import JobSpec, Source, SourceKind
from ..jobs.job import JOB_FILE
from . import versions
from .mapping import MovieTiming
from .movies import temporary_scene
from .properties import Settings

FRAMES_FOLDER = "frames"
_LAST_CHANNEL = 128
_LOOK = (
    "blend_alpha",
    "use_flip_x",
    "use_flip_y",
    "color_multiply",
    "color_saturation",
    "color_tag",
    "multiply_alpha",
    "use_float",
)
_TRANSFORM = ("offset_x", "offset_y", "scale_x", "scale_y", "rotation", "origin", "filter")
_CROP = ("min_x", "max_x", "min_y", "max_y")
_COVERING = frozenset({"REPLACE", "CROSS"})
"""Blend types that hide what lies below, which a cut-out is there to show."""


class StripUnsuitable(MattingError):
    """A strip that cannot be matted, named with the reason."""

    def __init__(self, name: str, reason: str) -> None:
        """Remember which strip and why."""
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        """Say which strip, and why."""
        return f"“{self.name}” {self.reason}"


@dataclass(frozen=True)
class Placement:
    """Where a job's result goes, in names and numbers: references to strips do not outlast an undo."""

    scene: str
    strip: str
    content_start: int
    """Of the source strip when the job was made; it tells later how far the strip was moved."""
    start: int
    """The first timeline frame of the result."""
    shown: tuple[int, ...]
    """For each timeline frame of the result, the source frame that shows. A still has one entry."""
    length: int
    """How many timeline frames the result fills."""
    keep_source: bool


def job_spec(scene: bpy.types.Scene, strip: versions.Strip, settings: Settings) -> tuple[JobSpec, Placement]:
    """Describe the job that mattes `strip`, and where its result will go.

    Raises:
        StripUnsuitable: the strip cannot be matted; says why.
    """
    start, end = versions.handles(strip)
    if strip.type == "MOVIE":
        source, shown = _movie(scene, strip, range(start, end))
    elif strip.type == "IMAGE":
        source, shown = _images(strip, range(start, end))
    else:
        raise StripUnsuitable(strip.name, "is neither a movie nor a picture")
    spec = JobSpec(
        name=strip.name,
        source=source,
        output=FRAMES_FOLDER,
        stem=file_stem(Path(source.paths[0]).stem),
        model=str(settings.model),
        result=settings.result,
        background=settings.background,
        ratio=settings.ratio,
        working_side=settings.working_side,
    )
    place = Placement(
        scene.name, strip.name, versions.content_start(strip), start, shown, end - start, settings.keep_source
    )
    return spec, place


def is_result(strip: versions.Strip) -> bool:
    """Return whether a strip shows the frames of a job: its job lies beside them."""
    return strip.type == "IMAGE" and (Path(bpy.path.abspath(strip.directory)).parent / JOB_FILE).is_file()


def find(place: Placement) -> tuple[bpy.types.Scene, versions.Strip] | None:
    """Return scene and source strip of a placement, or None if they are gone or were renamed."""
    scene = bpy.data.scenes.get(place.scene)
    if scene is None or scene.sequence_editor is None:
        return None
    strip = versions.all_strips(scene.sequence_editor).get(place.strip)
    return None if strip is None else (scene, strip)


def insert_result(spec: JobSpec, folder: Path, place: Placement) -> versions.Strip:
    """Put the frames in `folder` above their source as a new strip that looks and lies like it, and mute the source.

    Raises:
        StripUnsuitable: the source strip is gone, or every channel above it is taken.
    """
    found = find(place)
    if found is None:
        raise StripUnsuitable(place.strip, f"is gone or was renamed; its frames are in “{folder}”")
    scene, source = found
    start = place.start + versions.content_start(source) - place.content_start
    channel = _free_channel(scene.sequence_editor, source, start, start + place.length)
    if channel is None:
        raise StripUnsuitable(place.strip, f"has no free channel above it; its frames are in “{folder}”")
    names = [spec.file_name(frame) for frame in place.shown]
    result = versions.siblings(scene.sequence_editor, source).new_image(
        name=f"{source.name} matte", filepath=str(folder / names[0]), channel=channel, frame_start=start
    )
    for name in names[1:]:
        result.elements.append(name)
    if len(names) == 1:
        versions.set_right_handle(result, start + place.length)
    result.directory = _as_user_prefers(folder)
    result.select = False  # the user goes on with what is selected
    _copy_look(source, result)
    source.mute = source.mute or not place.keep_source
    sounds = list(versions.sounds_of(source, versions.siblings(scene.sequence_editor, source)))
    if sounds:
        versions.connect(scene, [source, result, *sounds])
    return result


def file_stem(name: str) -> str:
    """Return `name` as a file name that every system accepts: letters of any script stay."""
    kept = "".join(c if c.isalnum() or c in " ._-+()" else "_" for c in name).strip(" .")
    return kept or "strip"


def _movie(scene: bpy.types.Scene, strip: versions.Strip, frames: range) -> tuple[Source, tuple[int, ...]]:
    """Return a movie strip's source, and the source frame of each timeline frame."""
    if len(strip.retiming_keys) > 0:
        raise StripUnsuitable(strip.name, "is retimed; render it to a movie first, or take its speed changes away")
    path = Path(bpy.path.abspath(strip.filepath))
    if not path.is_file():
        raise StripUnsuitable(strip.name, f"plays a file that was not found: “{path}”")
    fps = strip.fps  # Blender opens the file each time that it is asked
    if fps <= 0:
        raise StripUnsuitable(strip.name, f"plays a file that Blender cannot read: “{path}”")
    timing = movie_timing(scene, strip)
    shown = tuple(timing.source_frame(frame) for frame in frames)
    return Source(SourceKind.MOVIE, (str(path),), tuple(sorted(set(shown))), fps, upright=True), shown


def _images(strip: versions.Strip, frames: range) -> tuple[Source, tuple[int, ...]]:
    """Return an image strip's source (its distinct files), and the file's number for each timeline frame."""
    folder = Path(bpy.path.abspath(strip.directory))
    names = tuple(dict.fromkeys(element.filename for element in strip.elements))
    number = {name: index for index, name in enumerate(names)}
    shown = tuple(number[strip.strip_elem_from_frame(frame).filename] for frame in frames)
    used = tuple(sorted(set(shown)))
    for index in used:
        if not (folder / names[index]).is_file():
            raise StripUnsuitable(strip.name, f"shows a file that was not found: “{folder / names[index]}”")
    if len(names) == 1:
        shown = shown[:1]  # a still stays one picture, however long it stands
    return Source(SourceKind.IMAGES, tuple(str(folder / name) for name in names), used, upright=False), shown


def movie_timing(scene: bpy.types.Scene, strip: versions.Strip) -> MovieTiming:
    """Return what decides which frames a movie strip shows."""
    offset = versions.source_offset(strip)
    rate = strip.fps * scene.render.fps_base / scene.render.fps
    return MovieTiming(
        content_start=versions.content_start(strip),
        content=versions.content_duration(strip),
        source=max(_source_length(strip) - offset - versions.source_offset_end(strip), 1),
        offset=offset,
        rate=rate if rate != 1.0 and _adjusts_playback_rate(scene, strip) else 1.0,
        reverse=strip.use_reverse_frames,
        strobe=strip.strobe,
    )


def _adjusts_playback_rate(scene: bpy.types.Scene, strip: versions.Strip) -> bool:
    """Return a movie strip's hidden flag: with it, the content's length follows the scene's frame rate.

    No property shows it, so the rate of a copy of the scene is doubled. Never that of the scene itself: to change it
    and change it back moves trimmed sound strips by a frame or more, for good.
    """
    trial = scene.copy()
    try:
        double = versions.all_strips(trial.sequence_editor)[strip.name]
        before = versions.content_duration(double)
        trial.render.fps = trial.render.fps * 2 if trial.render.fps * 2 <= 32767 else trial.render.fps // 2
        return versions.content_duration(double) != before
    finally:
        bpy.data.scenes.remove(trial)


def _source_length(strip: versions.Strip) -> int:
    """Return how many frames Blender counts in the movie; containers and OpenCV count otherwise."""
    with temporary_scene("rvm_matting probe") as scene:
        probe = versions.top_strips(scene.sequence_editor_create()).new_movie(
            name="probe", filepath=bpy.path.abspath(strip.filepath), channel=1, frame_start=1
        )
        return versions.content_duration(probe)


def _free_channel(editor: bpy.types.SequenceEditor, strip: versions.Strip, start: int, end: int) -> int | None:
    """Return the lowest channel above `strip` that is not locked and free from `start` to `end` - 1."""
    spans = [(other.channel, *versions.handles(other)) for other in versions.siblings(editor, strip)]
    taken = {channel for channel, first, last in spans if first < end and start < last}
    locked = versions.channels(editor, strip)
    for channel in range(strip.channel + 1, _LAST_CHANNEL + 1):
        if channel not in taken and not locked[channel].lock:
            return channel
    return None


def _copy_look(source: versions.Strip, result: versions.Strip) -> None:
    """Give the result the source's transform, crop, flips, blend and colour."""
    for name in _LOOK:
        setattr(result, name, getattr(source, name))
    for name in _TRANSFORM:
        setattr(result.transform, name, getattr(source.transform, name))
    for name in _CROP:
        setattr(result.crop, name, getattr(source.crop, name))
    result.blend_type = "ALPHA_OVER" if source.blend_type in _COVERING else source.blend_type
    result.colorspace_settings.name = source.colorspace_settings.name


def _as_user_prefers(folder: Path) -> str:
    """Return the folder as Blender writes it: relative to the .blend where the user wants that and it can be."""
    path = f"{folder}/"
    if not (bpy.data.is_saved and bpy.context.preferences.filepaths.use_relative_paths):
        return path
    try:
        return bpy.path.relpath(path)
    except ValueError:  # another drive, on Windows
        return path
