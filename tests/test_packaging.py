"""The extension's packages: the manifest, the choice of wheels, and real zips made by Blender's own builder."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from steps import layout, packaging, wheels
from steps.commands import StepError

from rvm_addon.engine.contract.weights import catalogue
from tests.host.package import PACKAGE


def test_manifest_covers() -> None:
    """The manifest carries both libraries for every platform and every Python in a Blender."""
    manifest = tomllib.loads(layout.MANIFEST.read_text(encoding="utf-8"))
    assert sorted(manifest["platforms"]) == sorted(wheels.PLATFORMS.values())
    listed = wheels.listed()
    for platform in manifest["platforms"]:
        for python in wheels.BLENDER_PYTHONS:
            fitting = {w.project for w in listed if w.platform == platform and w.serves(python)}
            assert fitting == {"isal", "onnxruntime", "opencv_python_headless"}, (platform, python)


def test_manifest_hashes() -> None:
    """Every wheel of the manifest has a pinned hash."""
    assert {wheel.file for wheel in wheels.listed()} <= set(wheels.hashes())


def test_select_usual() -> None:
    """The usual selection is exactly the manifest's list."""
    selected = wheels.select(list(wheels.PLATFORMS.values()), wheels.BLENDER_PYTHONS)
    assert sorted(wheel.file for wheel in selected) == sorted(wheel.file for wheel in wheels.listed())


def test_select_debian() -> None:
    """Debian's Python gets its own wheel of the same version."""
    isal, runtime, opencv = sorted(wheel.file for wheel in wheels.select(["linux-x64"], ["cp314"]))
    assert isal.startswith("isal-1.9.1-cp314-cp314-manylinux")
    assert runtime.startswith("onnxruntime-1.32.0-cp314-cp314-manylinux")
    assert "-abi3-" in opencv


def test_select_impossible() -> None:
    """A Python without a wheel is refused in words."""
    with pytest.raises(StepError, match=r"onnxruntime 1\.23\.2 on macos-x64 for cp314"):
        wheels.select(["macos-x64"], ["cp314"])


@pytest.fixture(scope="module")
def bare_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a package for this machine without wheels."""
    folder = tmp_path_factory.mktemp("bare")
    (zipped,) = packaging.package([wheels.this_platform()], [], folder, with_wheels=False)
    return zipped


def test_package_contents(bare_zip: Path) -> None:
    """A package holds the extension, its licence and its weights, and nothing else."""
    with zipfile.ZipFile(bare_zip) as archive:
        names = set(archive.namelist())
    modules = {path.relative_to(layout.ADDON).as_posix() for path in layout.ADDON.rglob("*.py")}
    models = {f"weights/{entry.file}" for entry in catalogue(layout.WEIGHTS)}
    assert names >= modules | models | {"blender_manifest.toml", "LICENSE", "weights/catalogue.toml"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".whl"))]
    assert {Path(name).parts[0] for name in names if "/" in name} == {"engine", "jobs", "host", "weights"}


def test_package_manifest(bare_zip: Path) -> None:
    """The packed manifest names its platform; the tracked one stays as it was."""
    before = layout.MANIFEST.read_bytes()
    with zipfile.ZipFile(bare_zip) as archive:
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert manifest["platforms"] == [wheels.this_platform()]
    assert manifest["wheels"] == []
    assert (manifest["id"], manifest["blender_version_min"]) == ("rvm_matting", "4.2.0")
    assert layout.MANIFEST.read_bytes() == before


def test_package_reproducible(bare_zip: Path, tmp_path: Path) -> None:
    """Equal contents make equal packages, byte for byte."""
    (again,) = packaging.package([wheels.this_platform()], [], tmp_path, with_wheels=False)
    assert again.read_bytes() == bare_zip.read_bytes()


INSTALL = f"""
import os, sys, bpy
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=True)
print("installed:", "{PACKAGE}" in bpy.context.preferences.addons, flush=True)
os._exit(0)  # Blender's module may hang or crash on its way out
"""


def test_package_installs(bare_zip: Path, tmp_path: Path) -> None:
    """Blender's own installer takes the package and enables it."""
    ended = subprocess.run(
        [sys.executable, "-c", INSTALL, bare_zip],
        env={**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "installed: True" in ended.stdout, ended.stdout + ended.stderr
