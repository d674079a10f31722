"""A library that OpenCV needs on Windows and that Blender's own Python does not find. Standard library only."""

import sys
from pathlib import Path

_STABLE_INTERFACE = "python3.dll"
"""The library of Python's stable ABI, which extension modules for no particular version of Python link to."""


def load_stable_interface() -> None:
    """Load the library before OpenCV is imported, if Python would not find it by itself.

    Windows then resolves the same name to the loaded library. Other systems need nothing of the kind.
    """
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415  # of no use elsewhere

        library = beside_blender(Path(sys.executable))
        if library is not None:
            ctypes.WinDLL(str(library))


def beside_blender(python: Path) -> Path | None:
    """Return Blender's copy of the library, given its Python's executable; None if Python has one or Blender has none.

    Blender versions around 4.2 have it only beside `blender.exe`; Python, in `4.2/python/bin`, looks beside itself.
    """
    if python.with_name(_STABLE_INTERFACE).is_file():
        return None
    found = (folder / _STABLE_INTERFACE for folder in python.parents[3:4])
    return next((library for library in found if library.is_file()), None)
