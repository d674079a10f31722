"""Cuts Robust Video Matting's published graph into pieces, all of which work on the downsampled frame.

Usage: cut.py MODEL.onnx BACKBONE.onnx DECODER.onnx COARSE.onnx REFINER.onnx. What would come last, the guided filter's
last step at full size, is `rvm_addon/engine/network/guided.py`.

- The *backbone* looks at one frame by itself.
- The *decoder* takes what it saw together with the states that the frame before left, and leaves the next ones.
- The *coarse* piece tells of the decoder's detail where somebody may be (`coarse.py`).
- The *refiner* makes of the same detail, there, the two small maps of the guided filter; nothing waits for it.

So three frames can be in the works at once, and only the decoder, which is less than half, must go from frame to frame.
The numbers stay the same to about 1e-5; what changes is how well ONNX Runtime's blocked layout (NCHWc) fits: see
`parts.py` and `blocked.py`. Besides, states have their full size from the first frame on, so nothing expands them, and
resizing uses `half_pixel`, which is `pytorch_half_pixel` wherever more than one pixel comes out.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx
from blocked import crop_where_needed, decode_in_blocks, filter_plainly
from coarse import COARSE, look_coarsely
from graph import Graph
from onnx import helper, numpy_helper
from parts import part_inputs, part_outputs
from published import DEEPEST, DETAIL, FEATURES, NEXT_STATES, OFFSET, REMEMBERED, SLOPE, SMALL_SOURCE, STATES

NAMES = {
    SMALL_SOURCE: "small_src",
    DETAIL: "detail",
    SLOPE: "slope",
    OFFSET: "offset",
    **{name: f"feature_{level}" for name, level in FEATURES.items()},
    DEEPEST: "feature_4",
    REMEMBERED: "feature_5",
}
"""What the engine calls the values that go from piece to piece."""
SHAPES = {
    "small_src": (3, 0),
    "detail": (16, 1),
    **{f"feature_{level}": shape for level, shape in enumerate([(16, 1), (24, 2), (40, 3), (64, 4), (64, 4)], 1)},
    **{name: (channels, level) for level, (name, channels) in enumerate(STATES.items(), 1)},
    "r1o": (16, 1),
}
"""Of every piece's inputs: channels, and the level, whose height and width have names that the engine can fix."""
SEEN = tuple(f"feature_{level}" for level in range(1, 6))
PIECES = (
    (("small_src",), SEEN),
    (("small_src", *SEEN, *STATES), ("detail", *NEXT_STATES)),
    (("small_src", "detail", "r1o"), (COARSE,)),
    (("small_src", "detail", "r1o"), ("slope", "offset")),
)
"""Inputs and outputs of backbone, decoder, coarse piece and refiner."""
CHANNELS_FROM_BEHIND = -3
"""The axis of channels, counted as one concat does, in a tensor of batch, channels, height, width."""


def cut(source: Path, targets: Sequence[Path]) -> None:
    """Write the pieces of the published file `source` to `targets`."""
    onnx.utils.extract_model(
        str(source), str(targets[0]), [SMALL_SOURCE, *STATES], [SLOPE, OFFSET, *NEXT_STATES], check_model=False
    )
    graph = Graph(onnx.load(str(targets[0])))
    simplify(graph)
    for split in graph.of_type("Split"):
        part_outputs(graph, split)
    decode_in_blocks(graph)
    for conv in graph.of_type("Conv"):
        part_inputs(graph, conv)
    filter_plainly(graph)
    look_coarsely(graph)
    for crop in [node for node in graph.of_type("Slice") if graph.makes(node.input[0], "Resize")]:
        crop_where_needed(graph, crop)
    for name, other in NAMES.items():
        graph.rename(name, other)
    for target, (inputs, outputs) in zip(targets, PIECES, strict=True):
        onnx.save(piece(graph, inputs, outputs), str(target))


def simplify(graph: Graph) -> None:
    """Take away what full-size states do not need, and write resizing and concats in the words of the layout's pass."""
    for expand in graph.of_type("Expand"):
        graph.bypass(expand)
    for resize in graph.of_type("Resize"):
        next(a for a in resize.attribute if a.name == "coordinate_transformation_mode").s = b"half_pixel"
    for concat in graph.of_type("Concat"):
        if concat.attribute[0].i == CHANNELS_FROM_BEHIND:
            concat.attribute[0].i = 1


def piece(graph: Graph, inputs: Sequence[str], outputs: Sequence[str]) -> onnx.ModelProto:
    """Return the part of the graph that leads from these inputs to these outputs."""
    nodes = list(leading(graph, inputs, outputs))
    used = {name for node in nodes for name in graph.taken(node)}
    weights = [numpy_helper.from_array(graph.weights[name], name) for name in sorted(used & set(graph.weights))]
    results = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs]
    made = helper.make_graph(nodes, "rvm_cut", [described(name) for name in inputs], results, weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 12)], ir_version=6)


def described(name: str) -> onnx.ValueInfoProto:
    """Return an input's description; ONNX Runtime fuses more where the engine fixes the sizes."""
    channels, level = SHAPES[name]
    size = [f"height_{level}", f"width_{level}"] if level else ["height", "width"]
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, channels, *size])


def leading(graph: Graph, inputs: Sequence[str], outputs: Sequence[str]) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that lead from inputs to outputs, each after those whose work it takes."""
    makers = {name: node for node in graph.nodes for name in node.output}
    done = set(inputs)

    def visit(name: str) -> Iterator[onnx.NodeProto]:
        if name in done or name not in makers:
            return
        node = makers[name]
        done.update(node.output)
        for source in graph.taken(node):
            yield from visit(source)
        yield node

    for name in outputs:
        yield from visit(name)


if __name__ == "__main__":
    cut(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
