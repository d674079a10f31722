"""File names that every system accepts and that are still free: no existing file or folder is ever overwritten."""

import os
from collections.abc import Callable
from pathlib import Path

from ..engine.contract.errors import OutputRefused
from ..engine.contract.files import is_folder
from ..engine.contract.spec import composed

_LONGEST_STEM_BYTES = 100
"""A name may have 255 bytes, but on Windows a whole path has at most 260 characters."""
_RESERVED_ON_WINDOWS = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in "123456789¹²³")}


def file_stem(name: str) -> str:
    """Return `name` as a file name that every system accepts: letters of any script stay, as far as there is room."""
    kept = "".join(c if c.isalnum() or c in " ._-+()" else "_" for c in composed(name))
    short = kept.encode()[:_LONGEST_STEM_BYTES].decode(errors="ignore").strip(" .")
    if short.partition(".")[0].rstrip(" ").upper() in _RESERVED_ON_WINDOWS:
        short = f"_{short}"
    return short or "strip"


def claim_folder(parent: Path, name: str) -> Path:
    """Make and return a new folder called `name`, or `name 2` and so on if that is taken.

    Raises:
        OutputRefused: `parent` cannot be written to.
    """
    return _claim(parent, name, "", lambda path: path.mkdir(parents=True))


def claim_file(parent: Path, stem: str, suffix: str) -> Path:
    """Make and return a new empty file called `stem` and `suffix`, or `stem 2` and so on if that is taken.

    Raises:
        OutputRefused: `parent` cannot be written to.
    """
    return _claim(parent, stem, suffix, lambda path: path.open("xb").close())


def _claim(parent: Path, stem: str, suffix: str, make: Callable[[Path], None]) -> Path:
    """Return the first path that `make` can create; from the second try on, the name ends in a number.

    If `parent` is not a folder, other names are not tried, for they would fail as well.

    Raises:
        OutputRefused: `parent` cannot be written to.
    """
    path, number = parent / f"{stem}{suffix}", 1
    while True:
        try:
            make(path)
        except (FileExistsError, NotADirectoryError):
            if not is_folder(parent):
                raise _blocked(parent) from None
            number += 1
            path = parent / f"{stem} {number}{suffix}"
        except OSError as error:
            raise OutputRefused(path, error) from error
        else:
            return path


def _blocked(folder: Path) -> OutputRefused:
    """Return the error for a folder that cannot be made because it, or one above it, is something else already."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if there.is_symlink():  # most often to a drive that was removed
        return OutputRefused(there, "it leads to a place that is not there")
    return OutputRefused(there, "it is a file, not a folder")
