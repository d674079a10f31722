from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from rvm_addon.engine.errors import ModelMissing, ModelUnsuitable, SpecError
from rvm_addon.engine.model import RvmModel
from rvm_addon.engine.spec import JobSpec, Source, SourceKind
from tests import tiny

SPEC = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",)), "frames", "x", "/m.onnx")
SRC = np.zeros((1, 3, 8, 12), np.float32)


def test_the_state_is_carried_from_frame_to_frame(counting: Path) -> None:
    """What the model says after one frame goes in with the next; another size begins anew."""
    model = RvmModel(replace(SPEC, model=str(counting)))
    mattes = [float(model.matte(SRC)[1].max()) for _ in range(3)]
    assert mattes == pytest.approx([0.0, 0.1, 0.2])
    assert float(model.matte(SRC[..., :8])[1].max()) == 0.0


def test_foreground_and_matte_have_the_frames_shape(passthrough: Path) -> None:
    """1 x 3 x H x W and 1 x 1 x H x W, float32; and the provider is told."""
    model = RvmModel(replace(SPEC, model=str(passthrough)))
    fgr, pha = model.matte(SRC)
    assert (fgr.shape, pha.shape, pha.dtype) == ((1, 3, 8, 12), (1, 1, 8, 12), np.float32)
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
def test_the_ratio_follows_the_longest_side(
    passthrough: Path, size: tuple[int, int], given: float | None, ratio: float
) -> None:
    """Automatic scales the longest side to 512 and never enlarges; a given ratio is taken."""
    assert RvmModel(replace(SPEC, model=str(passthrough), ratio=given)).ratio_for(*size) == pytest.approx(ratio)


def test_a_file_that_is_no_model_is_named(tmp_path: Path, passthrough: Path) -> None:
    """Missing, half and strange files raise errors in words."""
    with pytest.raises(ModelMissing, match=r"gone\.onnx"):
        RvmModel(replace(SPEC, model=str(tmp_path / "gone.onnx")))
    half = tmp_path / "half.onnx"
    for content in (b"", b"no model", passthrough.read_bytes()[:200]):
        half.write_bytes(content)
        with pytest.raises(ModelUnsuitable, match=r"half\.onnx"):
            RvmModel(replace(SPEC, model=str(half)))


def test_a_picture_too_small_for_its_ratio_is_refused(passthrough: Path) -> None:
    """No message from the depths of a library: the ratio and the size are named."""
    with pytest.raises(SpecError, match=r"0\.1 leaves nothing to see of 12 x 8"):
        RvmModel(replace(SPEC, model=str(passthrough), ratio=0.1)).matte(SRC)


def test_another_networks_graph_is_refused(tmp_path: Path) -> None:
    """A graph without RVM's inputs, and one in 16 bits, say what is missing."""
    model = onnx.load(str(tiny.passthrough_model(tmp_path / "m.onnx")))
    del model.graph.output[1]
    onnx.save(model, str(tmp_path / "m.onnx"))
    with pytest.raises(ModelUnsuitable, match="no pha"):
        RvmModel(replace(SPEC, model=str(tmp_path / "m.onnx")))
    with pytest.raises(ModelUnsuitable, match="16"):
        RvmModel(replace(SPEC, model=str(tiny.half_model(tmp_path / "half.onnx"))))
