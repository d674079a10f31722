"""Files that appear whole or not at all. Standard library only."""

import contextlib
from pathlib import Path

from .spec import PARTIAL_SUFFIX


def write(path: Path, data: bytes, partial: Path | None = None) -> None:
    """Write a file under a temporary name, and give it its own in the end; where that fails, nothing of it is left.

    `partial` is the temporary name, on the same drive; beside `path`, unless it is given.

    Raises:
        OSError: the disk is full or a folder refuses.
    """
    partial = partial or path.with_name(f"{path.name}{PARTIAL_SUFFIX}")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
