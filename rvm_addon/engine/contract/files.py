"""Names, stamps and JSON content of files. Standard library only."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from .spec import Stamp, composed

_Read = TypeVar("_Read")


def read_json(path: Path, build: Callable[[Any], _Read]) -> _Read | None:
    """Return what `build` makes of a JSON file's content; None if the file is missing, not whole or of another version.

    `build` refuses content that it does not understand with a ValueError, TypeError or KeyError.
    """
    try:
        return build(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def names_in(folder: Path) -> frozenset[str]:
    """Return the names in a folder, composed as names of results are; an empty set if the folder cannot be read."""
    try:
        return frozenset(_as_named(folder, entry.name) for entry in os.scandir(folder))
    except OSError:
        return frozenset()


def _as_named(folder: Path, found: str) -> str:
    """Return the name under which a file was written, given the name that its drive lists (see `composed`)."""
    name = composed(found)
    return name if name == found or (folder / name).exists() else found


def stamps(paths: Iterable[str]) -> tuple[Stamp, ...]:
    """Return each file's size and modification time; (-1, 0) for a missing file."""
    return tuple(map(_stamp, paths))


def _stamp(path: str) -> Stamp:
    """Return one file's stamp."""
    try:
        told = os.stat(path)  # noqa: PTH116  # with thousands of pictures, making Paths costs more than the calls
    except OSError:
        return -1, 0
    return told.st_size, told.st_mtime_ns
