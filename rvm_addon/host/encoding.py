"""The movie of a result: another Blender writes it once the frames stand.

This side only says what to do (`prepare`); `background_encoding` does it, in another process.
"""

import itertools
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from ..engine import whole
from ..engine.errors import OutputFailed
from ..engine.files import names_in, read_json
from ..engine.spec import PARTIAL_SUFFIX, is_image, is_movie
from ..jobs import parts
from ..jobs.claims import file_stem
from ..jobs.parts import Part
from . import background
from .encoders import ENCODERS, MovieFormat
from .placements import Placement
from .soundtrack import Soundtrack


@dataclass(frozen=True)
class MovieOrder:
    """What the background Blender shall write."""

    scene: str
    strip: str
    name: str
    """What the movie is called, without suffix."""
    format: MovieFormat
    fps: float
    start: int
    """The first timeline frame."""
    shown: tuple[int, ...]
    """For each timeline frame, the source frame whose matted picture shows."""
    sound: Soundtrack
    target: str = ""
    """Where the movie goes, absolute; otherwise it gets a name in the job's folder that is free."""
    waits: bool = False
    """Whether the frames are still being made, by another process: each is waited for."""

    def write(self, path: Path) -> None:
        """Leave the order in a file.

        Raises:
            OSError: the folder refuses.
        """
        whole.write(path, json.dumps(asdict(self)).encode())

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the order that was written as this.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        typed = {"format": MovieFormat(data["format"]), "shown": tuple(data["shown"])}
        return cls(**{**data, **typed, "sound": Soundtrack(**data["sound"])})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the order that `write` left.

        Raises:
            OSError, ValueError, KeyError, TypeError: it is not there, or something else is.
        """
        return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))


def prepare(folder: Path, place: Placement, movie: MovieFormat, number: int) -> Part:
    """Leave the order for the movie of a placement in the job's folder, and return the part that writes it.

    `number` tells it from the other movies of the job.

    Raises:
        OutputFailed: the folder refuses.
    """
    return ordered(folder, _called(number), _order(place, movie))


def _order(place: Placement, movie: MovieFormat) -> MovieOrder:
    """Return the order for the movie of a placement."""
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
    """Return whether one of a job's parts that are still to come writes this very movie of a placement."""
    wanted = _order(place, movie)
    return any(_left(folder, part.name) == wanted for part in coming)


def _called(number: int) -> str:
    """Return what the part is called that writes a job's movie of a number."""
    return f"encoding_{number}"


def ordered(folder: Path, name: str, order: MovieOrder) -> Part:
    """Leave an order in the job's folder, and return the part that follows it; the part's files are called `name`.

    Raises:
        OutputFailed: the folder refuses.
    """
    path = order_file(folder, name)
    try:
        order.write(path)
    except OSError as error:
        raise OutputFailed(path, error.strerror or "") from error
    return _part(folder, name, order)


def _part(folder: Path, name: str, order: MovieOrder) -> Part:
    """Return the part that follows an order in the job's folder."""
    command = background.command("background_encoding", folder, name, beside=order.waits)
    return parts.encoding(name, command, len(order.shown))


def left_in(folder: Path, names: Iterable[str]) -> list[Part]:
    """Return the parts of these names that an earlier session left in a folder, as far as their orders are there."""
    orders = ((name, _left(folder, name)) for name in names)
    # No strip's movie leaves its job's folder.
    return [_part(folder, name, order) for name, order in orders if order is not None and not order.target]


def _left(folder: Path, name: str) -> MovieOrder | None:
    """Return the order of the part of this name, as far as it is there."""
    return read_json(order_file(folder, name), MovieOrder.from_dict)


def free_number(folder: Path) -> int:
    """Return a number that no movie of a job has: an earlier one may still be owed, and its order is needed then."""
    names = names_in(folder)
    return next(number for number in itertools.count(1) if order_file(folder, _called(number)).name not in names)


def of_others(folder: Path, owed: list[Part], place: Placement) -> list[Part]:
    """Return the parts of a job that write movies of other strips than a placement's, which is pressed anew."""
    orders = ((part, _left(folder, part.name)) for part in owed)
    own = (place.scene, place.strip)
    return [part for part, order in orders if order is None or (order.scene, order.strip) != own]


def order_file(folder: Path, name: str) -> Path:
    """Return where the order of a part is."""
    return folder / f"{name}.json"


def unfinished(order: MovieOrder, movie: Path) -> Path:
    """Return what a movie that is ordered is called until it is whole."""
    return movie.with_name(f"{order.name}{ENCODERS[order.format].suffix}{PARTIAL_SUFFIX}")


def movie_name(strip: str) -> str:
    """Return what a strip's movie is called: its name, without the suffix that it has from its file."""
    path = Path(strip)
    return file_stem(path.stem if is_movie(path) or is_image(path) else strip)


def _visible(place: Placement) -> tuple[int, ...]:
    """Return the source frame of each timeline frame of a result, its handles left out."""
    if place.still:
        return place.shown * place.length
    return place.shown[place.before : place.before + place.length]
