"""How a Blender without a window ends: at once, for its own end can hang (4.5) or crash (5.0) after all is done."""

import contextlib
import os
from collections.abc import Callable
from typing import NoReturn

import bpy

from ...engine.contract import lifeline


def end_after(main: Callable[[], int]) -> NoReturn:
    """Run `main` and end this process with the status that it returns, or that its exception stands for."""

    def tidily() -> int:
        try:
            return main()
        finally:
            clear_up()

    lifeline.end_after(tidily)


def clear_up() -> None:
    """Delete this Blender's folder for temporary files, as its own end would, if nothing lies in it.

    Where Blender could not make a folder of its own, this is the one that all programs share: hence no more than that.
    """
    with contextlib.suppress(OSError):
        os.rmdir(bpy.app.tempdir)  # noqa: PTH106  # a Path of an empty text would be the working directory
