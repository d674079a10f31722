"""Results that are still to come, noted in their jobs' folders: they outlast a file that is closed, and a crash.

The note is there from the button until the result is on its timeline and its movies are written, or the user cancels
the job or takes it off the list.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ..engine import whole
from ..engine.files import names_in, read_json
from . import known, properties
from .placements import Placement, find

PLACES_FILE = "places.json"


def note(folder: Path, places: list[Placement], movies: Iterable[str] = ()) -> None:
    """Leave in a job's folder where its results go, and which of its parts are to write movies."""
    _write(folder, _Note(bpy.data.filepath, places, list(movies)))
    known.expect(folder)


def settle(folder: Path, movies: Iterable[str], *, delivered: bool = False) -> None:
    """Let the note say what is still to come: of its movies these, and of its places none once they are `delivered`.

    Where nothing is left, there is no note any more; and where there is none, nothing was to come.
    """
    told = _read(folder)
    if told is None:
        return
    owed = set(movies)
    left = replace(told, places=[] if delivered else told.places, movies=[one for one in told.movies if one in owed])
    if left.places or left.movies:
        _write(folder, left)
    else:
        forget(folder)


def follow(folder: Path) -> None:
    """Let what is still to come belong to the open project, which was saved, perhaps under another name."""
    told = _read(folder)
    if told is not None:
        _write(folder, replace(told, project=bpy.data.filepath))


def forget(folder: Path) -> None:
    """Take the note out of a job's folder: nothing is to come any more."""
    with contextlib.suppress(OSError):
        (folder / PLACES_FILE).unlink(missing_ok=True)
        known.forget(folder)


@dataclass(frozen=True)
class Expected:
    """A job whose results may be put on the timelines of the open project, or whose movies may be written."""

    folder: Path
    places: list[Placement]
    """Those whose strip is there; none where only movies are still to come."""
    movies: list[str]
    """The names of the parts that write them."""
    pressed_here: bool
    """Whether the button was pressed in this very file: in a copy of it, nothing appears without the user's word."""


def of_this_project() -> Iterator[Expected]:
    """Yield the jobs whose results are still to come, and whose strips are in the open project.

    Movies alone belong to the file in which the button was pressed. What was known of folders without a note is let go.
    """
    folders, bare = _folders()
    for folder in bare:
        known.forget(folder)  # whoever took the note away could not say so
    for folder in folders:
        told = _read(folder)
        if told is None:
            continue
        pressed_here = told.project == bpy.data.filepath
        places = [place for place in told.places if find(place) is not None]
        only_movies = not told.places and pressed_here and bpy.data.is_saved
        if places or only_movies:
            yield Expected(folder, places, told.movies, pressed_here)


def _folders() -> tuple[list[Path], list[Path]]:
    """Return the folders of jobs that may have a note, each once, and those that were to have one and have none.

    The former are those that are known to have one, whatever was chosen or saved since, and all that lie where this
    project's results go: these may have come from another machine. Where results of other projects went, nothing is
    looked for.
    """
    expected, own = known.expected(), [properties.unsaved_folder(), *known.of_this_project()]
    # Asked once for all of its jobs: a share that is out of reach answers after a minute.
    names = {parent: names_in(parent) for parent in dict.fromkeys([*own, *(job.parent for job in expected)])}
    real = {parent: parent.resolve() for parent, there in names.items() if there}
    there = {job: names_in(job) for job in expected if job.name in names[job.parent]}
    bare = [job for job, files in there.items() if files and PLACES_FILE not in files]  # no files: no answer, perhaps
    every = [*expected, *(parent / name for parent in own for name in sorted(names[parent]))]
    return list({(real[job.parent], job.name): job for job in every if job.parent in real}.values()), bare


@dataclass(frozen=True)
class _Note:
    """What lies in a job's folder."""

    project: str
    """The file in which the button was pressed; empty for one that was not saved."""
    places: list[Placement]
    movies: list[str]


def _read(folder: Path) -> _Note | None:
    """Return the note in a job's folder; None where it is not whole, or of another version."""

    def build(told: dict[str, Any]) -> _Note:
        places = [Placement.from_dict(one) for one in told["places"]]
        return _Note(told["project"], places, list(told.get("movies", ())))

    return read_json(folder / PLACES_FILE, build)


def _write(folder: Path, told: _Note) -> None:
    """Leave the note in a job's folder. One that refuses only costs what this is for."""
    with contextlib.suppress(OSError):
        whole.write(folder / PLACES_FILE, json.dumps(asdict(told)).encode())
