"""The command line as its users have it: a process with arguments, a status, and text."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2

from tests.unprivileged import give_up_rights
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]


def command(*arguments: object) -> list[str]:
    """Return the command line that `build.py matte` runs."""
    return [sys.executable, "-P", "-m", "rvm_addon.host", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return an environment in which the checkout is found."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def matte(*arguments: object) -> tuple[int, list[dict[str, Any]], str]:
    """Run the command with --json; return its status, its objects, and what it said besides."""
    ended = subprocess.run(
        command(*arguments, "--json"),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE_SECONDS,
        preexec_fn=give_up_rights if os.name == "posix" else None,
        check=False,
    )
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


def started(*arguments: object) -> "subprocess.Popen[str]":
    """Start the command with --json, behind whoever waits to interrupt it."""

    def heed() -> None:
        # A shell that starts the tests in the background lets them, and what they start, ignore Ctrl-C.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.nice(10)

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    line = command(*arguments, "--json")
    return subprocess.Popen(line, env=environment(), text=True, preexec_fn=heed, **pipes)  # noqa: PLW1509  # no threads


def written(folder: Path, pattern: str = "*.*") -> dict[str, int]:
    """Return when each frame in a folder was written."""
    told = {}
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # it gives way just now
            told[path.name] = path.stat().st_mtime_ns
    return told


def digest(folder: Path) -> dict[str, str]:
    """Return what lies in a folder, by its sha256."""
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def contents(folder: Path) -> dict[str, str]:
    """Return what the pictures in a folder show, to the bit; ISA-L does not always pack the same in the same bytes."""
    shown = {path.name: cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in folder.iterdir()}
    return {name: f"{picture.shape} {hashlib.sha256(picture.tobytes()).hexdigest()}" for name, picture in shown.items()}
