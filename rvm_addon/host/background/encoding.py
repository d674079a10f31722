"""The movie of a result: the background Blender writes it once the frames stand.

This module only writes the order (`prepare`); `background_encoding` carries it out in another process.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ...engine.contract.errors import OutputRefused
from ...engine.contract.events import MovieWritten, last_event
from ...engine.contract.files import is_file, names_in, read_json
from ...engine.contract.spec import PARTIAL_SUFFIX, is_image, is_movie
from ...jobs import parts
from ...jobs.claims import file_stem
from ...jobs.parts import Part
from ..blender.encoders import ENCODERS, MovieFormat
from ..strip.placements import Placement
from ..strip.soundtrack import Soundtrack
from . import entry
from .orders import Order

_ORDER = re.compile(r"encoding_(\d+)\.json")
"""The name of the order for a strip's movie."""


@dataclass(frozen=True)
class MovieOrder(Order):
    """The movie that the background Blender is to write."""

    scene: str
    strip: str
    name: str
    """The movie's name without suffix."""
    format: MovieFormat
    fps: float
    start: int
    """The first timeline frame."""
    shown: tuple[int, ...]
    """For each timeline frame, the source frame whose matted picture shows."""
    sound: Soundtrack
    target: str = ""
    """The movie's absolute path; empty for a free name in the job's folder."""
    waits: bool = False
    """Whether another process is still making the frames, so that each must be waited for."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the order that was written as `data`."""
        typed = {"format": MovieFormat(data["format"]), "shown": tuple(data["shown"])}
        return cls(**{**data, **typed, "sound": Soundtrack(**data["sound"])})


def prepare(folder: Path, place: Placement, movie: MovieFormat, number: int) -> Part:
    """Write the order for a placement's movie to the job's folder, and return the part that writes the movie.

    `number` distinguishes it from the other movies of the job.

    Raises:
        OutputRefused: the folder refuses.
    """
    return ordered(folder, _called(number), _order(place, movie))


def _order(place: Placement, movie: MovieFormat) -> MovieOrder:
    """Return the order for a placement's movie."""
    return MovieOrder(
        scene=place.scene,
        strip=place.strip,
        name=movie_name(place.strip),
        format=movie,
        fps=place.fps,
        start=place.start,
        shown=_visible(place),
        sound=place.sound,
    )


def is_ordered(folder: Path, coming: Iterable[Part], place: Placement, movie: MovieFormat) -> bool:
    """Return whether one of a job's coming parts will write exactly this movie of a placement."""
    wanted = _order(place, movie)
    return any(_left(folder, part.name) == wanted for part in coming)


def _called(number: int) -> str:
    """Return the name of the part that writes a job's movie of this number."""
    return f"encoding_{number}"


def ordered(folder: Path, name: str, order: MovieOrder) -> Part:
    """Write an order to the job's folder, and return the part that carries it out; the part's files are called `name`.

    Raises:
        OutputRefused: the folder refuses.
    """
    path = order_file(folder, name)
    try:
        order.write(path)
    except OSError as error:
        raise OutputRefused(path, error) from error
    return _part(folder, name, order)


def _part(folder: Path, name: str, order: MovieOrder) -> Part:
    """Return the part that carries out an order in the job's folder."""
    command = entry.command("background_encoding", folder, name, beside=order.waits)
    return parts.encoding(name, command, len(order.shown))


def left_in(folder: Path, names: Iterable[str]) -> list[Part]:
    """Return the parts of these names that an earlier session left in a folder and whose orders can be read.

    A movie that was written before the session ended, and is still there, is not left.
    """
    orders = ((name, _left(folder, name)) for name in names if not _is_written(folder, name))
    # An order with a target is the command line's: the movies of strips stay in their job's folder.
    return [_part(folder, name, order) for name, order in orders if order is not None and not order.target]


def _is_written(folder: Path, name: str) -> bool:
    """Return whether the part of this name has written its movie, and the movie is still there."""
    said = last_event(folder, parts.events_file(name))
    return isinstance(said, MovieWritten) and is_file(said.path)


def _left(folder: Path, name: str) -> MovieOrder | None:
    """Return the order of the part of this name; None where it is missing or cannot be read."""
    return read_json(order_file(folder, name), MovieOrder.from_dict)


def free_number(folder: Path) -> int:
    """Return a number above those of all movies of a job: an earlier one may still be due, and its order must stay."""
    numbers = (_ORDER.fullmatch(name) for name in names_in(folder))
    return 1 + max((int(number[1]) for number in numbers if number), default=0)


def of_others(folder: Path, owed: list[Part], place: Placement) -> list[Part]:
    """Return the parts in `owed` that write movies of other strips; that of the placement's strip is ordered anew."""
    orders = ((part, _left(folder, part.name)) for part in owed)
    own = (place.scene, place.strip)
    return [part for part, order in orders if order is None or (order.scene, order.strip) != own]


def order_file(folder: Path, name: str) -> Path:
    """Return the path of a part's order."""
    return folder / f"{name}.json"


def unfinished(order: MovieOrder, movie: Path) -> Path:
    """Return the path that a movie has until it is whole."""
    return movie.with_name(f"{order.name}{ENCODERS[order.format].suffix}{PARTIAL_SUFFIX}")


def movie_name(strip: str) -> str:
    """Return the name of a strip's movie: the strip's name, without the suffix that it has from its file."""
    path = Path(strip)
    return file_stem(path.stem if is_movie(path) or is_image(path) else strip)


def _visible(place: Placement) -> tuple[int, ...]:
    """Return the source frame of each timeline frame of a result, without its handles."""
    if place.still:
        return place.shown * place.length
    return place.shown[place.before : place.before + place.length]
