"""Files that appear whole or not at all, and a check that they are still whole. Standard library only."""

import contextlib
import os
import time
from pathlib import Path

from .spec import PARTIAL_SUFFIX

_IN_USE = frozenset({5, 32, 33})
"""Windows' errors when a file to rename or replace is open in another process: a virus scanner opens each new file for
a moment. (5 may also mean that the folder refuses; nothing tells the two apart.)"""
_WAITS_SECONDS = (0.01, 0.03, 0.1, 0.3, 0.6)
"""The pauses between retries after such an error."""

_END_BYTES = 16
"""The end of a file that is checked: a power cut may leave files that are empty, or of full length with zeros at the
end."""


def write(path: Path, data: bytes, partial: Path | None = None) -> None:
    """Write a file under a temporary name and then rename it to `path`; if that fails, delete the temporary file.

    `partial` is the temporary name, on the same drive; by default it lies beside `path`.

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
    """Rename a file that was just written to `path`, with retries while another process has it open for a moment.

    Raises:
        OSError: the folder refuses, or another process keeps the file open.
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
    """Return whether a file under its final name has survived, for example, a power cut, judged by its last bytes."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(stream.seek(0, os.SEEK_END) - _END_BYTES, 0))
            return any(stream.read())
    except OSError:
        return False
