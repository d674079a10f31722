"""Finding a Python of a wanted version. A candidate counts only if it runs; a file of the right name is not enough."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .commands import StepError

Version = tuple[int, int]

PROBE_SECONDS = 20
"""How long a candidate may take: a Python answers at once, a shim on a slow disk may take a while."""
# Debian ships Python without the modules that make environments; such a Python does not qualify.
PROBE = "import sys, venv, ensurepip; print(*sys.version_info[:2], sys.executable)"


def find(version: Version) -> Path:
    """Return a working Python of exactly this version that can make environments.

    Raises:
        StepError: there is none; the text says what to install.
    """
    found = next(filter(None, (_probe(command, version) for command in _candidates(version))), None)
    if found is None:
        name = "{}.{}".format(*version)
        raise StepError(
            f"No working Python {name} was found. Install Python {name} together with its venv module "
            f"(Debian and Ubuntu: the package python{name}-venv; Windows and macOS: the installer from python.org), "
            f"so that python{name} starts it, and try again."
        )
    return found


def exists(version: Version) -> bool:
    """Return whether `find` would find one."""
    try:
        find(version)
    except StepError:
        return False
    return True


def _candidates(version: Version) -> Iterator[list[str]]:
    """Yield command lines that may start such a Python, the likeliest first."""
    name = "python{}.{}".format(*version)
    if sys.version_info[:2] == version:
        yield [sys.executable]
    if os.name == "nt":
        yield ["py", "-{}.{}".format(*version)]
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    # Every folder of the path counts, not only the first hit: pyenv's shims come first, and fail for a Python that is
    # installed but not enabled. Therefore pyenv's own folders are searched, too.
    for folder in folders:
        if (folder / name).is_file():
            yield [str(folder / name)]
    pyenvs = [folder.parent for folder in folders if folder.name == "shims"]
    for pyenv in dict.fromkeys((*pyenvs, Path.home() / ".pyenv")):
        for python in sorted(pyenv.glob("versions/{}.{}.*/bin/python".format(*version)), reverse=True):
            yield [str(python)]


def _probe(command: list[str], version: Version) -> Path | None:
    """Run a candidate; return the interpreter behind it if it is of this version, None if it fails in any way."""
    try:
        answer = subprocess.run(
            [*command, "-c", PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, executable = answer.stdout.strip().split(" ", 2)
    return Path(executable) if (int(major), int(minor)) == version else None
