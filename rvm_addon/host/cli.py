"""The command line: `blender --command rvm_matting …`, and `python3 build.py matte …` from a checkout."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.errors import MattingError, SourceMissing, SourceUnreadable, SpecError
from ..engine.spec import (
    GREEN,
    Colour,
    FrameFormat,
    JobSpec,
    Result,
    Source,
    SourceKind,
    is_image,
    is_movie,
    parse_colour,
)
from ..engine.weights import catalogue
from ..jobs.job import Job, State
from . import movies
from .properties import weights_folder
from .runner import Runner
from .terminal import ProgressLine

COMMAND = "rvm_matting"
_JOBS_FOLDER = ".rvm_matting"
"""Inside the output folder: each input's job.json, events.jsonl and worker.log."""


@dataclass
class Outcome:
    """What became of one input; printed by `--json`."""

    input: str
    result: str
    folder: str = ""
    frames: int = 0
    seconds: float = 0.0
    provider: str = ""
    movie: str = ""
    error: str = ""

    def as_json(self) -> str:
        """Return the outcome as one line; what there is none of is left out."""
        optional = ("movie", "error")
        return json.dumps({k: v for k, v in vars(self).items() if v or k not in optional}, ensure_ascii=False)


def main(arguments: Sequence[str]) -> int:
    """Matte the inputs one after another; 0 only if all succeeded."""
    try:
        options = _options(arguments)
    except SystemExit as stop:  # argparse has said what is wrong, or has shown the help
        return int(stop.code or 0)
    outcomes = []
    runner = Runner()
    with ProgressLine(quiet=options.quiet) as line:
        for path, name in _distinct_names(options.inputs):
            outcome = Outcome(str(path), options.result.value)
            try:
                _matte(path, name, options, runner, line, outcome)
            except (MattingError, movies.MovieFailed) as error:
                outcome.error = str(error)
                line.say(f"{path}: {error}. {getattr(error, 'remedy', '')}".strip())
            except KeyboardInterrupt:
                line.say("Stopped; the frames made so far are kept")
                return 130
            outcomes.append(outcome)
            if options.json:
                print(outcome.as_json(), flush=True)  # noqa: T201  # standard output is this command's product
    return 0 if all(not outcome.error for outcome in outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    """Return the parser; `--help` is the manual."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Cut the people out of movies and pictures.")
    add = parser.add_argument
    add("inputs", nargs="+", type=Path, metavar="INPUT", help="a movie, a picture, or a folder of pictures")
    add("--output", type=Path, required=True, metavar="DIR", help="where the results go")
    add("--result", type=Result, choices=list(Result), default=Result.CUTOUT, help="transparent, or over a colour")
    add("--background", type=_colour, default=GREEN, metavar="#RRGGBB", help="the colour behind (default #00ff00)")
    add("--model", type=Path, metavar="FILE", help="an RVM model as ONNX (default: the one that comes along)")
    add("--ratio", type=_ratio, metavar="R", help="downsample ratio, above 0 to 1 (default: longest side to 512)")
    add("--movie", action="store_true", help="with --result colour: also write DIR/<name>.mp4 with the sound")
    add("--json", action="store_true", help="print one JSON object per input on standard output")
    add("--quiet", action="store_true", help="show no progress")
    return parser


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options, or end the way argparse does where they make no sense."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.movie and options.result is not Result.COLOUR:
        parser.error("--movie needs --result colour: an MP4 has no transparency")
    return options


def _colour(text: str) -> Colour:
    """Parse `--background`."""
    try:
        return parse_colour(text)
    except SpecError as error:
        raise argparse.ArgumentTypeError(error.reason) from None


def _ratio(text: str) -> float:
    """Parse `--ratio`."""
    value = float(text)
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return value


def _distinct_names(inputs: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each input, absolute, with a name for its result that no other input of this call has."""
    taken: set[str] = set()
    for given in inputs:
        path = Path(os.path.abspath(given))  # noqa: PTH100  # resolve() would follow links and lose the user's name
        stem = path.name if path.is_dir() else path.stem
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        yield path, name


def _matte(
    path: Path, name: str, options: argparse.Namespace, runner: Runner, line: ProgressLine, outcome: Outcome
) -> None:
    """Matte one input and fill in what became of it.

    Raises:
        MattingError, MovieFailed: in the user's words.
    """
    spec = _spec(path, name, options)
    job = runner.submit(spec, options.output.absolute() / _JOBS_FOLDER / name)
    runner.run_to_end(line.show)
    outcome.folder = str(job.output)
    outcome.frames = job.frames_done
    outcome.seconds = round(job.seconds, 3)
    outcome.provider = job.started.provider if job.started else ""
    for warning in job.warnings:
        line.say(f"{path}: {warning}")
    if job.state is not State.DONE:
        outcome.error = job.error
    elif options.movie and spec.source.kind is SourceKind.MOVIE:
        outcome.movie = str(_movie(path, name, job, line))


def _spec(path: Path, name: str, options: argparse.Namespace) -> JobSpec:
    """Describe the job of one input: a movie or a folder gets a folder of frames, a picture lies in DIR itself.

    Raises:
        SourceMissing, SourceUnreadable, ModelMissing: naming the file.
    """
    output = options.output.absolute()
    over_colour = options.result is Result.COLOUR
    if path.is_dir():
        pictures = sorted(str(file) for file in path.iterdir() if file.is_file() and is_image(file))
        if not pictures:
            raise SourceUnreadable(path, "there are no pictures in this folder")
        source, output = Source(SourceKind.IMAGES, tuple(pictures)), output / name
    elif not path.is_file():
        raise SourceMissing(path)
    elif is_image(path):
        source = Source(SourceKind.IMAGES, (str(path),))
    elif is_movie(path):
        source, output = Source(SourceKind.MOVIE, (str(path),)), output / name
    else:
        raise SourceUnreadable(path, "its name ends like neither a movie nor a picture")
    pictures_over_colour = over_colour and source.kind is SourceKind.IMAGES
    return JobSpec(
        name=path.name,
        source=source,
        output=str(output),
        stem=name,
        model=str(_model(options.model)),
        result=options.result,
        background=options.background,
        format=FrameFormat.JPEG if pictures_over_colour else FrameFormat.PNG,
        ratio=options.ratio,
    )


def _model(chosen: Path | None) -> Path:
    """Return the model to use: the chosen file, else the catalogue's first."""
    if chosen is not None:
        return chosen.absolute()
    folder = weights_folder()
    return folder / catalogue(folder)[0].file


def _movie(clip: Path, name: str, job: Job, line: ProgressLine) -> Path:
    """Write a finished job's frames as a movie with the clip's sound, and return its path."""
    frames = [job.output / job.spec.file_name(frame) for frame in range(job.frames_done)]
    target = job.output.parent / f"{name}.mp4"

    def tell(done: int) -> None:
        line.bar(target.name, done / len(frames), f"{done} of {len(frames)} frames")

    if not movies.write_movie(frames, movies.frame_rate(clip), clip, target, tell):
        line.say(f"{target}: without sound, for the clip has none that Blender can play")
    return target


def _run(arguments: Sequence[str]) -> int:
    """Be Blender's `--command rvm_matting`."""
    return main(arguments)


_handle: object = None


def register() -> None:
    """Offer the command to Blender."""
    global _handle  # noqa: PLW0603  # Blender wants it back to unregister
    _handle = bpy.utils.register_cli_command(COMMAND, _run)


def unregister() -> None:
    """Take the command back."""
    bpy.utils.unregister_cli_command(_handle)
