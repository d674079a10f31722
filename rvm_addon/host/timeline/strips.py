"""Strips become jobs: which frames of which files a strip shows."""

import contextlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import bpy

from ...engine.contract.files import is_file, stamps
from ...engine.contract.spec import JobSpec, Source, SourceKind
from ...jobs.claims import file_stem
from ..background import rendering
from ..blender import versions
from ..blender.paths import absolute
from ..settings.properties import Settings
from ..strip import probes, soundtrack
from ..strip.mapping import MovieTiming
from ..strip.placements import Placement, StripUnsuitable, free_channel, timing_of
from ..strip.sources import OF_FILES, WITH_CONTENT, content_start, source_file

FRAMES_FOLDER = "frames"
"""The name of the folder, in a job's folder, that holds the frames."""
_SLOWER = 4
"""The least number of timeline frames that one source frame fills in the copy of `_source_duration`."""
_TRIAL_FPS = 24000

_tried: dict[tuple[str, float], dict[str, int]] | None = None
"""Inside a `tried_together`: what `_durations_at` returned, by the scene's name and the rate."""


def job_spec(
    scene: bpy.types.Scene, strip: versions.Strip, settings: Settings, extent: versions.Span | None = None
) -> tuple[JobSpec, Placement]:
    """Describe the job that mattes `strip`, and where its result will go.

    The strip is matted from its start to its end, or over `extent` if given, which also covers other pieces of it.

    Raises:
        StripUnsuitable: the strip cannot be matted; says why.
    """
    extent = extent or versions.handles(strip)
    if free_channel(scene.sequence_editor, strip, *extent) is None:
        reason = "has no free channel above it; move it down, or unlock or unmute a channel above it"
        raise StripUnsuitable(strip.name, reason)
    _check_files(strip)
    stem = file_stem(Path(source_file(strip)).stem if strip.type in OF_FILES else strip.name)
    frames = matted_frames(strip, settings.handles, *extent)
    if rendering.is_needed(strip, settings.look.format):
        source, shown = rendering.rendered_source(stem, len(frames)), tuple(range(len(frames)))
    elif strip.type == "MOVIE":
        source, shown = _movie(scene, strip, frames)
    else:
        source, shown = _images(strip, frames)
    place = _placement(scene, strip, settings, extent, shown, extent.start - frames.start)
    if source.sequence and len(source.paths) == 1:
        place = replace(place, still=True, before=0)  # one picture, however long it is shown, has no handles
    return _spec(strip, settings, source, stem), place


def _spec(strip: versions.Strip, settings: Settings, source: Source, stem: str) -> JobSpec:
    """Return the job that mattes a strip's source with these settings; its files are named after `stem`."""
    return JobSpec(
        name=strip.name,
        # A mask strip's alpha differs from one render to the next, so the strip is treated as opaque.
        source=replace(source, use_alpha=settings.use_alpha and strip.type != "MASK"),
        output=FRAMES_FOLDER,
        stem=stem,
        model=str(settings.model),
        model_stamp=settings.model_stamp,
        look=settings.look,
        ratio=settings.ratio,
        working_side=settings.working_side,
        threads=settings.threads,
        device=settings.device,
        raw_limit=settings.raw_limit,
    )


def _placement(
    scene: bpy.types.Scene,
    strip: versions.Strip,
    settings: Settings,
    extent: versions.Span,
    shown: tuple[int, ...],
    before: int,
) -> Placement:
    """Return where a strip's result goes: over `extent`, showing these source frames, `before` of them ahead of it."""
    fps = scene.render.fps / scene.render.fps_base
    return Placement(
        scene=scene.name,
        strip=strip.name,
        file=source_file(strip),
        content_start=content_start(strip),
        start=extent.start,
        shown=shown,
        before=before,
        length=extent.end - extent.start,
        keep_source=settings.keep_source,
        movie=settings.movie,
        fps=fps,
        sound=soundtrack.of_strip(strip, fps),
        timing=timing_of(strip),
    )


def shared_jobs(wanted: Iterable[tuple[JobSpec, Placement]]) -> list[tuple[JobSpec, list[Placement]]]:
    """Merge the jobs of strips that show the same files in the same way into one, over the frames of all of them."""
    alike: dict[JobSpec, list[tuple[JobSpec, Placement]]] = defaultdict(list)
    for spec, place in wanted:
        alike[spec.recipe if spec.reusable else spec].append((spec, place))
    return [(_over_all([spec for spec, _ in group]), [place for _, place in group]) for group in alike.values()]


def _over_all(specs: list[JobSpec]) -> JobSpec:
    """Return one job that makes the frames of several jobs with the same recipe."""
    first = specs[0]
    if len(specs) == 1:
        return first
    frames = {frame for spec in specs for frame in spec.source.frames or ()}
    name = f"{Path(first.source.paths[0]).name} ({len(specs)} strips)"
    return replace(first, name=name, source=replace(first.source, frames=tuple(sorted(frames))))


