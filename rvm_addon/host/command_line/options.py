"""The options of the command line, and the request that they make for every input."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ...engine.contract.errors import SpecError
from ...engine.contract.outputs import (
    GREEN,
    MOST_BLUR,
    MOST_GROWTH,
    UNTOUCHED,
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
from .inputs import Request, distinct

RESULTS = [result for result in Result if result is not Result.MASK]
"""All kinds but the mask, which needs a strip."""
_COLOURED = [result for result in RESULTS if not result.is_grey]
_ONLY_FOR: dict[str, tuple[Sequence[Result], object]] = {
    "background": ([Result.COLOUR], GREEN),
    "blur": ([Result.BLUR], Look().blur),
    "fit": ([Result.BACKDROP], Look().fit),
    "edge_colour": (_COLOURED, UNTOUCHED.colour),
    "despill": (_COLOURED, UNTOUCHED.despill),
}
"""The options that only affect these kinds of result, with their default values."""


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
    return options


def movie_format(options: argparse.Namespace) -> MovieFormat | None:
    """Return the format of the movie to be written; None unless a movie is asked for."""
    return options.movie_format or (MovieFormat.H264 if options.movie else None)


def look_of(options: argparse.Namespace) -> Look:
    """Return what is made of each frame. If no format is given, `inputs.job_of` chooses one for pictures."""
    return Look(
        result=options.result,
        background=options.background,
        blur=options.blur,
        backdrop=str(options.backdrop.absolute()) if options.backdrop else "",
        fit=options.fit,
        format=options.format or FrameFormat.PNG,
        edges=Edges(
            colour=options.edge_colour,
            black=options.black,
            white=options.white,
            grow=options.grow,
            feather=options.feather,
            despill=options.despill,
        ),
    )


def request_of(options: argparse.Namespace) -> Request:
    """Return the request for every input, with absolute paths."""
    folder = weights_folder()
    return Request(
        inputs=tuple(one.path for one in distinct(options.inputs)),
        output=Path(os.path.abspath(options.output)),  # noqa: PTH100  # absolute() would keep every .. in messages
        look=look_of(options),
        small_pictures=options.format is None,
        model=options.model.absolute() if options.model else folder / catalogue(folder)[0].file,
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
    add("--device", type=_device, default=CPU, metavar="D", help=f"{', '.join(DEVICES)}, or a plugin's file")
    ratio = _number(float, 0.0, 1.0, above=True)
    add("--ratio", type=ratio, metavar="R", help="downsample ratio, above 0 to 1 (default: longest side to 512)")
    add("--ignore-alpha", action="store_true", help="matte pictures as if they were opaque")
    add("--movie", action="store_true", help="also write a movie with the clip's sound, DIR/<name>.mp4")
    kinds = encoders.available()
    add("--movie-format", type=MovieFormat, choices=kinds, help="of that movie; all but h264 keep transparency")
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
    add("--result", type=Result, choices=RESULTS, default=usual.result, help="what is made (default: %(default)s)")
    add("--background", type=_colour, metavar="#RRGGBB", help="of --result colour (default: #00ff00)")
    blur = _number(float, 0.0, MOST_BLUR, above=True)
    add("--blur", type=blur, metavar="PIXELS", help=f"of --result blur (default: {usual.blur:g})")
    add("--backdrop", type=Path, metavar="FILE", help="the picture or movie of --result backdrop")
    add("--fit", type=Fit, choices=list(Fit), help="of --backdrop: fill, or fit between black bars (default: fill)")
    kinds = list(FrameFormat)
    add("--format", type=FrameFormat, choices=kinds, help="of the frames (default: png; pictures without alpha: jpeg)")


def _add_edges(group: argparse._ArgumentGroup) -> None:
    """Add the options that refine edges."""
    add, share = group.add_argument, _number(float, 0.0, 1.0)
    colours = list(EdgeColour)
    add("--edge-colour", type=EdgeColour, choices=colours, help="whose colours edges have")
    add("--black", type=share, default=UNTOUCHED.black, metavar="A", help="alpha up to here becomes 0")
    add("--white", type=share, default=UNTOUCHED.white, metavar="A", help="alpha from here on becomes 1")
    pixels = _number(int, -MOST_GROWTH, MOST_GROWTH)
    add(
        "--grow",
        type=pixels,
        default=UNTOUCHED.grow,
        metavar="PIXELS",
        help="move the edge outwards, or inwards",
    )
    soft = _number(float, 0.0, MOST_GROWTH)
    add("--feather", type=soft, default=UNTOUCHED.feather, metavar="PIXELS", help="soften the edge")
    add("--despill", type=share, metavar="S", help="take the old background's colour out")


def _device(text: str) -> str:
    """Parse a device: a word, or a plugin's file, whose path is made absolute."""
    if text in DEVICES:
        return text
    if not os.path.isfile(text):  # noqa: PTH113  # `Path.is_file` raises where a drive is away
        raise argparse.ArgumentTypeError(f"“{text}” is none of {', '.join(DEVICES)}, nor a file")
    return str(Path(text).absolute())


def _colour(text: str) -> Colour:
    """Parse a colour."""
    try:
        return parse_colour(text)
    except SpecError as error:
        raise argparse.ArgumentTypeError(error.reason) from None


def _number(kind: type, least: float, most: float, *, above: bool = False) -> Callable[[str], float]:
    """Return a parser of numbers from `least` (or only above it) to `most`."""

    def parse_number(text: str) -> float:
        value: float = kind(text)
        if not (least < value <= most if above else least <= value <= most):
            limits = f"above {least:g} and at most {most:g}" if above else f"from {least:g} to {most:g}"
            raise argparse.ArgumentTypeError(f"must be {limits}, not {text}")
        return value

    return parse_number
