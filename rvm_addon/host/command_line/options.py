"""The options of the command line, and the request that they make for every input."""

import argparse
import glob
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from ...engine.contract.errors import SpecError
from ...engine.contract.files import is_file
from ...engine.contract.outputs import (
    GREEN,
    MOST_BLUR,
    MOST_GROWTH,
    USUAL,
    Colour,
    EdgeColour,
    Edges,
    Fit,
    FrameFormat,
    Look,
    Result,
    parse_colour,
)
from ...engine.contract.spec import CPU, DEVICES
from ...engine.contract.weights import catalogue
from ..blender import encoders
from ..blender.encoders import ENCODERS, MovieFormat
from ..settings.preferences import weights_folder
from .inputs import Request, distinct, on_its_drive

RESULTS = [result for result in Result if result is not Result.MASK]
"""All kinds but the mask, which needs a strip."""
_COLOURED = [result for result in RESULTS if not result.is_grey]
_ONLY_FOR: dict[str, tuple[Sequence[Result], object]] = {
    "background": ([Result.COLOUR], GREEN),
    "blur": ([Result.BLUR], Look().blur),
    "fit": ([Result.BACKDROP], Look().fit),
    "edge_colour": (_COLOURED, USUAL.colour),
    "despill": (_COLOURED, None),
}
"""The options that only affect these kinds of result, with their default values."""

_SHELL_KEEPS_WILDCARDS = sys.platform == "win32"
"""Whether the shells leave it to programs to find the files that a wildcard stands for."""
_WILDCARDS = frozenset("*?")
"""No name on Windows has one of these; brackets, which `glob` takes for a wildcard, too, are common there."""


