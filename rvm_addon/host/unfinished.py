"""Results that are still to come, noted in their jobs' folders: they outlast a file that is closed, and a crash.

The note is there from the button until the result is on its timeline and its movies are written, or the user cancels
the job or takes it off the list.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from ..engine import whole
from ..engine.files import names_in, read_json
from . import known, properties
from .placements import Placement, find

PLACES_FILE = "places.json"


def note(folder: Path, places: list[Placement], movies: Iterable[str] = ()) -> None:
    """Leave in a job's folder where its results go in the open project, and which of its parts are to write movies."""
    own = _Note(bpy.data.filepath, places, list(movies))
    _write(folder, [*(one for one in _read(folder) if one.project != own.project), own])
    known.expect(folder)


def settle(folder: Path, movies: Iterable[str], *, delivered: bool = False) -> None:
    """Let a job's notes say what is still to come: of its movies these, and in the open project none `delivered`.

    Where nothing is left, there is no note any more; and where there is none, nothing was to come.
    """
    told, owed, here = _read(folder), set(movies), bpy.data.filepath
    left = [
        replace(
            one,
            places=[] if delivered and one.project == here else one.places,
            movies=[name for name in one.movies if name in owed],
        )
        for one in told
    ]
    left = [one for one in left if one.places or one.movies]
    if left:
        _write(folder, left)
    elif told:
        forget(folder)


def follow(folder: Path, before: str) -> None:
    """Let what is still to come belong to the open project, which was saved under another name than `before`."""
    told, here = _read(folder), bpy.data.filepath
    own = [replace(one, project=here) for one in told if one.project == before]
    if own:
        _write(folder, [*(one for one in told if one.project not in (before, here)), *own])


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
        here = (one for one in map(partial(_expected, folder), _read(folder)) if one is not None)
        expected = max(here, key=lambda one: one.pressed_here, default=None)
        if expected is not None:
            yield expected


def _expected(folder: Path, told: "_Note") -> Expected | None:
    """Return what a note in a job's folder lets the open project expect; None if nothing."""
    pressed_here = told.project == bpy.data.filepath
    places = [place for place in told.places if find(place) is not None]
    only_movies = not told.places and pressed_here and bpy.data.is_saved
    return Expected(folder, places, told.movies, pressed_here) if places or only_movies else None


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
    """What a project waits for: a job's folder holds one for each in which its frames were asked for."""

    project: str
    """The file in which the button was pressed; empty for one that was not saved."""
    places: list[Placement]
    movies: list[str]


def _read(folder: Path) -> list[_Note]:
    """Return the notes in a job's folder; none where they are not whole, or of another version."""

    def build(told: list[dict[str, Any]]) -> list[_Note]:
        return [
            _Note(one["project"], [Placement.from_dict(place) for place in one["places"]], list(one["movies"]))
            for one in told
        ]

    return read_json(folder / PLACES_FILE, build) or []


def _write(folder: Path, told: list[_Note]) -> None:
    """Leave notes in a job's folder. One that refuses only costs what this is for."""
    with contextlib.suppress(OSError):
        whole.write(folder / PLACES_FILE, json.dumps([asdict(one) for one in told]).encode())
