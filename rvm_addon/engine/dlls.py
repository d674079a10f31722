"""What OpenCV asks of Python on Windows, where Blender's own Python does not find it. Standard library only."""

import sys
from pathlib import Path

_STABLE_INTERFACE = "python3.dll"
"""Through it, an extension module that is made for no version in particular speaks to Python."""


def load_stable_interface() -> None:
    """Load that library, if Python would not find it by itself; before OpenCV is imported.

    What is loaded, Windows takes for what is asked for by the same name. Other systems need nothing of the kind.
    """
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415  # of no use elsewhere

        library = beside_blender(Path(sys.executable))
        if library is not None:
            ctypes.WinDLL(str(library))


def beside_blender(python: Path) -> Path | None:
    """Return Blender's own file, given the executable of its Python; None where Python has one, or Blender has none.

    Blenders of about 4.2 have it beside `blender.exe` only, and Python, in `4.2/python/bin`, looks beside itself.
    """
    if python.with_name(_STABLE_INTERFACE).is_file():
        return None
    found = (folder / _STABLE_INTERFACE for folder in python.parents[3:4])
    return next((library for library in found if library.is_file()), None)
