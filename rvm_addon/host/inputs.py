"""The command line's inputs as jobs: where each result goes, and that nothing of the user's is written over."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..engine.clips import frame_numbers
from ..engine.errors import SourceMissing, SourceUnreadable, SpecError
from ..engine.outputs import FrameFormat, Look
from ..engine.resume import names_in
from ..engine.spec import JobSpec, Source, SourceKind, composed, is_image, is_movie
from ..engine.weights import identity
from . import earlier, movies
from .earlier import Origin
from .encoders import ENCODERS, MovieFormat

JOBS_FOLDER = ".rvm_matting"
"""Inside the output folder: each input's job.json, events.jsonl and worker.log."""
_DIGITS = r"_\d{6}"


@dataclass(frozen=True)
class Request:
    """What the command line asks of every input."""

    inputs: tuple[Path, ...]
    output: Path
    """Absolute."""
    look: Look
    small_pictures: bool
    """Whether pictures without transparency become JPEG, whatever the look's format."""
    model: Path
    """Absolute."""
    ratio: float | None
    device: str
    """A word of `spec.DEVICES`, or a plugin's absolute path."""
    movie: MovieFormat | None
    """As what each movie's result is to be written as a movie, too."""
    use_alpha: bool
    """Whether what is transparent in a picture stays so."""
    overwrite: bool
    """Whether what was made of the same input with other settings may be replaced."""


@dataclass(frozen=True)
class Input:
    """One input and the name of its result."""

    path: Path
    """Absolute."""
    name: str
    """The result's, which no other input of the call has."""


@dataclass(frozen=True)
class Target:
    """What a job writes: a file, or all frames of a movie."""

    name: str
    """Below the output folder; `%06d` stands for the number of a frame."""
    origin: Origin
    """How it is made."""
    there: tuple[Path, ...]
    """The files that have its name already."""
    numbered: bool = False
    """Whether it is all frames of a movie: of more than a run makes, the rest would be left beside its own."""


def distinct(given: Sequence[Path]) -> Iterator[Input]:
    """Yield each input with a name of its own: two files of one name get two."""
    taken: set[str] = set()
    for each in given:
        path = Path(os.path.abspath(each))  # noqa: PTH100  # resolve() would follow links and lose the user's name
        stem = composed(path.name if path.is_dir() else path.stem)
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        yield Input(path, name)


def job_of(one: Input, request: Request) -> tuple[JobSpec, Path]:
    """Describe an input's job, and return it with the job's folder. A movie or a folder gets a folder of frames.

    Raises:
        SourceMissing, SourceUnreadable: the input is not there, or nothing that can be matted.
        SpecError: the result would be written over files of the user's, or what an earlier run made of something else.
    """
    source = _source(one.path, request)
    single = source.kind is SourceKind.IMAGES and not one.path.is_dir()
    small = request.small_pictures and source.kind is SourceKind.IMAGES and request.look.result.holds_background
    look = replace(request.look, format=FrameFormat.JPEG) if small else request.look
    spec = JobSpec(
        name=one.path.name,
        source=source,
        output=str(request.output if single else request.output / one.name),
        stem=one.name,
        model=str(request.model),
        model_stamp=identity(request.model),
        look=look,
        ratio=request.ratio,
        device=request.device,
    )
    folder = request.output / JOBS_FOLDER / one.name
    _guard(spec, folder, request)
    return spec, folder


def movie_target(name: str, request: Request) -> Path | None:
    """Return where a result of this name goes as a movie; None if it becomes none."""
    return request.movie and request.output / f"{name}{ENCODERS[request.movie].suffix}"


def _source(path: Path, request: Request) -> Source:
    """Return what an input holds, told by its name.

    Frames of a movie are counted as they are decoded. Those of one that is to become a movie again are counted by time,
    one for each frame that Blender plays, so that a variable frame rate keeps step with the sound.
    """
    if path.is_dir():
        pictures = sorted(str(file) for file in path.iterdir() if _is_picture(file))
        if not pictures:
            raise SourceUnreadable(path, "there are no pictures in this folder")
        if numbers := frame_numbers(pictures):
            pictures = [picture for _, picture in sorted(zip(numbers, pictures, strict=True))]
        return Source(SourceKind.IMAGES, tuple(pictures), use_alpha=request.use_alpha)
    if not path.is_file():
        raise SourceMissing(path)
    if is_image(path):
        return Source(SourceKind.IMAGES, (str(path),), use_alpha=request.use_alpha)
    if not is_movie(path):
        raise SourceUnreadable(path, "its name ends like neither a movie nor a picture")
    if request.movie and (length := movies.length(path)) > 1:
        return Source(SourceKind.MOVIE, (str(path),), tuple(range(length)), movies.frame_rate(path))
    return Source(SourceKind.MOVIE, (str(path),))


def _is_picture(file: Path) -> bool:
    """Return whether a file in a folder is a picture: not a hidden one, such as macOS lays beside on foreign drives."""
    return is_image(file) and not file.name.startswith(".") and file.is_file()


def targets_of(spec: JobSpec, request: Request) -> list[Target]:
    """Return what a job writes, and what becomes of it."""
    output, paths, settings = Path(spec.output), spec.source.paths, _settings(spec)
    if spec.source.kind is not SourceKind.MOVIE:
        named = ((output / spec.file_name(frame), Origin(path, settings)) for frame, path in enumerate(paths))
        return [_target(path, origin, request) for path, origin in named]
    suffix = spec.look.format.suffix
    pattern = re.compile(re.escape(spec.stem) + _DIGITS + re.escape(suffix))
    there = tuple(output / name for name in sorted(names_in(output)) if pattern.fullmatch(name))
    origin = Origin(paths[0], settings)
    frames = replace(_target(output / f"{spec.stem}_%06d{suffix}", origin, request), there=there, numbered=True)
    movie = movie_target(spec.stem, request)
    return [frames, _target(movie, Origin(paths[0], f"{settings} {request.movie}"), request)] if movie else [frames]


def _target(path: Path, origin: Origin, request: Request) -> Target:
    """Return one file as something that a job writes."""
    name = path.relative_to(request.output).as_posix()
    return Target(name, origin, (path,) if path.exists() else ())


def _settings(spec: JobSpec) -> str:
    """Return what tells a job's settings from others, whatever its input, in 64 characters; the model by its name."""
    source = Source(spec.source.kind, (), use_alpha=spec.source.use_alpha)
    return replace(spec, source=source, model=Path(spec.model).name, model_stamp="").recipe_digest


def _guard(spec: JobSpec, folder: Path, request: Request) -> None:
    """Raise SpecError where a result would take the place of an input, or of a file that no run of ours made of it."""
    made, inputs = earlier.made(folder), set(_inputs(request))
    for target in targets_of(spec, request):
        for path in (request.output / target.name, *target.there):
            if path.resolve() in inputs:
                raise SpecError("output", f"“{path}” is one of the inputs; choose another folder")
        for path in target.there:
            known = made.get(target.name)
            if known is None or known.source != target.origin.source:
                found = f"“{path}” is there already, and no run is known to have made it of this input"
                raise SpecError("output", f"{found}; choose another folder")
            if known.settings not in ("", target.origin.settings) and not request.overwrite:
                found = f"“{path}” was made with other settings"
                raise SpecError("output", f"{found}; choose another folder, or add --overwrite")


def _inputs(request: Request) -> Iterator[Path]:
    """Yield every file that goes in."""
    for path in request.inputs:
        if path.is_dir():
            yield from (file.resolve() for file in path.iterdir() if is_image(file))
        else:
            yield path.resolve()
