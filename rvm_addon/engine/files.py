"""What is asked of files: which there are, whether they are still the same, what they say. Standard library only."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from .spec import Stamp, composed

_Read = TypeVar("_Read")


def read_json(path: Path, build: Callable[[Any], _Read]) -> _Read | None:
    """Return what `build` makes of a file of JSON; None where that is not there, not whole or of another version.

    What it does not understand, `build` refuses with a ValueError, TypeError or KeyError.
    """
    try:
        return build(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def names_in(folder: Path) -> frozenset[str]:
    """Return the names of what lies in a folder, as results are named; none where it cannot be looked into."""
    try:
        return frozenset(_as_named(folder, entry.name) for entry in os.scandir(folder))
    except OSError:
        return frozenset()


def _as_named(folder: Path, found: str) -> str:
    """Return the name under which a file was written, given the one that its drive tells (see `composed`)."""
    name = composed(found)
    return name if name == found or (folder / name).exists() else found


def stamps(paths: Iterable[str]) -> tuple[Stamp, ...]:
    """Return each file's size and time of modification; (-1, 0) for one that is not there."""
    return tuple(map(_stamp, paths))


def _stamp(path: str) -> Stamp:
    """Return one file's."""
    try:
        told = os.stat(path)  # noqa: PTH116  # thousands of pictures: a Path for each costs more than the question
    except OSError:
        return -1, 0
    return told.st_size, told.st_mtime_ns