def parse(command: str, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options, or end the program the way argparse does if they are invalid."""
    parser = _parser(command)
    options = parser.parse_args(arguments)
    for name, (results, usual) in _ONLY_FOR.items():
        if getattr(options, name) is None:
            setattr(options, name, usual)
        elif options.result not in results:
            idle = f"argument --{name.replace('_', '-')}: has no effect with --result {options.result}"
            parser.error(f"{idle}, only with {', '.join(results)}")
    kind = movie_format(options)
    if kind and options.result.has_alpha and not ENCODERS[kind].holds_alpha:
        fitting = ", ".join(encoders.choices(with_alpha=True))
        parser.error(f"an MP4 has no transparency: add --movie-format, one of {fitting}, or --result colour")
    if (options.backdrop is not None) is not (options.result is Result.BACKDROP):
        parser.error("--result backdrop and --backdrop FILE belong together")
    try:
        look_of(options).validate()
    except SpecError as error:
        parser.error(str(error))
    if _SHELL_KEEPS_WILDCARDS:
        options.inputs = [path for given in options.inputs for path in _meant(given)]
    return options


def _meant(given: Path) -> list[Path]:
    """Return the files that an input with wildcards stands for, in the order of names; without any, the input as it is.

    A wildcard that fits nothing stays, too, as in other shells: it is told as a file that is missing.
    """
    if _WILDCARDS.isdisjoint(str(given)):
        return [given]
    pattern = str(given).replace("[", "[[]")
    return [Path(name) for name in sorted(glob.glob(pattern))] or [given]  # noqa: PTH207  # `Path.glob` wants a folder


def movie_format(options: argparse.Namespace) -> MovieFormat | None:
    """Return the format of the movie to be written; None unless a movie is asked for."""
    return options.movie_format or (MovieFormat.H264 if options.movie else None)


def look_of(options: argparse.Namespace) -> Look:
    """Return what is made of each frame. If no format is given, `inputs.job_of` chooses one for pictures."""
    return Look(
        result=options.result,
        background=options.background,
        blur=options.blur,
        backdrop=str(on_its_drive(options.backdrop.absolute())) if options.backdrop else "",
        fit=options.fit,
        format=options.format or FrameFormat.PNG,
        edges=Edges(
            colour=options.edge_colour,
            black=options.black,
            white=options.white,
            grow=options.grow,
            feather=options.feather,
            despill=options.edge_colour.usual_despill if options.despill is None else options.despill,
        ),
    )


def request_of(options: argparse.Namespace) -> Request:
    """Return the request for every input, with absolute paths."""
    folder = weights_folder()
    return Request(
        inputs=tuple(one.path for one in distinct(options.inputs)),
        output=on_its_drive(os.path.abspath(options.output)),  # noqa: PTH100  # absolute() would keep every .. in messages
        look=look_of(options),
        small_pictures=options.format is None,
        model=on_its_drive(options.model.absolute()) if options.model else folder / catalogue(folder)[0].file,
        ratio=options.ratio,
        device=options.device,
        movie=movie_format(options),
        use_alpha=not options.ignore_alpha,
        overwrite=options.overwrite,
    )


def _parser(command: str) -> argparse.ArgumentParser:
    """Return the parser; `--help` is the manual."""
    parser = argparse.ArgumentParser(prog=command, description="Cut the people out of movies and pictures.")
    add = parser.add_argument
    add("inputs", nargs="+", type=Path, metavar="INPUT", help="a movie, a picture, or a folder of pictures")
    add("--output", type=Path, required=True, metavar="DIR", help="where the results go")
    add("--model", type=Path, metavar="FILE", help="an RVM model as ONNX (default: the one that comes along)")
    devices = ", ".join(DEVICES)
    add("--device", type=_device, default=CPU, metavar="D", help=f"{devices}, or a plugin's file (default: {CPU})")
    ratio = _number(float, 0.0, 1.0, above=True)
    add("--ratio", type=ratio, metavar="R", help="downsample ratio, above 0 to 1 (default: longest side to 512)")
    add("--ignore-alpha", action="store_true", help="matte pictures as if they were opaque")
    add("--movie", action="store_true", help="also write a movie with the clip's sound, DIR/<name>.mp4")
    movie = "also write a movie, as this; all but h264 keep transparency (default with --movie: h264)"
    _add_choice(parser, "--movie-format", encoders.available(), movie)
    add("--overwrite", action="store_true", help="replace what was made of the same input with other settings")
    add("--show", action="store_true", help="show the newest frame, about once a second, in a page in the browser")
    add("--json", action="store_true", help="print one JSON object per input on standard output")
    add("--quiet", action="store_true", help="show no progress")
    _add_look(parser.add_argument_group("result"))
    _add_edges(parser.add_argument_group("edges"))
    return parser


def _add_look(group: argparse._ArgumentGroup) -> None:
    """Add the options that say what is made of each frame."""
    add, usual = group.add_argument, Look()
    result = (
        "cutout: transparent where the background was; colour, blur, backdrop: the person over a colour, over the "
        "blurred original, over another file; matte: the matte alone, grey (default: %(default)s)"
    )
    _add_choice(group, "--result", RESULTS, result, default=usual.result)
    add("--background", type=_colour, metavar="#RRGGBB", help="of --result colour (default: #00ff00)")
    blur, most = _number(float, 0.0, MOST_BLUR, above=True), f"above 0 to {MOST_BLUR:g}"
    add("--blur", type=blur, metavar="PIXELS", help=f"of --result blur, {most} (default: {usual.blur:g})")
    add("--backdrop", type=Path, metavar="FILE", help="the picture or movie of --result backdrop")
    fit = "of --backdrop: fill the frame, or fit between black bars (default: fill)"
    _add_choice(group, "--fit", list(Fit), fit)
    frames = "of the frames (default: jpeg for pictures over a background, otherwise png)"
    _add_choice(group, "--format", list(FrameFormat), frames)


def _add_edges(group: argparse._ArgumentGroup) -> None:
    """Add the options that refine edges; what they say of themselves agrees with the tooltips in `looks`."""
    usual, most, share = USUAL, MOST_GROWTH, _number(float, 0.0, 1.0)
    colours = (
        "whose colours the person has. mixed: the source's own pixels where nothing shines through; at soft edges, "
        "what despilling leaves of the source's, or the model's; model: the model's guess everywhere, without the "
        "background's; source: the source's pixels everywhere, so that soft edges keep a rim of the old background "
        f"(default: {usual.colour})"
    )
    _add_choice(group, "--edge-colour", list(EdgeColour), colours)

    def add(name: str, metavar: str, kind: Callable[[str], float], text: str, usually: str = "") -> None:
        value = getattr(usual, name)
        default = None if name in _ONLY_FOR else value  # by None, `parse` knows that it was not given
        group.add_argument(
            f"--{name}",
            type=kind,
            default=default,
            metavar=metavar,
            help=f"{text} (default: {usually or f'{value:g}'})",
        )

    add("black", "A", share, "alpha up to here becomes 0: removes haze and remnants; 0 to 1, below --white")
    add("white", "A", share, "alpha from here on becomes 1: closes holes; 0 to 1, above --black")
    grown = f"moves the edge outwards by whole pixels, or inwards below 0; -{most} to {most}"
    add("grow", "PIXELS", _number(int, -most, most), grown)
    softened = f"softens the edge by about this many pixels to each side; 0 to {most}"
    add("feather", "PIXELS", _number(float, 0.0, most), softened)
    cleaned = "takes the old background's colour, as it is nearby, out of soft edges; 0 to 1"
    add("despill", "S", share, cleaned, f"{usual.despill:g} with --edge-colour {usual.colour}, otherwise 0")


def _add_choice(
    group: argparse._ActionsContainer, option: str, words: Sequence[StrEnum], text: str, default: StrEnum | None = None
) -> None:
    """Add an option that takes one of these words; `choices` only shows them, for its own refusal speaks Python."""
    group.add_argument(option, type=_one_of(words), choices=words, default=default, help=text)


def _one_of(words: Sequence[StrEnum]) -> Callable[[str], StrEnum]:
    """Return a parser of these words, which are of one kind."""

    def parse_word(text: str) -> StrEnum:
        if text not in words:
            raise argparse.ArgumentTypeError(f"“{text}” is none of {', '.join(words)}")
        return type(words[0])(text)

    return parse_word


def _device(text: str) -> str:
    """Parse a device: a word, or a plugin's file, whose path is made absolute."""
    if text in DEVICES:
        return text
    if not is_file(text):
        raise argparse.ArgumentTypeError(f"“{text}” is none of {', '.join(DEVICES)}, nor a file")
    return str(on_its_drive(Path(text).absolute()))


def _colour(text: str) -> Colour:
    """Parse a colour."""
    try:
        return parse_colour(text)
    except SpecError as error:
        raise argparse.ArgumentTypeError(error.reason) from None


def _number(kind: type, least: float, most: float, *, above: bool = False) -> Callable[[str], float]:
    """Return a parser of numbers from `least` (or only above it) to `most`."""
    what = "a whole number" if kind is int else "a number"
    limits = f"above {least:g} and at most {most:g}" if above else f"from {least:g} to {most:g}"

    def parse_number(text: str) -> float:
        with suppress(ValueError):
            value: float = kind(text)
            if least < value <= most or (value == least and not above):
                return value
        raise argparse.ArgumentTypeError(f"must be {what} {limits}, not “{text}”")

    return parse_number
