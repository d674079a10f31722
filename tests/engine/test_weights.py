import hashlib
import os
from pathlib import Path

import pytest

from rvm_addon.engine.contract import weights
from rvm_addon.engine.contract.errors import ModelDamaged, ModelMissing
from tests.unprivileged import as_anybody, closed

CONTENT = b"weights of some kind"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of weights with one entry in its catalogue, and the right file."""
    (tmp_path / "tiny.onnx").write_bytes(CONTENT)
    (tmp_path / weights.CATALOGUE).write_text(
        f"""[[weights]]
name = "tiny"
file = "tiny.onnx"
size = {len(CONTENT)}
sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"
licence = "MIT"
source = ""
package = ""
package_sha256 = ""
member = ""
good_for = ""
""",
        encoding="utf-8",
    )
    return tmp_path


def test_the_right_file_passes(folder: Path) -> None:
    """Nothing is said of the file that the catalogue promises, nor of a user's own beside it."""
    (folder / "mine.onnx").write_bytes(b"anything")
    weights.verify(folder / "tiny.onnx")
    weights.verify(folder / "mine.onnx")
    assert [entry.file for entry in weights.catalogue(folder)] == ["tiny.onnx"]


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"!", b""])
def test_a_wrong_or_half_file_is_refused(folder: Path, content: bytes) -> None:
    """Half a download and another file of the same size are told from the right one."""
    (folder / "tiny.onnx").write_bytes(content)
    with pytest.raises(ModelDamaged, match=r"tiny\.onnx"):
        weights.verify(folder / "tiny.onnx")


def test_a_published_file_is_told_by_its_content_and_an_own_one_by_its_stamp(folder: Path) -> None:
    """The first stays the same when it is installed again; of the second another time makes another file."""
    os.utime(folder / "tiny.onnx", ns=(1, 2))
    assert weights.identity(folder / "tiny.onnx") == hashlib.sha256(CONTENT).hexdigest()
    own = folder / "own.onnx"
    assert weights.identity(own) == ""
    own.write_bytes(CONTENT)
    os.utime(own, ns=(1, 2))
    assert weights.identity(own) == f"{len(CONTENT)} 2"


def test_missing_files_are_named(folder: Path, tmp_path: Path) -> None:
    """A missing model and a missing catalogue each say which file."""
    with pytest.raises(ModelMissing, match=r"other\.onnx"):
        weights.verify(folder / "other.onnx")
    with pytest.raises(ModelMissing, match=weights.CATALOGUE):
        weights.catalogue(tmp_path / "nowhere")


def test_weights_that_may_not_be_read_are_named(folder: Path, tmp_path: Path) -> None:
    """Where nothing can be looked for, where the catalogue or the file is somebody else's; pieces are no loss."""
    model, catalogue = folder / "tiny.onnx", folder / weights.CATALOGUE
    with closed(tmp_path / "closed") as shut, as_anybody():
        with pytest.raises(ModelMissing, match=r"tiny\.onnx"):
            weights.verify(shut / "tiny.onnx")
        assert weights.cut_of(shut / "tiny.onnx") is None and weights.identity(shut / "tiny.onnx") == ""
        for piece in weights.cut_files(model):
            piece.touch(mode=0)
        assert weights.cut_of(model) is None
        for refused in (model, catalogue):
            refused.chmod(0)
            with pytest.raises(ModelDamaged, match=f"{refused.name}.*Permission"):
                weights.verify(model)
