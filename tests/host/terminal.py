"""The command line as its users have it: a process with arguments, a status, and text."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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
        command(*arguments, "--json"), capture_output=True, text=True, env=environment(), timeout=120, check=False
    )
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr
