"""Where a worker's libraries are, found without importing any of them into Blender."""

import importlib.util
import sys
from pathlib import Path

from ...jobs.worker import Launcher

_LIBRARIES = ("numpy", "cv2", "onnxruntime", "isal")
_EXTENSION_WHEELS = "/extensions/.local/"


def launcher() -> Launcher:
    """Return how workers find Python and their libraries; the extension's own wheels come first."""
    own = [entry for entry in sys.path if _EXTENSION_WHEELS in Path(entry).as_posix() + "/"]
    found = [Path(origin).parents[1] for name in _LIBRARIES if (origin := _origin(name)) is not None]
    return Launcher(libraries=tuple(dict.fromkeys([*own, *map(str, found)])))


def missing() -> list[str]:
    """Return the names of the libraries that a worker would not find."""
    return [name for name in _LIBRARIES if _origin(name) is None]


def _origin(name: str) -> str | None:
    """Return the file of a library's package without importing it; None where there is none."""
    spec = importlib.util.find_spec(name)
    return None if spec is None else spec.origin
