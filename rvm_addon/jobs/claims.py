"""Names of files: such as every system accepts, and nobody else's, for nothing that is there is ever written over."""

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

    Raises:
        OutputFailed: `parent` refuses.
    """
    path, number = parent / f"{stem}{suffix}", 1
    while True:
        try:
            make(path)
        except FileExistsError:
            if parent.exists() and not parent.is_dir():
                raise OutputFailed(parent, "it is a file, not a folder") from None
            number += 1
            path = parent / f"{stem} {number}{suffix}"
        except OSError as error:
            raise OutputFailed(path, error.strerror or "") from error
        else:
            return path
