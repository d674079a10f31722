"""Cuts Robust Video Matting's published graph in two and keeps the first part: all that works on the downsampled frame.

Usage: cut.py MODEL.onnx CUT.onnx. The second part, the guided filter's last step at full size, is
`rvm_addon/engine/matte.py`. The numbers stay the same to about 1e-5; what changes is how well ONNX Runtime's blocked
layout (NCHWc) fits, which takes convolutions over channels that are multiples of 4, and nothing in between that
rearranges channels:

- states have their full size from the first frame on, so nothing expands them;
- a convolution whose output is split becomes two, one for each part;
- a convolution over concatenated inputs becomes a sum of convolutions, one for each input;
- resizing uses `half_pixel`, which is `pytorch_half_pixel` wherever more than one pixel comes out.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

SMALL_SOURCE, SLOPE, OFFSET = "389", "777", "779"
"""What the published file calls the downsampled frame, and the two small maps of the guided filter."""
STATES = {"r1i": 16, "r2i": 20, "r3i": 40, "r4i": 64}
"""Inputs with their channels."""
CHANNELS_GIVEN = {SMALL_SOURCE: 3, **STATES}
NEXT_STATES = ("r1o", "r2o", "r3o", "r4o")
ASPP_GATED = "601"
"""The deepest features: a convolution's output times a gate, split into two halves."""
BOX_FILTER = "refiner.box_filter.weight"

Array = NDArray[np.float32]


class Graph:
    """A graph under the knife: nodes by what they make, weights by name."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Take the model's nodes and weights."""
        self.nodes = list(model.graph.node)
        self.weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}

    def maker(self, name: str) -> onnx.NodeProto:
        """Return the node that makes a value."""
        return next(node for node in self.nodes if name in node.output)

    def of_type(self, kind: str) -> list[onnx.NodeProto]:
        """Return the nodes of one operator."""
        return [node for node in self.nodes if node.op_type == kind]

    def replace(self, node: onnx.NodeProto, *others: onnx.NodeProto) -> None:
        """Put other nodes in a node's place."""
        at = self.nodes.index(node)
        self.nodes[at : at + 1] = others

    def bypass(self, node: onnx.NodeProto) -> None:
        """Take a node out; whoever used what it makes uses its first input."""
        self.nodes.remove(node)
        for user in self.nodes:
            for position, name in enumerate(user.input):
                if name == node.output[0]:
                    user.input[position] = node.input[0]

    def channels(self, name: str) -> int:
        """Return how many channels a value has."""
        if name in CHANNELS_GIVEN:
            return CHANNELS_GIVEN[name]
        node = self.maker(name)
        match node.op_type:
            case "Conv":
                count = int(self.weights[node.input[1]].shape[0])
            case "Concat":
                count = sum(self.channels(part) for part in node.input)
            case "Split":
                sizes = next(a.ints for a in node.attribute if a.name == "split")
                count = int(sizes[list(node.output).index(name)])
            case "ReduceMean":
                count = 1
            case "Add" | "Sub" | "Mul":
                count = max(self.channels(part) for part in node.input if not self.is_constant(part))
            case _:
                count = self.channels(node.input[0])
        return count

    def is_constant(self, name: str) -> bool:
        """Return whether a value is a weight or a constant."""
        return name in self.weights or any(name in node.output for node in self.of_type("Constant"))

    def part_of_conv(
        self, conv: onnx.NodeProto, name: str, outputs: slice, inputs: slice, source: str, *, biased: bool
    ) -> onnx.NodeProto:
        """Return a convolution that does a part of another's work: some of its outputs from some of its inputs."""
        weight = f"{name}.weight"
        self.weights[weight] = np.ascontiguousarray(self.weights[conv.input[1]][outputs, inputs])
        feeds = [source, weight]
        if biased and len(conv.input) > 2:
            feeds.append(f"{name}.bias")
            self.weights[feeds[-1]] = self.weights[conv.input[2]][outputs]
        part = helper.make_node("Conv", feeds, [name])
        part.attribute.extend(conv.attribute)
        return part


def cut(source: Path, target: Path) -> None:
    """Write the cut graph of the published file `source` to `target`."""
    onnx.utils.extract_model(
        str(source), str(target), [SMALL_SOURCE, *STATES], [SLOPE, OFFSET, *NEXT_STATES], check_model=False
    )
    graph = Graph(onnx.load(str(target)))
    for expand in graph.of_type("Expand"):
        graph.bypass(expand)
    for resize in graph.of_type("Resize"):
        next(a for a in resize.attribute if a.name == "coordinate_transformation_mode").s = b"half_pixel"
    for split in graph.of_type("Split"):
        part_outputs(graph, split)
    for conv in graph.of_type("Conv"):
        part_inputs(graph, conv)
    onnx.save(finished(graph), str(target))


