"""A graph under the knife: nodes by what they make, weights by name."""

from collections.abc import Iterable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from published import CHANNELS_GIVEN

Array = NDArray[np.float32]


class Graph:
    """A graph under the knife: nodes by what they make, weights by name."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Take the model's nodes and weights."""
        self.nodes = list(model.graph.node)
        self.weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self.picked: dict[str, tuple[str, int, int]] = {}
        """Values that are some channels of another one: which one, the first channel, and how many."""

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

    def makes(self, name: str, kind: str) -> bool:
        """Return whether a node of this operator makes a value."""
        return any(name in node.output for node in self.of_type(kind))

    @staticmethod
    def taken(node: onnx.NodeProto) -> list[str]:
        """Return what a node takes, in its branches too."""
        branches = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
        return [*node.input, *(name for branch in branches for inner in branch.node for name in inner.input)]

    def rename(self, name: str, other: str) -> None:
        """Give a value another name."""
        self.rename_input(self.nodes, name, other)
        for node in self.nodes:
            node.output[:] = [other if each == name else each for each in node.output]

    def users(self, name: str) -> list[onnx.NodeProto]:
        """Return the nodes that take a value."""
        return [node for node in self.nodes if name in node.input]

    def rename_input(self, nodes: Iterable[onnx.NodeProto], name: str, other: str) -> None:
        """Let nodes take another value in a value's place."""
        for node in nodes:
            node.input[:] = [other if each == name else each for each in node.input]

    def conv(
        self, source: str, name: str, weight: Array, bias: Array | None = None, *, group: int = 1
    ) -> onnx.NodeProto:
        """Return a convolution of stride 1 that keeps the size; `weight` is outputs x inputs of a group x k x k."""
        self.weights[f"{name}.weight"] = np.ascontiguousarray(weight, np.float32)
        feeds = [source, f"{name}.weight"]
        if bias is not None:
            feeds.append(f"{name}.bias")
            self.weights[feeds[-1]] = np.ascontiguousarray(bias, np.float32)
        size = weight.shape[2]
        return helper.make_node("Conv", feeds, [name], group=group, kernel_shape=[size] * 2, pads=[size // 2] * 4)

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
