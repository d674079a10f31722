"""A coarse matte before the fine one: where somebody may be, at half the small source's size.

It is the published arithmetic of the last block, on maps and a picture that were not doubled: a fifth of the work. The
engine lets the refiner work only where this matte is not far below nought.
"""

import onnx
from graph import Graph
from parts import part_inputs
from published import DETAIL, FINEST, HIDDEN, PROJECTION, SMALL_SOURCE

COARSE = "coarse"
"""The matte, one channel, not clipped: in the background it lies far below nought."""


def look_coarsely(graph: Graph) -> None:
    """Add what makes the coarse matte; maps are still cropped wherever they were doubled."""
    (halving,) = (node for node in graph.of_type("AveragePool") if node.input[0] == SMALL_SOURCE)
    hidden = coarsely(graph, HIDDEN, halving.output[0])
    weight, bias = (graph.weights[f"{PROJECTION}.{kind}"][-1:] for kind in ("weight", "bias"))
    graph.nodes.append(graph.conv(hidden, COARSE, weight, bias))


def coarsely(graph: Graph, name: str, halved_source: str) -> str:
    """Return the name of what a value is on a picture of half the size; add the nodes that make it."""
    if name == SMALL_SOURCE:
        return halved_source
    if name in (DETAIL, FINEST) or graph.is_constant(name):
        return name
    node = graph.maker(name)
    if node.op_type in ("Slice", "Resize", "MaxPool"):  # cropped, doubled, put in blocks
        return coarsely(graph, node.input[0], halved_source)
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [coarsely(graph, each, halved_source) for each in node.input]
    copy.output[:] = [f"{each}.coarse" for each in node.output]
    graph.nodes.append(copy)
    if copy.op_type == "Conv":
        part_inputs(graph, copy)  # which pays where nothing has to be doubled
    return str(copy.output[0])
