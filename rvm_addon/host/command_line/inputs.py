"""The command line's inputs as jobs: where each result goes, and a guard against overwriting the user's files."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from ...engine.contract.clips import frame_numbers
from ...engine.contract.errors import SourceRefused, SourceUnreadable, SpecError, check_source
from ...engine.contract.events import Finished, last_event
from ...engine.contract.files import exists, is_file, is_folder, names_in, stamps
from ...engine.contract.outputs import FrameFormat, Look
from ...engine.contract.resume import MEMORY_FILE
from ...engine.contract.spec import JobSpec, Source, SourceKind, composed, is_image, is_movie
from ...engine.contract.weights import identity
from ..background import movies
from ..blender.encoders import ENCODERS, MovieFormat
from ..strip import codecs, interlacing
from . import earlier
from .earlier import Origin, Target

JOBS_FOLDER = ".rvm_matting"
"""The folder inside the output folder that holds each input's job.json, events.jsonl and worker.log."""
_NUMBERED = re.compile(r"_(\d{6,})\.[^.]*$")
"""How the name of a movie's frame ends."""
_IN_FLIGHT = 8
"""How far apart neighbouring frames of an interrupted run can be, plus one or two: several are written at a time."""


@dataclass(frozen=True)
class Request:
    """What the command line asks of every input."""

    inputs: tuple[Path, ...]
    output: Path
    """Absolute."""
    look: Look
    small_pictures: bool
    """Whether pictures over a background become JPEG, whatever the look's format."""
    model: Path
    """Absolute."""
    ratio: float | None
    device: str
    """A word of `spec.DEVICES`, or a plugin's absolute path."""
    movie: MovieFormat | None
    """The format in which each movie's result is written as a movie, too; None for frames only."""
    use_alpha: bool
    """Whether transparent parts of a picture stay transparent."""
    overwrite: bool
    """Whether results of the same input with other settings may be replaced."""


@dataclass(frozen=True)
class Input:
    """One input and the name of its result."""

    path: Path
    """Absolute."""
    name: str
    """The result's name; no other input of the call has it."""


def distinct(given: Sequence[Path]) -> Iterator[Input]:
    """Yield each input with a name of its own: two files of one name get two.

    No name ends in a blank or a dot: Windows makes the folder without it, and then does not find what lies in it.
    """
    taken: set[str] = set()
    for each in given:
        # resolve() would follow links and lose the user's name
        path = on_its_drive(os.path.abspath(each))  # noqa: PTH100
        stem = composed(path.name if is_folder(path) else path.stem).rstrip(" .") or "input"
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        yield Input(path, name)


def on_its_drive(path: str | Path) -> Path:
    """Return an absolute path with its drive's letter in capitals.

    Whoever goes to `d:` on Windows gets that for a working directory; what a command made there would not be known to
    be the same input's on `D:`.
    """
    drive, rest = os.path.splitdrive(path)
    return Path(f"{drive.upper() if len(drive) == 2 else drive}{rest}")  # a longer one names a server


def job_of(one: Input, request: Request) -> tuple[JobSpec, Path]:
    """Describe an input's job, and return it with the job's folder. A movie or a folder gets a folder of frames.

    Raises:
        SourceMissing, SourceUnreadable: the input is not there, cannot be read, or is nothing that can be matted.
        SpecError: the result would overwrite the user's files, or what an earlier run made of another input; the
            backdrop is interlaced; or Blender could not write the movie to the output folder.
    """
    interlacing.check_backdrop(request.look)
    source = _source(one.path, request)
    single = source.kind is SourceKind.IMAGES and not is_folder(one.path)
    is_lone = len(source.paths) == 1 and source.kind is SourceKind.IMAGES and not single  # it keeps its name, too
    small = request.small_pictures and source.kind is SourceKind.IMAGES and request.look.result.holds_background
    look = replace(request.look, format=FrameFormat.JPEG) if small else request.look
    spec = JobSpec(
        name=one.path.name,
        source=source,
        output=str(request.output if single else request.output / one.name),
        stem=Path(source.paths[0]).stem if is_lone else one.name,
        model=str(request.model),
        model_stamp=identity(request.model),
        look=look,
        ratio=request.ratio,
        device=request.device,
    )
    folder = request.output / JOBS_FOLDER / one.name
    guard(spec, folder, request)
    return spec, folder


def movie_target(name: str, request: Request) -> Path | None:
    """Return the path of the movie of a result of this name; None if no movie is asked for."""
    return None if request.movie is None else request.output / f"{name}{ENCODERS[request.movie].suffix}"


