"""Names of files: such as every system accepts, and nobody else's, for nothing that is there is ever written over."""

import os
from collections.abc import Callable
from pathlib import Path

from ..engine.errors import OutputFailed
from ..engine.spec import composed

_LONGEST_STEM_BYTES = 100
"""Of the 255 that a name may have; and on Windows a whole path has no more than 260 characters."""
_RESERVED_ON_WINDOWS = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}


def file_stem(name: str) -> str:
    """Return `name` as a file name that every system accepts: letters of any script stay, as far as there is room."""
    kept = "".join(c if c.isalnum() or c in " ._-+()" else "_" for c in composed(name))
    short = kept.encode()[:_LONGEST_STEM_BYTES].decode(errors="ignore").strip(" .")
    if short.partition(".")[0].upper() in _RESERVED_ON_WINDOWS:
        short = f"_{short}"
    return short or "strip"


def claim_folder(parent: Path, name: str) -> Path:
    """Make a folder called `name`, or `name 2` and so on where that is taken, and return it: it is nobody else's.

    Raises:
        OutputFailed: `parent` refuses.
    """
    return _claim(parent, name, "", lambda path: path.mkdir(parents=True))


def claim_file(parent: Path, stem: str, suffix: str) -> Path:
    """Make an empty file called `stem` and `suffix`, or `stem 2` and so on where that is taken, and return it.

    Raises:
        OutputFailed: `parent` refuses.
    """
    return _claim(parent, stem, suffix, lambda path: path.open("xb").close())


def _claim(parent: Path, stem: str, suffix: str, make: Callable[[Path], None]) -> Path:
    """Return the first path, numbered from the second on, that `make` could make.

    Where `parent` is no folder, no name is taken, and no other would be free.

    Raises:
        OutputFailed: `parent` refuses.
    """
    path, number = parent / f"{stem}{suffix}", 1
    while True:
        try:
            make(path)
        except (FileExistsError, NotADirectoryError):
            if not os.path.isdir(parent):  # noqa: PTH112  # `Path.is_dir` raises where a network drive is away
                raise _blocked(parent) from None
            number += 1
            path = parent / f"{stem} {number}{suffix}"
        except OSError as error:
            raise OutputFailed(path, error.strerror or "") from error
        else:
            return path


def _blocked(folder: Path) -> OutputFailed:
    """Return what to say of a folder that cannot be made, for it, or one above it, is something else already."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if there.is_symlink():  # a drive that was taken out, most often
        return OutputFailed(there, "it leads to a place that is not there")
    return OutputFailed(there, "it is a file, not a folder")
