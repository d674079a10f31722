"""Names, stamps and JSON content of files. Standard library only."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from . import whole
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


def write_json(path: Path, value: object) -> None:
    """Write a value to a JSON file, whole or not at all.

    Raises:
        OSError: the folder refuses.
    """
    whole.write(path, json.dumps(value).encode())


def is_folder(path: str | Path) -> bool:
    """Return whether there is a folder of this path; like the two below, False where a drive or share is away.

    `Path.is_dir` and its kin let the system's error pass there.
    """
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: str | Path) -> bool:
    """Return whether there is a file of this path; False where its drive is away."""
    return os.path.isfile(path)  # noqa: PTH113


def exists(path: str | Path) -> bool:
    """Return whether there is anything of this path; False where its drive is away."""
    return os.path.exists(path)  # noqa: PTH110


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
        status = os.stat(path)  # noqa: PTH116  # with thousands of pictures, making Paths costs more than the calls
    except OSError:
        return -1, 0
    return status.st_size, status.st_mtime_ns
