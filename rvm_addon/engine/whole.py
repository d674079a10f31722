"""Files that appear whole or not at all, and whether they are whole still. Standard library only."""

import contextlib
import os
import time
from pathlib import Path

from .spec import PARTIAL_SUFFIX

_IN_USE = frozenset({5, 32, 33})
"""How Windows refuses to rename a file, or to replace one, that another process has open: a virus scanner looks at each
new one for a moment. (The first of them also stands for a folder that refuses; nothing tells them apart.)"""
_WAITS_SECONDS = (0.01, 0.03, 0.1, 0.3, 0.6)
"""Between the trials then."""

_END_BYTES = 16
"""A power cut may leave files that are empty, or long enough and nought to the end."""


def write(path: Path, data: bytes, partial: Path | None = None) -> None:
    """Write a file under a temporary name, and give it its own in the end; where that fails, nothing of it is left.

    `partial` is the temporary name, on the same drive; beside `path`, unless it is given.

    Raises:
        OSError: the disk is full or a folder refuses.
    """
    partial = partial or path.with_name(f"{path.name}{PARTIAL_SUFFIX}")
    try:
        partial.write_bytes(data)
        give_name(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def give_name(partial: Path, path: Path) -> None:
    """Give a file that was just written its own name, whoever looks at it for a moment.

    Raises:
        OSError: the folder refuses, or somebody does not let go.
    """
    for seconds in _WAITS_SECONDS:
        try:
            partial.replace(path)
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
            time.sleep(seconds)
        else:
            return
    partial.replace(path)


def is_whole(path: Path) -> bool:
    """Return whether a file that was given its name survived what came then, as far as its end tells."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(stream.seek(0, os.SEEK_END) - _END_BYTES, 0))
            return any(stream.read())
    except OSError:
        return False
