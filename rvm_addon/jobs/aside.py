"""Small processes beside this one, for what may take its time and what nobody waits for."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..engine.spec import PARTIAL_SUFFIX
from .worker import NEUTRAL_FOLDER, Launcher, apart, environment

_DELETE = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"


def discard(folder: Path, launcher: Launcher) -> None:
    """Delete a job's folder, or one in it, which may hold thousands of files; the name is free at once.

    Raises:
        OSError: the folder cannot be renamed; everything in it stays.
    """
    doomed = folder.with_name(f".{folder.name}{PARTIAL_SUFFIX}")
    folder.rename(doomed)
    _start(launcher.command("-c", _DELETE, str(doomed)), environment(launcher))


def redraw(folder: Path, launcher: Launcher) -> subprocess.Popen[bytes]:
    """Start a process that draws the view of a job's newest frame anew, and return it.

    Raises:
        OSError: it cannot be started.
    """
    return _start(launcher.command("-m", "engine", str(folder), "--redraw"), environment(launcher))


def open_page(page: Path, launcher: Launcher) -> None:
    """Show a local page in the user's browser, where there is a screen: never in one that takes the terminal.

    Raises:
        OSError: the process that asks for it cannot be started.
    """
    if sys.platform in {"win32", "darwin"} or os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}:
        # Python's settings are the user's, and the browser's own scripts shall have them: only this process shall not.
        _start(launcher.command("-I", "-m", "webbrowser", page.as_uri()))


def look_after_caches(results: Iterable[Path], launcher: Launcher, *, clear: bool) -> subprocess.Popen[str]:
    """Start a process that prints how many bytes jobs keep in folders of results, if wanted after it cleared them.

    Raises:
        OSError: it cannot be started.
    """
    with tempfile.TemporaryFile() as told:  # a command line has 32,767 characters at most on Windows
        told.write(json.dumps([*map(str, results)]).encode())
        told.seek(0)
        return subprocess.Popen(
            launcher.command("-m", "engine.caches", *(["--clear"] if clear else [])),
            stdin=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(launcher),
            cwd=NEUTRAL_FOLDER,
            **apart(),
        )


def _start(command: tuple[str, ...], variables: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a process that hears and says nothing; `variables` are its environment, if not this process's own."""
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, stdin=nothing, stdout=nothing, stderr=nothing, env=variables, cwd=NEUTRAL_FOLDER, **apart()
    )
