"""Work on channels that are put together or taken apart, done on the parts instead.

ONNX Runtime's blocked layout (NCHWc) holds channels in eights or sixteens; a concat or a split that does not fall on
their borders, or an input of three channels among them, drives everything around it out of that layout.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from graph import Graph
from onnx import helper
from published import ASPP_GATED, BOX_FILTER, FILTER_CONVS

WIDE = 64
"""Channels that are made as fast by themselves as together with others: ONNX Runtime's kernels make up to so many at
once. Fewer are picked from what is made together."""


def part_outputs(graph: Graph, split: onnx.NodeProto) -> None:
    """Let each part of a split be made by itself, or be picked by a convolution, which knows the blocked layout."""
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
        elif span.stop - span.start >= WIDE:
            replaced += activated(graph, made, part, span)
        else:
            replaced.append(picked(graph, split.input[0], part, span))
    graph.replace(split, *replaced)


def picked(graph: Graph, source: str, name: str, channels: slice) -> onnx.NodeProto:
    """Return a convolution that takes some channels of a value."""
    graph.picked[name] = (source, channels.start, channels.stop - channels.start)
    return graph.conv(source, name, np.eye(graph.channels(source), dtype=np.float32)[channels, :, None, None])


def activated(graph: Graph, activation: onnx.NodeProto, name: str, outputs: slice) -> Iterator[onnx.NodeProto]:
    """Yield a convolution of some outputs and its activation, which makes `name`."""
    conv = graph.maker(activation.input[0])
    yield graph.part_of_conv(conv, f"{name}.conv", outputs, slice(None), conv.input[0], biased=True)
    yield helper.make_node(activation.op_type, [f"{name}.conv"], [name])


def part_inputs(graph: Graph, conv: onnx.NodeProto) -> None:
    """Let a convolution over concatenated inputs be a sum of convolutions, one for each."""
    of_filter = conv.input[1] == BOX_FILTER or conv.output[0] == FILTER_CONVS[0]
    if of_filter or not graph.makes(conv.input[0], "Concat"):
        return
    concat = graph.maker(conv.input[0])
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
