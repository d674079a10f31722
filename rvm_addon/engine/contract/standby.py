"""A worker that is loaded before its job is known, and the order that tells it the job. Standard library only."""

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
    """Wait for an order and return its folder; None if standard input ends without one.

    The folder becomes the current one, and output goes to the log there. Nothing else may have read from standard
    input, or read it meanwhile.
    """
    line = b""
    while not line.endswith(b"\n"):
        read = os.read(_STANDARD_INPUT, _READ_AT_ONCE)
        if not read:
            return None
        line += read
    folder = Path(json.loads(line))
    with (folder / LOG_FILE).open("ab") as log:  # appended: another process may hold the folder and own the log
        for descriptor in (_STANDARD_OUTPUT, _STANDARD_ERROR):
            os.dup2(log.fileno(), descriptor)
    os.chdir(folder)
    return folder