def part_outputs(graph: Graph, split: onnx.NodeProto) -> None:
    """Let each part of a split be made by itself."""
    made = graph.maker(split.input[0])
    if made.op_type == "Conv":  # colour and matte, which are only put together again
        (together,) = (node for node in graph.of_type("Concat") if list(node.input) == list(split.output))
        graph.nodes.remove(split)
        together.input[:] = [made.output[0]]
        graph.bypass(together)
        return
    replaced = []
    first = 0
    for part in split.output:
        span = slice(first, first + graph.channels(part))
        first = span.stop
        if split.input[0] == ASPP_GATED:
            factors = [list(activated(graph, graph.maker(name), f"{part}.{name}", span)) for name in made.input]
            replaced += [node for factor in factors for node in factor]
            replaced.append(helper.make_node("Mul", [factor[-1].output[0] for factor in factors], [part]))
        else:
            replaced += activated(graph, made, part, span)
    graph.replace(split, *replaced)


def activated(graph: Graph, activation: onnx.NodeProto, name: str, outputs: slice) -> Iterator[onnx.NodeProto]:
    """Yield a convolution of some outputs and its activation, which makes `name`."""
    conv = graph.maker(activation.input[0])
    yield graph.part_of_conv(conv, f"{name}.conv", outputs, slice(None), conv.input[0], biased=True)
    yield helper.make_node(activation.op_type, [f"{name}.conv"], [name])


def part_inputs(graph: Graph, conv: onnx.NodeProto) -> None:
    """Let a convolution over concatenated inputs be a sum of convolutions, one for each."""
    if conv.input[1] == BOX_FILTER or conv.input[0] in {SMALL_SOURCE, *STATES}:
        return
    concat = graph.maker(conv.input[0])
    if concat.op_type != "Concat":
        return
    nodes: list[onnx.NodeProto] = []
    total = ""
    first = 0
    for number, source in enumerate(concat.input):
        span = slice(first, first + graph.channels(source))
        first = span.stop
        last = number == len(concat.input) - 1
        part = f"{conv.output[0]}.of.{number}"
        nodes.append(graph.part_of_conv(conv, part, slice(None), span, source, biased=last))
        if total:
            made = conv.output[0] if last else f"{part}.sum"
            nodes.append(helper.make_node("Add", [part, total], [made]))
            total = made
        else:
            total = part
    graph.replace(conv, *nodes)


def finished(graph: Graph) -> onnx.ModelProto:
    """Return the model: only what its outputs need, in an order that runs, with the engine's names.

    Sizes have names, so that the engine can fix them: ONNX Runtime then fuses the sums into the convolutions.
    """
    names = {SMALL_SOURCE: "small_src", SLOPE: "slope", OFFSET: "offset"}
    inputs = [helper.make_tensor_value_info("small_src", onnx.TensorProto.FLOAT, [1, 3, "height", "width"])]
    for number, (name, channels) in enumerate(STATES.items(), 1):
        shape = [1, channels, f"height_{number}", f"width_{number}"]
        inputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    outputs = [
        helper.make_tensor_value_info(names.get(name, name), onnx.TensorProto.FLOAT, None)
        for name in (SLOPE, OFFSET, *NEXT_STATES)
    ]
    nodes = needed(graph)
    used = {name for node in nodes for name in node.input}
    for node in nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    weights = [numpy_helper.from_array(graph.weights[name], name) for name in sorted(used & set(graph.weights))]
    made = helper.make_graph(nodes, "rvm_cut", inputs, outputs, weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 12)], ir_version=6)


def needed(graph: Graph) -> list[onnx.NodeProto]:
    """Return the nodes that lead to the outputs, each after those whose work it needs."""
    makers = {name: node for node in graph.nodes for name in node.output}
    order: list[onnx.NodeProto] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen or name not in makers:
            return
        node = makers[name]
        seen.update(node.output)
        for source in node.input:
            visit(source)
        order.append(node)

    for name in (SLOPE, OFFSET, *NEXT_STATES):
        visit(name)
    return order


if __name__ == "__main__":
    cut(Path(sys.argv[1]), Path(sys.argv[2]))
