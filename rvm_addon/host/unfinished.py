"""Results that are still to come, noted in their jobs' folders: they outlast a file that is closed, and a crash.

The note is there from the button until the result is on its timeline, or the user cancels the job or takes it off the
list.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import bpy

from . import caches, properties, results
from .results import Placement

PLACES_FILE = "places.json"


def note(folder: Path, places: list[Placement]) -> None:
    """Leave in a job's folder where its results go. A folder that refuses only costs what this is for."""
    told = {"project": bpy.data.filepath, "places": [asdict(place) for place in places]}
    with contextlib.suppress(OSError):
        (folder / PLACES_FILE).write_text(json.dumps(told), encoding="utf-8")


def forget(folder: Path) -> None:
    """Take the note out of a job's folder: nothing is to come any more."""
    with contextlib.suppress(OSError):
        (folder / PLACES_FILE).unlink(missing_ok=True)


@dataclass(frozen=True)
class Expected:
    """A job whose results may be put on the timelines of the open project."""

    folder: Path
    places: list[Placement]
    """Those whose strip is there."""
    pressed_here: bool
    """Whether the button was pressed in this very file: in a copy of it, nothing appears without the user's word."""


def of_this_project() -> Iterator[Expected]:
    """Yield the jobs whose results are still to come, and whose strips are in the open project."""
    for parent in {parent.resolve(): parent for parent in _folders_of_results()}.values():
        for path in sorted(parent.glob(f"*/{PLACES_FILE}")):
            project, every = _read(path)
            places = [place for place in every if results.find(place) is not None]
            if places:
                yield Expected(path.parent, places, project == bpy.data.filepath)


def _folders_of_results() -> Iterator[Path]:
    """Yield the folders to which jobs went so far, whatever was chosen or saved since, and where this project's go."""
    yield properties.unsaved_folder()
    yield from caches.folders()


def _read(path: Path) -> tuple[str, list[Placement]]:
    """Return project and places of a note; none where it is not whole, or of another version."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return told["project"], [Placement.from_dict(one) for one in told["places"]]
    except (OSError, ValueError, TypeError, KeyError):
        return "", []
