"""What scripts inside Blender share: the extension from its zip, the way to its modules, how such a process ends."""

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import bpy

PACKAGE = "bl_ext.user_default.rvm_matting"


def install(zipped: Path) -> None:
    """Install the extension with Blender's own installer.

    Raises:
        SystemExit: Blender did not take it.
    """
    bpy.ops.extensions.package_install_files(filepath=str(zipped), repo="user_default", enable_on_install=True)
    if PACKAGE not in bpy.context.preferences.addons:
        raise SystemExit("Blender did not take the extension")


def host(name: str) -> ModuleType:
    """Return a module of the installed extension's `host`."""
    return importlib.import_module(f"{PACKAGE}.host.{name}")


def run_and_leave(work: Callable[[], None]) -> NoReturn:
    """Do the work and end this process, with status 0 if nothing was raised.

    The bpy module may hang or crash while the interpreter goes, after all is done: so it does not go that way.
    """
    status = 1
    try:
        work()
        status = 0
    except SystemExit as stop:
        sys.stderr.write(f"{stop}\n")
    except Exception:  # noqa: BLE001  # the interpreter's own report would never come
        traceback.print_exc()
    with contextlib.suppress(OSError):  # Blender's own end would clear up; it is empty
        Path(bpy.app.tempdir).rmdir()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