def _check_files(strip: versions.Strip) -> None:
    """Raise StripUnsuitable if a file that the strip shows is missing, or Blender cannot read it.

    Of pictures, only the first is read, which takes as long as decoding it. That is skipped if Blender knew the size
    when the strip was made and OpenCV will read the file: if it cannot, the job says so. Otherwise the size that the
    strip remembers is not enough, for it may be that of another file.
    """
    if strip.type == "MOVIE":
        if not is_file(source_file(strip)):
            raise StripUnsuitable(strip.name, f"plays a file that was not found: “{source_file(strip)}”")
        if probes.frame_rate(strip) <= 0:
            raise StripUnsuitable(strip.name, f"plays a file that Blender cannot read: “{source_file(strip)}”")
    elif strip.type == "IMAGE":
        folder = Path(absolute(strip.directory))
        names = {strip.strip_elem_from_frame(frame).filename for frame in range(*versions.handles(strip))}
        for name in sorted(names):
            if not is_file(folder / name):
                raise StripUnsuitable(strip.name, f"shows a file that was not found: “{folder / name}”")
        first = strip.elements[0]
        is_plain = first.orig_width and Path(first.filename).suffix.lower() in rendering.READ_AS_THEY_ARE
        if first.filename in names and not is_plain and not all(probes.size(strip)):
            raise StripUnsuitable(strip.name, f"shows a file that Blender cannot read: “{folder / first.filename}”")


def matted_frames(strip: versions.Strip, handles: int, start: int, end: int) -> range:
    """Return the timeline frames `start` to `end` - 1 of a strip, and up to `handles` more on each side.

    These additional frames do not reach beyond the strip's content.
    """
    if strip.type not in WITH_CONTENT:
        return range(start, end)
    first = versions.content_start(strip)
    last = first + versions.content_duration(strip)
    return range(min(start, max(start - handles, first)), max(end, min(end + handles, last)))


def _movie(scene: bpy.types.Scene, strip: versions.Strip, frames: range) -> tuple[Source, tuple[int, ...]]:
    """Return a movie strip's source, and the source frame of each timeline frame."""
    timing = movie_timing(scene, strip)
    shown = tuple(timing.source_frame(frame) for frame in frames)
    paths = (source_file(strip),)
    source = Source(
        SourceKind.MOVIE,
        paths,
        frames=tuple(sorted(set(shown))),
        fps=probes.frame_rate(strip),
        clock=probes.clock(paths[0]),
        upright=versions.TURNS_MOVIES_UPRIGHT,
        stamps=stamps(paths),
    )
    return source, shown


def _images(strip: versions.Strip, frames: range) -> tuple[Source, tuple[int, ...]]:
    """Return an image strip's source (its distinct files), and the file's number for each timeline frame."""
    folder = Path(absolute(strip.directory))
    names = tuple(dict.fromkeys(element.filename for element in strip.elements))
    number = {name: index for index, name in enumerate(names)}
    shown = tuple(number[strip.strip_elem_from_frame(frame).filename] for frame in frames)
    used = tuple(sorted(set(shown)))
    if len(names) == 1:
        shown = shown[:1]  # a still is one picture, however long it is shown
    paths = tuple(str(folder / name) for name in names)
    return Source(SourceKind.IMAGES, paths, used, upright=False, sequence=True, stamps=stamps(paths)), shown


def movie_timing(scene: bpy.types.Scene, strip: versions.Strip) -> MovieTiming:
    """Return the timing that decides which frames a movie strip shows."""
    content = versions.content_duration(strip)
    rate = probes.frame_rate(strip) * scene.render.fps_base / scene.render.fps
    source = content if rate == 1.0 else _source_duration(scene, strip, rate)
    return MovieTiming(
        content_start=versions.content_start(strip),
        content=content,
        source=source or content,
        offset=versions.source_offset(strip),
        rate=rate if source else 1.0,
        reverse=strip.use_reverse_frames,
        strobe=strip.strobe,
    )


def _source_duration(scene: bpy.types.Scene, strip: versions.Strip, rate: float) -> int:
    """Return how many source frames a strip's content has if the strip adjusts its playback rate; 0 if it does not.

    No property tells whether it does, nor the number of source frames if it does. So a copy of the scene gets such a
    high rate that each source frame lasts `slowness` timeline frames: Blender rounds the content's length down, but
    this length still tells the number. The scene itself must not be used: to change its rate, even temporarily, moves
    trimmed sound strips permanently by a frame or more.
    """
    slowness = math.ceil(_SLOWER / min(rate, 1.0))
    slow = probes.frame_rate(strip) * slowness
    tried = {} if _tried is None else _tried
    if (scene.name, slow) not in tried:
        tried[scene.name, slow] = _durations_at(scene, slow)
    slowed = tried[scene.name, slow][strip.name]
    return 0 if slowed == versions.content_duration(strip) else round(slowed / slowness)


def _durations_at(scene: bpy.types.Scene, fps: float) -> dict[str, int]:
    """Return how long the content of each movie strip of a scene would be, by its name, if the scene had this rate."""
    trial = scene.copy()
    try:
        trial.render.fps, trial.render.fps_base = _TRIAL_FPS, _TRIAL_FPS / fps
        every = versions.all_strips(trial.sequence_editor)
        return {strip.name: versions.content_duration(strip) for strip in every if strip.type == "MOVIE"}
    finally:
        bpy.data.scenes.remove(trial)


@contextlib.contextmanager
def tried_together() -> Iterator[None]:
    """Try each rate only once inside the block, in which no strip changes: there may be hundreds of strips to copy."""
    global _tried  # noqa: PLW0603  # it ends with the block
    _tried = {}
    try:
        yield
    finally:
        _tried = None
