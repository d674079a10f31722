"""A worker that is loaded before it is known what it will do, and how it is told then. Standard library only."""

import json
import os
from pathlib import Path

from .spec import LOG_FILE

_STANDARD_INPUT, _STANDARD_OUTPUT, _STANDARD_ERROR = range(3)
_READ_AT_ONCE = 4096


def order(folder: Path) -> bytes:
    """Return the line that tells a waiting worker to work in `folder`."""
    return json.dumps(str(folder)).encode() + b"\n"


def ordered() -> Path | None:
    """Wait for an order, take its folder for the current one and let its log be what is printed; None if none comes.

    Nobody may read standard input meanwhile, and nothing may have been read of it.
    """
    line = b""
    while not line.endswith(b"\n"):
        read = os.read(_STANDARD_INPUT, _READ_AT_ONCE)
        if not read:
            return None
        line += read
    folder = Path(json.loads(line))
    with (folder / LOG_FILE).open("ab") as log:  # should another process have the folder, it is that one's
        for descriptor in (_STANDARD_OUTPUT, _STANDARD_ERROR):
            os.dup2(log.fileno(), descriptor)
    os.chdir(folder)
    return folder
