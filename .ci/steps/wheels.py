"""The wheels that the extension carries: which ones, for which Blender, and where they come from.

`blender_manifest.toml` lists them, and `.ci/requirements/wheels.sha256` has the hash of each. A wheel's file name says
everything else, so no fact is stored twice.
"""

import hashlib
import platform as machine
import sys
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from . import fetch
from .commands import StepError
from .layout import MANIFEST, REQUIREMENTS, WHEELS

HASHES = REQUIREMENTS / "wheels.sha256"

PLATFORMS = {
    ("linux", "x86_64"): "linux-x64",
    ("win32", "AMD64"): "windows-x64",
    ("darwin", "arm64"): "macos-arm64",
    ("darwin", "x86_64"): "macos-x64",
}
"""Blender's names of platforms by `sys.platform` and `platform.machine()`."""
WHEEL_PLATFORMS = {
    ("manylinux", "x64"): "linux-x64",
    ("win", "x64"): "windows-x64",
    ("macosx", "arm64"): "macos-arm64",
    ("macosx", "x64"): "macos-x64",
}
"""Blender's names of platforms by the first word of a wheel's platform tag and its processor."""
BLENDER_PYTHONS = ("cp311", "cp313")
"""The Pythons inside Blender's own downloads from 4.2 on."""


@dataclass(frozen=True)
class Wheel:
    """One wheel, described by the parts of its file name."""

    file: str
    project: str
    version: str
    python: str
    """The tag of the Python that it is made for, e.g. `cp311`; of the oldest one if `abi` is `abi3`."""
    abi: str
    tags: tuple[str, ...]
    """The platform tags, e.g. `manylinux_2_28_x86_64`."""

    @classmethod
    def named(cls, file: str) -> Self:
        """Return the wheel with this file name."""
        project, version, python, abi, tags = file.removesuffix(".whl").split("-")
        return cls(file, project, version, python, abi, tuple(tags.split(".")))

    @property
    def platform(self) -> str:
        """Blender's name of the platform."""
        system, _, rest = self.tags[0].partition("_")
        return WHEEL_PLATFORMS[system.rstrip("0123456789"), "arm64" if rest.endswith("arm64") else "x64"]

    def serves(self, python: str) -> bool:
        """Return whether the Python with this tag can import it."""
        return self.abi == "abi3" or self.python == python


def this_platform() -> str:
    """Return Blender's name of this machine's platform.

    Raises:
        StepError: Blender or the extension does not support the platform.
    """
    here = (sys.platform, machine.machine())
    if here not in PLATFORMS:
        raise StepError(f"There is no package for this platform: {' '.join(here)}.")
    return PLATFORMS[here]


def hashes() -> dict[str, str]:
    """Return the sha256 of every known wheel by its file name."""
    lines = HASHES.read_text(encoding="ascii").splitlines()
    return {file: sha256 for sha256, file in (line.split() for line in lines)}


def listed() -> list[Wheel]:
    """Return the wheels of the manifest, in its order."""
    manifest = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    return [Wheel.named(Path(path).name) for path in manifest["wheels"]]


def select(platforms: Collection[str], pythons: Iterable[str]) -> list[Wheel]:
    """Return the wheels that these platforms and Pythons need, in the manifest's projects and versions.

    A Python without a wheel in the manifest (`cp314`) gets the wheel of the same version from the list of hashes.

    Raises:
        StepError: some project has no wheel for one of these Pythons on one of these platforms.
    """
    known = [Wheel.named(file) for file in hashes()]
    releases = dict.fromkeys((w.project, w.version, w.platform) for w in listed() if w.platform in platforms)
    selected: dict[str, Wheel] = {}
    for release in releases:
        for python in pythons:
            fitting = [w for w in known if (w.project, w.version, w.platform) == release and w.serves(python)]
            if not fitting:
                raise StepError("There is no wheel of {} {} on {} for {}.".format(*release, python))
            selected[fitting[0].file] = fitting[0]
    return list(selected.values())


def cached(wheel: Wheel, python: Path) -> Path:
    """Return the wheel's file; the pip of `python` fetches it unless it is here already and intact.

    Raises:
        StepError: it could not be fetched, or its hash is not the pinned one.
    """
    path = WHEELS / wheel.file
    sha256 = hashes()[wheel.file]
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
        return path
    selection = ["--implementation", "cp", "--python-version", wheel.python.removeprefix("cp"), "--abi", wheel.abi]
    for tag in wheel.tags:
        selection += ["--platform", tag]
    fetched = fetch.wheel(python, f"{wheel.project}=={wheel.version}", sha256, WHEELS, selection)
    if fetched.name != wheel.file:
        raise StepError(f"Asked for {wheel.file}, got {fetched.name}.")
    return fetched
