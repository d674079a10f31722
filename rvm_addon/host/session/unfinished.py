"""Pending results, noted in their jobs' folders so that they survive closing the file, and a crash.

The note exists from the press of the button until the result is on its timeline and its movies are written, or until
the user cancels the job or takes it off the list.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from ...engine.contract.files import is_file, names_in, read_json, write_json
from ..settings import properties
from ..strip.placements import Placement, find
from . import known

PLACES_FILE = "places.json"


def note(folder: Path, places: list[Placement], movies: Iterable[str] = (), former: str | None = None) -> None:
    """Note in a job's folder where its results go in the open project, and which of its parts will write movies.

    This replaces what the project noted before, also under its `former` name, if it was moved.
    """
    own = _Note(bpy.data.filepath, places, list(movies))
    _write(folder, [*_of_others(folder, former), own])
    known.expect(folder)


def settle(folder: Path, ended: Iterable[str], *, delivered: bool = False) -> None:
    """Reduce a job's notes to what is pending: none of the movies that have `ended`, and no `delivered` result.

    Results were delivered in the open project; other projects still wait for theirs. The file is deleted once nothing
    is pending.
    """
    told, over, here = _read(folder), set(ended), bpy.data.filepath
    left = [
        replace(
            one,
            places=[] if delivered and one.project == here else one.places,
            movies=[name for name in one.movies if name not in over],
        )
        for one in told
    ]
    if left != told:
        _keep(folder, [one for one in left if one.places or one.movies])


def follow(folder: Path, before: str) -> None:
    """Let pending results belong to the open project under its new name; `before` is the old one."""
    told, here = _read(folder), bpy.data.filepath
    own = [replace(one, project=here) for one in told if one.project == before]
    if own:
        _write(folder, [*(one for one in told if one.project not in (before, here)), *own])


def is_awaited(folder: Path) -> bool:
    """Return whether any project waits for what a job's folder notes."""
    return bool(_read(folder))


def movies_owed(folder: Path) -> frozenset[str]:
    """Return the names of the parts whose movies the open project waits for, according to a job's folder."""
    return frozenset(name for one in _read(folder) if one.project == bpy.data.filepath for name in one.movies)


def forget(folder: Path, former: str | None = None) -> None:
    """Delete from a job's folder what the open project waits for, also under its `former` name, if it was moved."""
    _keep(folder, _of_others(folder, former))


def _keep(folder: Path, left: list["_Note"]) -> None:
    """Replace the notes in a job's folder by those that are left; without any, there is no file."""
    if left:
        _write(folder, left)
        return
    with contextlib.suppress(OSError):
        (folder / PLACES_FILE).unlink(missing_ok=True)
        known.forget(folder)


@dataclass(frozen=True)
class Expected:
    """A job whose results or movies the open project waits for."""

    folder: Path
    places: list[Placement]
    """The placements whose strip exists; none if only movies are pending."""
    movies: list[str]
    """The names of the parts that write the pending movies."""
    project: str
    """The file in which the button was pressed; empty if the project was never saved."""

    @property
    def pressed_here(self) -> bool:
        """Whether the button was pressed in this very file: in a copy of it, nothing appears unless the user agrees."""
        return self.project == bpy.data.filepath

    @property
    def former(self) -> str | None:
        """The name that the open project had when the button was pressed, if it was moved; None if not, or a copy."""
        is_moved = not self.pressed_here and not is_file(self.project)
        return self.project if is_moved else None


def of_this_project() -> Iterator[Expected]:
    """Yield the jobs with pending results whose strips are in the open project.

    A job with only movies pending belongs to the file in which the button was pressed. Folders that have lost their
    note are forgotten.
    """
    folders, bare = _folders()
    for folder in bare:
        known.forget(folder)  # the note was removed, but `known` was not told
    for folder in folders:
        here = (one for one in map(partial(_expected, folder), _read(folder)) if one is not None)
        expected = max(here, key=lambda one: (one.pressed_here, one.former is not None), default=None)
        if expected is not None:
            yield expected


def _expected(folder: Path, told: "_Note") -> Expected | None:
    """Return what the open project can expect according to a note in a job's folder; None if nothing."""
    expected = Expected(folder, [place for place in told.places if find(place)], told.movies, told.project)
    only_movies = not told.places and expected.pressed_here and bpy.data.is_saved
    return expected if expected.places or only_movies else None


def _folders() -> tuple[list[Path], list[Path]]:
    """Return the job folders that may have a note, each once, and those that should have one but do not.

    The former are the folders known to have a note, even if the user has since chosen another place for results, and
    all folders where this project's results go, which may come from another machine. Other projects' folders of results
    are not searched.
    """
    expected, own = known.expected(), [properties.unsaved_folder(), *known.of_this_project()]
    # Each parent is listed once for all of its jobs: an unreachable network share takes a minute to answer.
    names = {parent: names_in(parent) for parent in dict.fromkeys([*own, *(job.parent for job in expected)])}
    real = {parent: parent.resolve() for parent, there in names.items() if there}
    there = {job: names_in(job) for job in expected if job.name in names[job.parent]}
    bare = [job for job, files in there.items() if files and PLACES_FILE not in files]  # no files: no answer, perhaps
    every = [*expected, *(parent / name for parent in own for name in sorted(names[parent]))]
    return list({(real[job.parent], job.name): job for job in every if job.parent in real}.values()), bare


@dataclass(frozen=True)
class _Note:
    """What one project waits for; a job's folder holds a note for each project that asked for its frames."""

    project: str
    """The file in which the button was pressed; empty if the project was never saved."""
    places: list[Placement]
    movies: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return what `_read` reads."""
        return {"project": self.project, "places": [place.to_dict() for place in self.places], "movies": self.movies}


def _of_others(folder: Path, former: str | None) -> list[_Note]:
    """Return the notes in a job's folder that are not the open project's, under its name or a `former` one."""
    return [one for one in _read(folder) if one.project not in (bpy.data.filepath, former)]


def _read(folder: Path) -> list[_Note]:
    """Return the notes in a job's folder; none if the file is missing, incomplete or of another version."""

    def build(told: list[dict[str, Any]]) -> list[_Note]:
        return [
            _Note(
                one["project"],
                [Placement.from_dict(place) for place in one["places"]],
                [str(name) for name in one["movies"]],
            )
            for one in told
        ]

    return read_json(folder / PLACES_FILE, build) or []


def _write(folder: Path, told: list[_Note]) -> None:
    """Write notes into a job's folder. If that fails, the results do not survive the session, but the job goes on."""
    with contextlib.suppress(OSError):
        write_json(folder / PLACES_FILE, [one.to_dict() for one in told])
