"""What is asked of files. Standard library only."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

_Read = TypeVar("_Read")


def read_json(path: Path, build: Callable[[Any], _Read]) -> _Read | None:
    """Return what `build` makes of a file of JSON; None where that is not there, not whole or of another version.

    What it does not understand, `build` refuses with a ValueError, TypeError or KeyError.
    """
    try:
        return build(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None
