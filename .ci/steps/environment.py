"""Environments: one folder `.venv-*` for each Blender, made from pinned requirements with hashes.

An environment is ready when the stamp inside it holds the hash of its requirements. The stamp is written last, so an
incomplete environment, or one of older requirements, is made again.
"""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from . import pythons
from .commands import Command, StepError, follow
from .layout import REQUIREMENTS, ROOT
from .progress import Progress

STAMP = "requirements.sha256"


@dataclass(frozen=True)
class Environment:
    """The description of an environment, which need not exist yet."""

    folder: Path
    version: pythons.Version
    """The version of Python; a `bpy` wheel works in one only."""
    requirements: Path

    @property
    def python(self) -> Path:
        """The interpreter inside."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def digest(self) -> str:
        """The sha256 of the requirements: what the stamp of a ready environment holds."""
        return hashlib.sha256(self.requirements.read_bytes()).hexdigest()

    def is_ready(self) -> bool:
        """Return whether it is complete, made from the current requirements, and its Python exists."""
        stamp = self.folder / STAMP
        return self.python.exists() and stamp.exists() and stamp.read_text(encoding="ascii").strip() == self.digest


BLENDERS = {
    name: Environment(ROOT / f".venv-{name}", version, REQUIREMENTS / f"blender-{name}.txt")
    for name, version in {"4.2": (3, 11), "4.5": (3, 11), "5.0": (3, 11), "5.2": (3, 13)}.items()
}
PREFERRED = ("4.5", "5.2")
"""One Blender for each Python: the latest release with long-term support."""


def default_blender() -> str:
    """Return the Blender for the Python that runs this program, else for another Python on this machine.

    Raises:
        StepError: no Python that any Blender works in was found.
    """
    running = [name for name in PREFERRED if BLENDERS[name].version == sys.version_info[:2]]
    names = running or [name for name in PREFERRED if BLENDERS[name].is_ready()] or available_blenders()
    if not names:
        raise StepError(
            "Blender's Python module needs Python 3.11 or 3.13, and neither was found. Install one of them together "
            "with its venv module (Debian and Ubuntu: the package python3.13-venv; Windows and macOS: the installer "
            "from python.org) and try again."
        )
    return names[0]


def available_blenders() -> list[str]:
    """Return the preferred Blenders whose Python is on this machine."""
    return [name for name in PREFERRED if pythons.exists(BLENDERS[name].version)]


def lint_environment() -> Environment:
    """Return the environment of the checks that need no Blender, with the Python of the default Blender."""
    return Environment(ROOT / ".venv-lint", BLENDERS[default_blender()].version, REQUIREMENTS / "lint.txt")


def oldest_environment() -> Environment:
    """Return the environment with the oldest libraries that a zip carries, in the default Blender's Python."""
    return Environment(ROOT / ".venv-oldest", BLENDERS[default_blender()].version, REQUIREMENTS / "oldest.txt")


def peer_environment() -> Environment:
    """Return the environment of the peer that the benchmarks compare with, in the default Blender's Python."""
    return Environment(ROOT / ".venv-bench-peer", BLENDERS[default_blender()].version, REQUIREMENTS / "bench-peer.txt")


def prepare(environment: Environment) -> Path:
    """Make the environment unless it is ready, and return its Python.

    Raises:
        StepError: no Python of that version, or the installation failed.
    """
    if environment.is_ready():
        return environment.python
    base = pythons.find(environment.version)
    log = f"environment{environment.folder.name}"
    with Progress(f"Making {environment.folder.name}") as progress:
        # `--clear` removes the remains of an interrupted attempt or of older requirements.
        follow([base, "-m", "venv", "--clear", environment.folder], progress, log)
    _install(environment, log)
    (environment.folder / STAMP).write_text(environment.digest + "\n", encoding="ascii")
    return environment.python


def prepare_any_blender() -> Environment:
    """Return any ready Blender environment, for steps that only need its pip and Blender's own tools.

    Raises:
        StepError: none was ready, and the default one could not be made.
    """
    ready = (environment for environment in BLENDERS.values() if environment.is_ready())
    environment = next(ready, None) or BLENDERS[default_blender()]
    prepare(environment)
    return environment


def _install(environment: Environment, log: str) -> None:
    """Install exactly the listed requirements: the list is complete, and overrides some wheels' own dependencies."""
    lines = environment.requirements.read_text(encoding="utf-8").splitlines()
    total = sum("==" in line and not line.startswith("#") for line in lines)
    options = ["--disable-pip-version-check", "--no-input", "--require-hashes", "--no-deps"]
    with Progress(f"Installing into {environment.folder.name}", total) as progress:

        def read_line(line: str) -> None:
            # pip prints one of these words for each requirement, the second if a marker names another platform.
            word, _, rest = line.strip().partition(" ")
            if word in {"Collecting", "Ignoring"}:
                progress.update(done=min(progress.done + 1, total - 1), note=rest.split(" ")[0].rstrip(":"))
            elif line.startswith("Installing collected"):
                progress.update(done=total - 1, note="unpacking everything")

        command: Command = [environment.python, "-m", "pip", "install", *options, "-r", environment.requirements]
        follow(command, progress, log, read_line)