def _source(path: Path, request: Request) -> Source:
    """Return the source that an input's name stands for: a movie, a picture, or a folder of pictures."""
    if is_folder(path):
        pictures = sorted(str(file) for file in _files_in(path) if _is_picture(file))
        if not pictures:
            raise SourceUnreadable(path, "there are no pictures in this folder")
        if numbers := frame_numbers(pictures):
            pictures = [picture for _, picture in sorted(zip(numbers, pictures, strict=True))]
        return _pictures(pictures, request)
    check_source(path)
    if is_image(path):
        return _pictures([str(path)], request)
    if not is_movie(path):
        raise SourceUnreadable(path, "its name ends like neither a movie nor a picture")
    if not _is_text(path):  # OpenCV and Blender, which get names as UTF-8, fall over such a one
        raise SourceUnreadable(path, "its name is not valid text; rename it")
    if interlacing.may_be(path):
        raise SourceUnreadable(path, "it is interlaced; put it on a timeline, or deinterlace it first")
    return _movie(path, request)


def _movie(path: Path, request: Request) -> Source:
    """Return the source that a movie is.

    Its frames are counted as they are decoded. If its result becomes a movie again, they are counted by time, one for
    each frame that Blender plays, so that a variable frame rate stays in sync with the sound.
    """
    if request.movie:
        if not _is_text(request.output):  # Blender writes the movie
            raise SpecError("output", f"the name of “{request.output}” is not valid text; choose another folder")
        length, rate, clock = movies.length(path), movies.frame_rate(path), codecs.clock(path)
        if not rate:  # as of raw streams, and of Matroska without a duration, which OpenCV can read
            reason = "Blender finds no frame rate in it for the movie; without --movie, its frames may be made"
            raise SourceUnreadable(path, reason)
        if length > 1:
            source = Source(SourceKind.MOVIE, (str(path),), tuple(range(length)), rate, clock, may_end_early=True)
            return replace(source, stamps=stamps([str(path)]))
    return Source(SourceKind.MOVIE, (str(path),), stamps=stamps([str(path)]))


def _pictures(paths: Sequence[str], request: Request) -> Source:
    """Return the source that consists of these pictures, one per frame."""
    frames = tuple(range(len(paths)))
    return Source(SourceKind.IMAGES, tuple(paths), frames, use_alpha=request.use_alpha, stamps=stamps(paths))


def take_up(spec: JobSpec, folder: Path, request: Request) -> tuple[JobSpec, bool]:
    """Prepare a job's folder for a command; return the job to run, and whether it goes on from earlier frames.

    The saved recurrent state belongs to the last run in the folder. It is deleted unless that run was of this very
    command and the job goes on from its frames. If that run has finished, its frame count completes the job of a movie.

    Raises:
        SpecError: among the frames there are files that no run has made.
        OSError: the folder refuses.
    """
    goes_on = _goes_on(spec, folder, request)
    is_last = goes_on and _last_run(folder) == _run(spec)
    if not is_last:
        (folder / MEMORY_FILE).unlink(missing_ok=True)
    if not goes_on:
        return spec, False
    word = last_event(folder) if is_last else None
    if isinstance(word, Finished) and word.frames and spec.source.kind is SourceKind.MOVIE:
        spec = replace(spec, source=replace(spec.source, frames=tuple(range(word.frames))))
    if (stray := _stray(spec, ended=isinstance(word, Finished))) is not None:
        found = f"“{stray}” is there already, and no run is known to have made it of this input"
        raise SpecError("output", f"{found}; choose another folder, or add --overwrite to make all frames anew")
    return spec, True


def _goes_on(spec: JobSpec, folder: Path, request: Request) -> bool:
    """Return whether a job goes on from the existing frames: the very same command made all, and may keep them."""
    noted = earlier.made(folder)
    frames = [target for target in targets_of(spec, request) if not target.is_movie and target.there]
    same = bool(frames) and all(noted.get(target.name) == target.origin for target in frames)
    return same and not request.overwrite


def _stray(spec: JobSpec, *, ended: bool) -> Path | None:
    """Return a file with a frame's name that no run of a command can have made; None where there is none.

    Such a file has a number behind the last wanted frame or, unless the run has `ended`, behind too large a gap: a run
    makes its frames in order. Pictures may have gaps, where some are too small or cannot be read.
    """
    ended = ended or spec.source.kind is SourceKind.IMAGES
    output, wanted = Path(spec.output), spec.source.frames
    names = names_in(output)
    if spec.source.kind is SourceKind.MOVIE:
        there = sorted(frame for frame in map(spec.frame_of, names) if frame is not None)
    else:
        there = [frame for frame in wanted or () if spec.file_name(frame) in names]
    for before, frame in pairwise([-1, *there]):
        if (wanted is not None and frame > wanted[-1]) or (not ended and frame - before > _IN_FLIGHT):
            return output / spec.file_name(frame)
    return None


def _is_picture(file: Path) -> bool:
    """Return whether a file is a picture and not hidden; macOS puts hidden ones beside files on foreign drives.

    So is a link that leads nowhere, as where a drive is away: left out, it would be a silent hole in a clip.
    """
    return is_image(file) and not file.name.startswith(".") and (is_file(file) or not exists(file))


def targets_of(spec: JobSpec, request: Request) -> list[Target]:
    """Return what a job writes: its frames, and the movie that is made of them."""
    output, paths, settings, run = Path(spec.output), spec.source.paths, _settings(spec), _run(spec)
    if spec.source.kind is not SourceKind.MOVIE:
        named = ((output / spec.file_name(frame), Origin(path, settings, run)) for frame, path in enumerate(paths))
        return [_target(path, origin, request) for path, origin in named]
    names = names_in(output)
    there = tuple(output / name for name in sorted(names) if _is_frame(spec, name, names))
    name = output / f"{spec.stem}_%06d{spec.look.format.suffix}"
    frames = replace(_target(name, Origin(paths[0], settings, run), request), there=there)
    movie = movie_target(spec.stem, request)
    if movie is None:
        return [frames]
    made_so = Origin(paths[0], f"{settings} {request.movie}", run)
    return [frames, replace(_target(movie, made_so, request), is_movie=True)]


def _is_frame(spec: JobSpec, name: str, names: frozenset[str]) -> bool:
    """Return whether a file takes the place of a frame of a movie; `names` are all names in the output folder.

    On a drive that ignores case, that may be a frame of another clip whose name differs in case only.
    """
    if spec.frame_of(name) is not None:
        return True
    numbered = _NUMBERED.search(name)
    own = spec.file_name(int(numbered[1]) - 1) if numbered else ""
    if own.casefold() != name.casefold() or own in names:
        return False
    output = Path(spec.output)
    try:
        return os.path.samefile(output / own, output / name)  # noqa: PTH121  # it reads as it is meant
    except OSError:
        return False


def _target(path: Path, origin: Origin, request: Request) -> Target:
    """Return the target for one file that a job writes."""
    name = path.relative_to(request.output).as_posix()
    return Target(name, origin, (path,) if path.exists() else ())


def _settings(spec: JobSpec) -> str:
    """Return a digest of a job's settings, in 64 characters, without its input; the model counts by its file name."""
    source = Source(spec.source.kind, (), use_alpha=spec.source.use_alpha)
    return replace(spec, source=source, model=Path(spec.model).name, model_stamp="").recipe_digest


def _run(spec: JobSpec) -> str:
    """Return a digest of a command, in 64 characters: of its settings and the stamps of the files that it reads.

    The frame numbers follow from the files, and are no part of it: a movie may end before its container does.
    """
    asked = replace(spec, source=replace(spec.source, frames=None))
    behind = stamps([spec.look.backdrop]) if spec.look.backdrop else ()
    return hashlib.sha256(f"{asked.to_json()}{behind}".encode()).hexdigest()


def _last_run(folder: Path) -> str:
    """Return the digest (`_run`) of the last command that began in a job's folder; "" where it is not known."""
    try:
        return _run(JobSpec.read(folder))
    except (OSError, ValueError, SpecError):
        return ""


def guard(spec: JobSpec, folder: Path, request: Request) -> None:
    """Raise SpecError where a result would replace an input, or a file that no earlier run made of the same input.

    A file that was made with other settings is refused, too, unless the request says to overwrite. So are results
    among the pictures of an input folder, which the next run would take for inputs.
    """
    if any(is_folder(path) and _are_same(path, spec.output) for path in request.inputs):
        found = f"“{spec.output}” is one of the inputs, and the next run would matte the results"
        raise SpecError("output", f"{found}; choose another folder")
    made, inputs = earlier.made(folder), set(_inputs(request))
    for target in targets_of(spec, request):
        for path in (request.output / target.name, *target.there):
            if os.path.realpath(path) in inputs:
                raise SpecError("output", f"“{path}” is one of the inputs; choose another folder")
        for path in target.there:
            known = made.get(target.name)
            if known is None or known.source != target.origin.source:
                found = f"“{path}” is there already, and no run is known to have made it of this input"
                raise SpecError("output", f"{found}; choose another folder")
            if known.settings not in ("", target.origin.settings) and not request.overwrite:
                found = f"“{path}” was made with other settings"
                raise SpecError("output", f"{found}; choose another folder, or add --overwrite")


def _inputs(request: Request) -> Iterator[str]:
    """Yield the real path of every input file; `Path.resolve` is not used, for it raises where links form a loop.

    A folder that cannot be listed yields nothing: it fails as its own input and must not fail the others.
    """
    for path in request.inputs:
        if not is_folder(path):
            yield os.path.realpath(path)
            continue
        with suppress(SourceRefused):
            yield from (os.path.realpath(file) for file in _files_in(path) if is_image(file))


def _is_text(path: Path) -> bool:
    """Return whether a path can be written in UTF-8; Linux allows any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _are_same(one: Path, other: str) -> bool:
    """Return whether two paths lead to the same folder; False if one of them is not there."""
    try:
        return os.path.samefile(one, other)  # noqa: PTH121  # it reads as it is meant
    except OSError:
        return False


def _files_in(folder: Path) -> list[Path]:
    """Return what lies in an input folder.

    Raises:
        SourceRefused: it cannot be listed.
    """
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise SourceRefused(folder, error) from error
