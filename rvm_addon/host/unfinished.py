"""Results that are still to come, noted in their jobs' folders: they outlast a file that is closed, and a crash.

The note is there from the button until the result is on its timeline, or the user cancels the job or takes it off the
list.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import bpy

from . import properties, results
from .results import Placement

PLACES_FILE = "places.json"


def note(folder: Path, places: list[Placement]) -> None:
    """Leave in a job's folder where its results go. A folder that refuses only costs what this is for."""
    with contextlib.suppress(OSError):
        (folder / PLACES_FILE).write_text(json.dumps([asdict(place) for place in places]), encoding="utf-8")


def forget(folder: Path) -> None:
    """Take the note out of a job's folder: nothing is to come any more."""
    with contextlib.suppress(OSError):
        (folder / PLACES_FILE).unlink(missing_ok=True)


def of_this_project() -> Iterator[tuple[Path, list[Placement]]]:
    """Yield the folders of jobs whose results are to come on the timelines of the open project, and their places.

    A place is the project's where its strip is there; so it is in a copy of the project, too.
    """
    for parent in dict.fromkeys(_folders_of_results()):
        for path in sorted(parent.glob(f"*/{PLACES_FILE}")):
            places = [place for place in _read(path) if results.find(place) is not None]
            if places:
                yield path.parent, places


def _folders_of_results() -> Iterator[Path]:
    """Yield the folders to which the project's jobs go, and where they went before it was saved."""
    for scene in bpy.data.scenes:
        yield properties.output_folder(properties.chosen_folder(scene.rvm_matting))
    yield properties.unsaved_folder()


def _read(path: Path) -> list[Placement]:
    """Return the places of a note; none where it is not whole, or of another version."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return [Placement(**(one | {"shown": tuple(one["shown"])})) for one in told]
    except (OSError, ValueError, TypeError, KeyError):
        return []
