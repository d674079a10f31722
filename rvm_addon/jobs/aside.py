"""Small helper processes for slow work that is no part of a job."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..engine.contract.spec import PARTIAL_SUFFIX
from .worker import NEUTRAL_FOLDER, Launcher, apart, environment

_DELETE = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"


def discard(folder: Path, launcher: Launcher) -> None:
    """Delete a job's folder, or a folder in it, in a process of its own: it may hold thousands of files.

    Its name is free at once.

    Raises:
        OSError: the folder cannot be renamed; nothing in it is deleted.
    """
    doomed = folder.with_name(f".{folder.name}{PARTIAL_SUFFIX}")
    folder.rename(doomed)
    _start(launcher.command("-c", _DELETE, str(doomed)), environment(launcher))


def redraw(folder: Path, launcher: Launcher) -> subprocess.Popen[bytes]:
    """Start a process that redraws the view of a job's newest frame, and return the process.

    Raises:
        OSError: it cannot be started.
    """
    return _start(launcher.command("-m", "engine", str(folder), "--redraw"), environment(launcher))


def open_page(page: Path, launcher: Launcher) -> None:
    """Show a local page in the user's browser if there is a screen; a text browser never takes the terminal.

    Raises:
        OSError: the process that opens the browser cannot be started.
    """
    if sys.platform in {"win32", "darwin"} or os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}:
        # `-I` hides the user's Python settings from this process only: the browser's own scripts still need them.
        _start(launcher.command("-I", "-m", "webbrowser", page.as_uri()))


def look_after_caches(results: Iterable[Path], launcher: Launcher, *, clear: bool) -> subprocess.Popen[str]:
    """Start a process that prints how many bytes jobs keep in these folders of results; `clear` deletes them first.

    Raises:
        OSError: it cannot be started.
    """
    with tempfile.TemporaryFile() as folders:  # on Windows a command line has at most 32,767 characters
        folders.write(json.dumps([*map(str, results)]).encode())
        folders.seek(0)
        return subprocess.Popen(
            launcher.command("-m", "engine.kept.caches", *(["--clear"] if clear else [])),
            stdin=folders,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(launcher),
            cwd=NEUTRAL_FOLDER,
            **apart(),
        )


def _start(command: tuple[str, ...], variables: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a process without input or output; `variables` are its environment, by default this process's own."""
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, stdin=nothing, stdout=nothing, stderr=nothing, env=variables, cwd=NEUTRAL_FOLDER, **apart()
    )
