"""Making the extension's zips with Blender's own builder, from a staged copy; tracked files are never edited.

The copy is needed because the builder wants `__init__.py` beside the manifest, and this repository keeps it in
`rvm_addon/`.
"""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import weights, wheels
from .commands import StepError, follow
from .environment import prepare_any_blender
from .layout import ADDON, BUILD, MANIFEST, PACKAGES, ROOT, WEIGHTS
from .progress import Progress

BUILDER = "site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"
"""The builder's path inside an environment. It is a plain program that runs without Blender."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold, given to every file: equal contents make equal zips."""
MEGABYTE = 1_000_000


def package_for(platform: str, *, with_wheels: bool = True) -> Path:
    """Make a zip for one platform and each Blender's Python; return its path. This is fast once the wheels are fetched.

    A zip without wheels is made in a moment; it serves a Blender whose Python has ONNX Runtime and OpenCV already.

    Raises:
        StepError: a wheel is missing, or Blender's builder refuses.
    """
    destination = PACKAGES if with_wheels else PACKAGES / "without-wheels"
    (zipped,) = package([platform], wheels.BLENDER_PYTHONS, destination, with_wheels=with_wheels)
    return zipped


def package(
    platforms: Sequence[str],
    pythons: Sequence[str],
    destination: Path,
    *,
    with_wheels: bool = True,
) -> list[Path]:
    """Make one zip for each platform in `destination`, checked by Blender's own validator; return their paths.

    Raises:
        StepError: a wheel is missing, or Blender's builder or validator refuses.
    """
    environment = prepare_any_blender()
    python = environment.python
    models = weights.ensure(python)
    selected = wheels.select(platforms, pythons) if with_wheels else []
    files = [wheels.cached(wheel, python) for wheel in selected]
    for folder in (BUILD, destination):
        folder.mkdir(parents=True, exist_ok=True)
    builder = [python, _builder(environment.folder)]
    with (
        tempfile.TemporaryDirectory(prefix="stage-", dir=BUILD) as stage,
        tempfile.TemporaryDirectory(prefix=".zips-", dir=destination) as made,
        Progress(f"Packaging for {', '.join(platforms)}") as progress,
    ):
        _stage(Path(stage), platforms, files, models)
        folders = ["--source-dir", stage, "--output-dir", made]
        follow([*builder, "build", *folders, "--split-platforms"], progress, "package-build")
        for zipped in sorted(Path(made).glob("*.zip")):
            _settle(zipped)
            follow([*builder, "validate", zipped], progress, "package-validate")
        return [zipped.replace(destination / zipped.name) for zipped in sorted(Path(made).glob("*.zip"))]


def describe(zipped: Path) -> str:
    """Return a zip's path and its size, in a line."""
    return f"{zipped}  {zipped.stat().st_size / MEGABYTE:.1f} MB"


def _stage(stage: Path, platforms: Iterable[str], wheel_files: Sequence[Path], models: Iterable[Path]) -> None:
    """Copy into `stage` the files that the installed extension has."""
    shutil.copytree(ADDON, stage, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for folder, files in {
        stage: [ROOT / "LICENSE"],
        stage / "weights": [WEIGHTS / "catalogue.toml", WEIGHTS / "README.md", *models],
        stage / "wheels": wheel_files,
    }.items():
        folder.mkdir(exist_ok=True)
        for file in files:
            shutil.copyfile(file, folder / file.name)
    for name in ("README.md", "README.zh.md"):  # the manual: plain text, for browsers do not show Markdown
        shutil.copyfile(ROOT / name, stage / Path(name).with_suffix(".txt"))
    manifest = _with_list(MANIFEST.read_text(encoding="utf-8"), "platforms", platforms)
    manifest = _with_list(manifest, "wheels", (f"./wheels/{file.name}" for file in wheel_files))
    (stage / MANIFEST.name).write_text(manifest, encoding="utf-8")


def _with_list(manifest: str, key: str, values: Iterable[str]) -> str:
    """Return the manifest's text with other values in the list `key`; the standard library cannot write TOML."""
    lines = "".join(f'  "{value}",\n' for value in values)
    text, replaced = re.subn(rf"(?ms)^{key} = \[.*?\]$", f"{key} = [\n{lines}]", manifest)
    if replaced != 1:
        raise StepError(f"{MANIFEST.name} should have one list named “{key}”; it has {replaced}.")
    return text


def _builder(environment: Path) -> Path:
    """Return Blender's extension builder inside an environment, whose `bpy` has exactly one."""
    # The first on Windows, the second elsewhere.
    libraries = ("Lib", "lib/python3.*")
    found = next((path for library in libraries for path in environment.glob(f"{library}/{BUILDER}")), None)
    if found is None:
        raise StepError(f"There is no {BUILDER} in {environment}. Delete that folder and try again.")
    return found


def _settle(zipped: Path) -> None:
    """Write the zip again with its files in order and without times, owners and other traces of this machine."""
    settled = zipped.with_suffix(".settled")
    with zipfile.ZipFile(zipped) as source, zipfile.ZipFile(settled, "w") as target:
        for name in sorted(source.namelist()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            # Wheels are zips themselves: compressing them again takes a minute and gains nothing.
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    settled.replace(zipped)
