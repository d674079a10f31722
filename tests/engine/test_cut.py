"""The cut graph against the published one: the same numbers, drawn another way."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.contract.weights import cut_files
from rvm_addon.engine.network.cut import DECODED, STATE_CHANNELS_AND_STRIDES, Pieces
from rvm_addon.engine.network.guided import Grid, GuidedMatte
from rvm_addon.engine.network.matte import PlainMatte
from rvm_addon.engine.network.memory import Memory
from rvm_addon.engine.network.model import MattingModel
from rvm_addon.engine.network.rvm import CutRvm, WholeRvm, open_model
from rvm_addon.engine.pictures.tensors import Picture, Tensor, downsampled, downsampled_size, to_tensor

SPEC = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",)), "frames", "x", "/m.onnx")
FRAMES = 100


def reference_resize(mode: str, **given: Tensor) -> Callable[[Tensor], Tensor]:
    """Return ONNX's own Resize, as the published graph uses it."""
    scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], given["scales"]) if "scales" in given else None
    sizes = helper.make_tensor("sizes", TensorProto.INT64, [4], given["sizes"]) if "sizes" in given else None
    inputs = ["x", "", "scales"] if scales else ["x", "", "", "sizes"]
    node = helper.make_node("Resize", inputs, ["y"], mode="linear", coordinate_transformation_mode=mode)
    graph = helper.make_graph(
        [node],
        "resize",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "c", "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [tensor for tensor in (scales, sizes) if tensor],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})[0]


@pytest.mark.parametrize("size", [(1080, 1920), (1364, 720), (361, 641), (64, 128), (37, 53)])
@pytest.mark.parametrize("ratio", [None, 0.25, 0.371, 1.0])
def test_downsampling_is_the_graphs_own(size: tuple[int, int], ratio: float | None) -> None:
    """Also where the size times the ratio is not whole: same size, same values."""
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    scale = ratio or min(512 / max(size), 1.0)
    wanted = reference_resize("pytorch_half_pixel", scales=np.array([1, 1, scale, scale], np.float32))(
        to_tensor(picture)
    )
    small = downsampled(picture, scale)
    assert small.shape == wanted.shape == (1, 3, *downsampled_size(size[1], size[0], scale))
    assert np.abs(small - wanted).max() < 2e-4


@pytest.mark.parametrize("sizes", [((288, 512), (1080, 1920)), ((512, 270), (1364, 720)), ((9, 13), (33, 50))])
def test_a_guided_matte_is_drawn_as_the_graph_would(sizes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """Tile by tile, empty columns left out: alpha and colours as by the plain formula, to one unit of rounding."""
    (h, w), (height, width) = sizes
    random = np.random.default_rng(2)
    picture = random.integers(0, 256, (height, width, 3), np.uint8)
    slope = cv2.GaussianBlur(random.normal(0, 2, (h, w, 4)).astype(np.float32), (0, 0), 3).transpose(2, 0, 1)[None]
    offset = cv2.GaussianBlur(random.normal(0, 4, (h, w, 4)).astype(np.float32), (0, 0), 3).transpose(2, 0, 1)[None]
    offset[:, 3, : h // 3] -= 2  # a part without foreground
    resize = reference_resize("half_pixel", sizes=np.array([1, 4, height, width]))
    src = to_tensor(picture)
    full = resize(slope) * np.concatenate([src, src.mean(axis=1, keepdims=True)], axis=1) + resize(offset)
    plain = PlainMatte(picture, (full[:, :3] + src).clip(0, 1), full[:, 3:].clip(0, 1))
    drawn = GuidedMatte(picture, slope, offset, Grid(height, width, h, w))
    for deep, apart in ((False, 1), (True, 2)):
        alphas = [matte.alpha(deep=deep).astype(int) for matte in (plain, drawn)]
        assert np.abs(alphas[0] - alphas[1]).max() <= apart
    for step in (3, width - 2):  # many pixels, painted in tiles, and few, painted each by itself
        where = np.zeros((height, width), np.uint8)
        where[height // 3 :, width // 4 :: step] = 255
        pictures = [np.full_like(picture, 7) for _ in range(2)]
        for matte, colours in zip((plain, drawn), pictures, strict=True):
            matte.paint(colours, where, (slice(0, height), slice(0, width)))
        assert np.abs(pictures[0].astype(int) - pictures[1]).max() <= 1
        assert (pictures[1][where == 0] == 7).all() and (pictures[1][where > 0] != 7).any()


@pytest.mark.parametrize(
    ("clip", "ratio"),
    [("clips/woman_outdoor_portrait_720x1364.mp4", None), ("truth/dancer_medium_static/com.mp4", None)],
)
def test_a_hundred_frames_on_the_alpha_is_the_same(
    real_clips: Path, rvm_weights: Path, clip: str, ratio: float | None
) -> None:
    """After 100 frames of carried state no alpha differs by more than 2/255, and 99.9 % by at most 1/255."""
    spec = replace(SPEC, model=str(rvm_weights), ratio=ratio)
    whole, cut = WholeRvm(spec, rvm_weights), CutRvm(spec, cut_files(rvm_weights)[:-1])
    capture = cv2.VideoCapture(str(real_clips / clip))
    for number in range(FRAMES):
        more, frame = capture.read()
        assert more
        picture: Picture = frame
        mattes = [model.matte(picture, model.prepared(picture)) for model in (whole, cut)]
        if number % 33 == 0:
            reference, drawn = (matte.alpha(deep=False).astype(int) for matte in mattes)
            apart = np.abs(reference - drawn)
            assert apart.max() <= 2
            assert (apart <= 1).mean() >= 0.999
    assert reference.max() == 255


@pytest.mark.parametrize("size", [(288, 512), (271, 455), (60, 107)])
def test_what_is_refined_around_somebody_is_what_is_refined_everywhere(
    real_clips: Path, rvm_weights: Path, size: tuple[int, int]
) -> None:
    """In windows of the frame the maps are those of the whole, also at odd sizes; what is left out holds nobody."""
    capture = cv2.VideoCapture(str(real_clips / "clips/woman_indoor_bokeh_720p.mp4"))
    pieces = Pieces.load(cut_files(rvm_weights)[:-1], 1, size)
    states = pieces.states(())
    for _ in range(3):
        picture: Picture = capture.read()[1]
        small = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
        decoded, states = pieces.remember(pieces.look(to_tensor(small)), states)
    slope, offset = pieces.refine(decoded)
    wanted = replace(pieces, coarse=None).refine(decoded)
    taken = slope[0].any(axis=0)
    assert 0.1 < taken.mean() < (0.8 if size[0] > 60 else 1.01)
    for maps, everywhere in zip((slope, offset), wanted, strict=True):
        assert np.abs(maps - everywhere)[..., taken].max() < 1e-4
    alpha = (wanted[0][0, 3] * decoded.small.numpy()[0].mean(axis=0) + wanted[1][0, 3])[~taken]
    assert alpha.max(initial=-1) < -0.1


def test_what_is_expected_is_loaded_once(rvm_weights: Path) -> None:
    """The pieces that were loaded for a size serve frames of that size, also of an odd one; others get their own."""
    model = CutRvm(replace(SPEC, model=str(rvm_weights)), cut_files(rvm_weights)[:-1])
    model.expect(641, 363)
    loaded = model._pieces
    assert loaded is not None and model.prepared(np.zeros((363, 641, 3), np.uint8)).src.shape[2:] == loaded.size
    assert model._pieces is loaded
    model.prepared(np.zeros((641, 363, 3), np.uint8))
    assert model._pieces is not loaded


def test_nothing_is_refined_where_nobody_is(rvm_weights: Path) -> None:
    """A frame without anybody takes no refiner at all, and has an empty matte."""
    pieces = Pieces.load(cut_files(rvm_weights)[:-1], 1, (72, 128))
    decoded, _ = pieces.remember(pieces.look(np.full((1, 3, 72, 128), 0.5, np.float32)), pieces.states(()))
    slope, offset = pieces.refine(decoded)
    assert not slope.any() and not offset.any()


def test_the_pieces_keep_channels_together(rvm_weights: Path) -> None:
    """Every convolution takes channels that ONNX Runtime's blocked layout can hold, but for the picture's three."""
    for piece in cut_files(rvm_weights)[:-1]:
        graph = onnx.load(str(piece)).graph
        shapes = {tensor.name: tensor.dims for tensor in graph.initializer}
        taken = {shapes[node.input[1]][1] for node in graph.node if node.op_type == "Conv"}
        assert {channels for channels in taken if channels % 4} <= {1, 3}


@pytest.mark.parametrize(("size", "cropped"), [((288, 512), False), ((270, 512), True)])
def test_maps_are_cropped_only_where_they_must_be(
    rvm_weights: Path, tmp_path: Path, size: tuple[int, int], cropped: bool
) -> None:
    """Once sizes are known, the question whether to crop is answered; nothing is asked or copied at every frame."""
    kinds = [node.op_type for node in as_run(cut_files(rvm_weights)[1], tmp_path, size)]
    assert "If" not in kinds
    assert ("Slice" in kinds) is cropped


def test_the_decoder_never_leaves_the_blocked_layout(rvm_weights: Path, tmp_path: Path) -> None:
    """Only what comes in and what goes out is plain: nothing between is put into blocks twice, or doubled outside."""
    nodes = as_run(cut_files(rvm_weights)[1], tmp_path, (288, 512))
    if not any(node.domain == "com.microsoft.nchwc" for node in nodes):
        pytest.skip("ONNX Runtime has no blocked layout on this processor")
    leaving = [node for node in nodes if node.op_type == "ReorderOutput"]
    assert sorted(node.output[0] for node in leaving) == sorted(DECODED)
    assert not [node.name for node in nodes if node.op_type in ("Resize", "Split", "Slice")]


def as_run(piece: Path, folder: Path, size: tuple[int, int]) -> list[onnx.NodeProto]:
    """Return the nodes that ONNX Runtime makes of a piece for small sources of this height and width."""
    sizes = {"height": size[0], "width": size[1]}
    for level, (_, stride) in enumerate(STATE_CHANNELS_AND_STRIDES, 1):
        sizes |= {f"height_{level}": -(-size[0] // stride), f"width_{level}": -(-size[1] // stride)}
    options = onnxruntime.SessionOptions()
    for name, number in sizes.items():
        options.add_free_dimension_override_by_name(name, number)
    options.log_severity_level = 3
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    onnxruntime.InferenceSession(str(piece), options, providers=["CPUExecutionProvider"])
    return list(onnx.load(options.optimized_model_filepath).graph.node)


def test_a_job_goes_on_with_the_states_of_the_other_graph(rvm_weights: Path) -> None:
    """A job that was stopped on another device loses nothing: what the whole graph remembers serves the pieces."""
    spec = JobSpec("x", Source(SourceKind.IMAGES, ("/x.png",)), "f", "x", str(rvm_weights))
    random = np.random.default_rng(4)
    pictures = [cv2.resize(random.integers(0, 256, (9, 16, 3), np.uint8), (512, 288)) for _ in range(4)]
    models = [open_model(spec, lambda _: None), WholeRvm(spec, rvm_weights)]
    memories = [seen(model, pictures[:3]) for model in models]
    expected = [seen(model, pictures[3:]) for model in models]
    for model, memory, wanted in zip(models, reversed(memories), expected, strict=True):
        model.forget()
        model.recall(memory)
        for state, own in zip(seen(model, pictures[3:]).states, wanted.states, strict=True):
            assert np.abs(state - own).max() < 1e-3


def test_states_that_do_not_fit_are_not_taken(rvm_weights: Path) -> None:
    """Such as those that another version of the pieces left: the job begins without a memory, and does not fail."""
    spec = JobSpec("x", Source(SourceKind.IMAGES, ("/x.png",)), "f", "x", str(rvm_weights))
    picture = np.full((288, 512, 3), 90, np.uint8)
    model = open_model(spec, lambda _: None)
    anew = seen(model, [picture])
    model.forget()
    wider = np.ones((1, 24, 72, 128), np.float32)
    model.recall(Memory(anew.size, (anew.states[0], wider, *anew.states[2:])))
    for state, wanted in zip(seen(model, [picture]).states, anew.states, strict=True):
        assert np.array_equal(state, wanted)


def seen(model: MattingModel, pictures: list[Picture]) -> Memory:
    """Return what a model remembers after some pictures."""
    for picture in pictures:
        model.matte(picture, model.prepared(picture)).alpha(deep=False)
    memory = model.memory()
    assert memory is not None
    return memory
