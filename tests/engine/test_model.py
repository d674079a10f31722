import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from rvm_addon.engine.contract.errors import ModelDamaged, ModelMissing, ModelUnsuitable, SpecError
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.contract.weights import CUT_RECIPE, cut_files
from rvm_addon.engine.network.memory import Memory
from rvm_addon.engine.network.model import MattingModel, ratio_for
from rvm_addon.engine.network.rvm import CutRvm, WholeRvm, open_model
from rvm_addon.engine.pictures.tensors import Picture
from tests import tiny

SPEC = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",)), "frames", "x", "/m.onnx")
PICTURE = np.zeros((8, 12, 3), np.uint8)


def opened(path: Path, ratio: float | None = None) -> MattingModel:
    """Open a model as the pipeline does; its warnings are not looked at."""
    return open_model(replace(SPEC, model=str(path), ratio=ratio), [].append)


def alpha(model: MattingModel, picture: Picture) -> int:
    """Matte a frame and return the greatest alpha in it."""
    return int(model.matte(picture, model.prepared(picture)).alpha(deep=False).max())


def test_the_state_is_carried_from_frame_to_frame(counting: Path) -> None:
    """What the model says after one frame goes in with the next; another size begins anew."""
    model = opened(counting)
    assert [alpha(model, PICTURE) for _ in range(3)] == [0, 26, 51]
    assert alpha(model, PICTURE[:, :8]) == 0


def test_a_model_in_half_precision_says_the_same(tmp_path: Path) -> None:
    """To the 16 bits that it has; and goes on from the state that an earlier run kept."""
    path = tiny.counting_model(tmp_path / "half.onnx", half=True)
    model = opened(path)
    assert [alpha(model, PICTURE) for _ in range(3)] == [0, 25, 51]
    memory = model.memory()
    assert memory is not None and all(state.dtype == np.float32 for state in memory.states)
    memory.write(tmp_path, 2)
    kept = Memory.read(tmp_path)
    assert kept is not None
    goes_on = opened(path)
    goes_on.recall(kept)
    assert alpha(goes_on, PICTURE) == alpha(model, PICTURE)


def test_a_model_of_ones_own_runs_whole_with_a_word(passthrough: Path) -> None:
    """It is told that it could be faster; and which provider runs it."""
    said: list[str] = []
    model = open_model(replace(SPEC, model=str(passthrough)), said.append)
    assert isinstance(model, WholeRvm)
    assert len(said) == 1 and passthrough.name in said[0]
    assert model.provider == "CPUExecutionProvider"


@pytest.mark.parametrize(
    ("size", "given", "ratio"),
    [
        ((1920, 1080), None, 512 / 1920),
        ((720, 1364), None, 512 / 1364),
        ((320, 240), None, 1.0),
        ((320, 240), 0.3, 0.3),
    ],
)
def test_the_ratio_follows_the_longest_side(size: tuple[int, int], given: float | None, ratio: float) -> None:
    """Automatic scales the longest side to 512 and never enlarges; a given ratio is taken."""
    assert ratio_for(replace(SPEC, ratio=given), *size) == pytest.approx(ratio)


def test_a_file_that_is_no_model_is_named(tmp_path: Path, passthrough: Path) -> None:
    """Missing, half and strange files raise errors in words."""
    with pytest.raises(ModelMissing, match=r"gone\.onnx"):
        opened(tmp_path / "gone.onnx")
    half = tmp_path / "half.onnx"
    for content in (b"", b"no model", passthrough.read_bytes()[:200]):
        half.write_bytes(content)
        with pytest.raises(ModelUnsuitable, match=r"half\.onnx"):
            opened(half)


def test_a_picture_too_small_for_its_ratio_is_refused(passthrough: Path) -> None:
    """No message from the depths of a library: the ratio and the size are named."""
    with pytest.raises(SpecError, match=r"0\.1 leaves nothing to see of 12 x 8"):
        alpha(opened(passthrough, 0.1), PICTURE)


def test_a_matte_of_another_size_is_refused(tmp_path: Path, counting: Path) -> None:
    """A graph with RVM's names that makes something else is named, and no odd picture is written."""
    model = onnx.load(str(counting))
    model.graph.node[1].attribute[0].ints[0] = 2  # the matte loses its rows
    onnx.save(model, str(tmp_path / "odd.onnx"))
    with pytest.raises(ModelUnsuitable, match=r"odd\.onnx.*12 × 8 pixels"):
        alpha(opened(tmp_path / "odd.onnx"), PICTURE)


@pytest.mark.parametrize(("name", "sizes"), [("src", (1, 3, 16, 24)), ("r1i", (1, 1, 2, 3))])
def test_a_graph_of_fixed_sizes_is_refused(tmp_path: Path, counting: Path, name: str, sizes: tuple[int, ...]) -> None:
    """Some exporters fix what they were tried with: frames of another size, or no memory yet, are told in words."""
    model = onnx.load(str(counting))
    (entry,) = (value for value in model.graph.input if value.name == name)
    for dimension, size in zip(entry.type.tensor_type.shape.dim, sizes, strict=True):
        dimension.dim_value = size
    onnx.save(model, str(tmp_path / "fixed.onnx"))
    with pytest.raises(ModelUnsuitable, match=r"fixed\.onnx.*12 × 8 pixels.*dynamic sizes"):
        alpha(opened(tmp_path / "fixed.onnx"), PICTURE)


def test_another_networks_graph_is_refused(tmp_path: Path) -> None:
    """A graph without RVM's inputs, and one that takes other numbers, say what is wrong."""
    model = onnx.load(str(tiny.passthrough_model(tmp_path / "m.onnx")))
    del model.graph.output[1]
    onnx.save(model, str(tmp_path / "m.onnx"))
    with pytest.raises(ModelUnsuitable, match="no pha"):
        opened(tmp_path / "m.onnx")
    with pytest.raises(ModelUnsuitable, match="double"):
        opened(tiny.double_model(tmp_path / "double.onnx"))


@pytest.fixture
def copied(rvm_weights: Path, tmp_path: Path) -> Path:
    """The published weights with the pieces of their graph, in a folder where they may be damaged."""
    for path in (rvm_weights, *cut_files(rvm_weights)):
        shutil.copy(path, tmp_path)
    return tmp_path / rvm_weights.name


def test_the_cut_graph_is_used_if_it_is_right(copied: Path) -> None:
    """A cut that is missing, damaged or made of another file is not trusted: the model then runs whole."""
    assert isinstance(opened(copied), CutRvm)
    _, graph, *_, note = cut_files(copied)
    content = note.read_text()
    for wrong in (
        "",
        "{}",
        content.replace(f'"recipe": {CUT_RECIPE}', '"recipe": 0'),
        content.replace("88d4531", "0000000"),
    ):
        note.write_text(wrong)
        assert isinstance(opened(copied), WholeRvm), wrong
    note.write_text(content)
    graph.write_bytes(graph.read_bytes()[:-1])
    assert isinstance(opened(copied), WholeRvm)
    graph.unlink()
    assert isinstance(opened(copied), WholeRvm)


def test_damaged_weights_do_not_run_by_their_cut(copied: Path, rvm_weights: Path) -> None:
    """The published file is checked first, whatever lies beside it."""
    shutil.copy(rvm_weights.parent / "catalogue.toml", copied.parent)
    copied.write_bytes(copied.read_bytes()[:-1])
    with pytest.raises(ModelDamaged):
        opened(copied)
