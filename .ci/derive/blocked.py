"""What else keeps values in ONNX Runtime's blocked layout (NCHWc), where its convolutions are fast.

Only some operators know that layout: convolutions, pooling, sums and products of equal shapes, concats on the borders
of blocks, doubling by `Resize`. Everything here is the published arithmetic in those words.
"""

from collections.abc import Iterable

import numpy as np
import onnx
from graph import Array, Graph
from onnx import helper
from published import BOX_FILTER, DEEPEST, DETAIL, FILTER_CONVS, FINEST, STATES

BLOCK = 16
"""Channels in a block where the processor's vectors are widest; eight elsewhere."""


def decode_in_blocks(graph: Graph) -> None:
    """Keep everything between the backbone and the guided filter in blocks."""
    for state, channels in STATES.items():
        remember_in_blocks(graph, state)
        if channels % BLOCK:
            meet_in_blocks(graph, state)
    go_on_in_blocks(graph, DEEPEST, graph.users(DEEPEST))
    for name in (DETAIL, FINEST):
        go_on_in_blocks(graph, name, graph.of_type("Concat"))


def as_blocks(name: str, made: str) -> onnx.NodeProto:
    """Return a node that does nothing but know the blocked layout, for whole blocks only."""
    return helper.make_node("MaxPool", [name], [made], kernel_shape=[1, 1])


def times(graph: Graph, factor: float, name: str, made: str) -> onnx.NodeProto:
    """Return a convolution that multiplies a value; it knows the blocked layout, whole blocks or not."""
    count = graph.channels(name)
    return graph.conv(name, made, np.full((count, 1, 1, 1), factor, np.float32), group=count)


def remember_in_blocks(graph: Graph, state: str) -> None:
    """Let a recurrent unit's h' = (1 - z)·h + z·c be h + z·(c - h), for there is no subtraction in blocks."""
    following = state.replace("i", "o")
    last = graph.maker(following)
    kept, new = (graph.maker(name) for name in last.input)
    rest = graph.maker(next(name for name in kept.input if name != state))
    update = rest.input[1]
    candidate = next(name for name in new.input if name != update)
    for node in (kept, rest, new):
        graph.nodes.remove(node)
    held, negative, change = f"{state}.held", f"{state}.negative", f"{following}.change"
    graph.rename_input(graph.users(state), state, held)
    graph.nodes.insert(0, times(graph, 1.0, state, held))
    graph.nodes.insert(1, times(graph, -1.0, held, negative))
    graph.replace(
        last,
        helper.make_node("Add", [candidate, negative], [f"{change}.full"]),
        helper.make_node("Mul", [update, f"{change}.full"], [change]),
        helper.make_node("Add", [change, held], [following]),
    )


def meet_in_blocks(graph: Graph, state: str) -> None:
    """Let what a recurrent unit is given lie beside its state h without idle channels between the two.

    Its convolutions take features b beside h, and b beside r·h, where r is the reset gate. The latter is the former
    times 1 and r.
    """
    users = graph.users(f"{state}.held")
    beside, product = (next(node for node in users if node.op_type == kind) for kind in ("Concat", "Mul"))
    (after_reset,) = graph.users(product.output[0])
    reset = graph.maker(product.input[0])
    gates, first, count = graph.picked[product.input[0]]
    gate = f"{state}.gate"
    weight, bias = placing(2 * count, count, graph.channels(gates), first, count), np.ones(2 * count, np.float32)
    bias[count:] = 0
    graph.nodes.remove(product)
    graph.nodes.remove(reset)
    graph.replace(
        after_reset,
        graph.conv(gates, gate, weight, bias),
        helper.make_node("Mul", [beside.output[0], gate], [after_reset.output[0]]),
    )
    put_together(graph, beside)
    put_together(graph, *graph.users(state.replace("i", "o")))


def put_together(graph: Graph, concat: onnx.NodeProto) -> None:
    """Let convolutions put two values beside each other whose channels are no whole blocks."""
    name = concat.output[0]
    total, at = graph.channels(name), 0
    placed = []
    for number, part in enumerate(concat.input):
        source, first, count = graph.picked.get(part, (part, 0, graph.channels(part)))
        weight = placing(total, at, graph.channels(source), first, count)
        placed.append(graph.conv(source, f"{name}.{number}", weight))
        at += count
    graph.replace(concat, *placed, helper.make_node("Add", [node.output[0] for node in placed], [name]))


def placing(total: int, at: int, available: int, first: int, count: int) -> Array:
    """Return the weights that put `count` of so many available channels, from `first` on, at `at` of `total`."""
    weight = np.zeros((total, available, 1, 1), np.float32)
    weight[range(at, at + count), range(first, first + count)] = 1
    return weight


def go_on_in_blocks(graph: Graph, name: str, users: Iterable[onnx.NodeProto]) -> None:
    """Let a value that comes in the plain layout go on to its users in blocks."""
    made = f"{name}.blocks"
    graph.rename_input(list(users), name, made)
    graph.nodes.append(as_blocks(name, made))


def crop_where_needed(graph: Graph, crop: onnx.NodeProto) -> None:
    """Crop a doubled map only where it is larger than it should be.

    With sizes fixed, ONNX Runtime answers the question when it loads the graph, and only one branch is left.
    """
    doubled, ends, name = crop.input[0], crop.input[2], crop.output[0]
    crop.output[0] = f"{name}.cropped"
    graph.weights |= {"two": np.array([2], np.int64), "four": np.array([4], np.int64)}
    answers = [f"{name}.{word}" for word in ("shape", "size", "fits", "number", "all", "answer")]
    shape, size, fits, number, every, answer = answers
    left = helper.make_node("Identity", [doubled], [f"{name}.left"])
    graph.replace(
        crop,
        helper.make_node("Shape", [doubled], [shape]),
        helper.make_node("Slice", [shape, "two", "four"], [size]),
        helper.make_node("Equal", [size, ends], [fits]),
        helper.make_node("Cast", [fits], [number], to=onnx.TensorProto.INT32),
        helper.make_node("ReduceMin", [number], [every], keepdims=0),
        helper.make_node("Cast", [every], [answer], to=onnx.TensorProto.BOOL),
        helper.make_node("If", [answer], [name], then_branch=branch(left), else_branch=branch(crop)),
    )


def branch(node: onnx.NodeProto) -> onnx.GraphProto:
    """Return a graph of one node, for an `If`."""
    output = helper.make_tensor_value_info(node.output[0], onnx.TensorProto.FLOAT, None)
    return helper.make_graph([node], node.output[0], [], [output])


def filter_plainly(graph: Graph) -> None:
    """Work out the guided filter's local means in one convolution, and leave what is made of them in the plain layout.

    Colours, matte, variance and covariance have four channels each: in blocks of sixteen, each step of that arithmetic
    would take four times as long.
    """
    boxes = [node for node in graph.of_type("Conv") if node.input[1] == BOX_FILTER]
    sources, means = [node.input[0] for node in boxes], [node.output[0] for node in boxes]
    box = graph.weights[BOX_FILTER]
    for node in boxes:
        graph.nodes.remove(node)
    graph.nodes += [
        helper.make_node("Concat", sources, ["sources.together"], axis=1),
        graph.conv(
            "sources.together", "means.together", np.concatenate([box] * len(boxes)), group=len(box) * len(boxes)
        ),
        helper.make_node("Split", ["means.together"], means, axis=1, split=[len(box)] * len(boxes)),
    ]
    first = graph.maker(FILTER_CONVS[0])
    *statistics, hidden = graph.maker(first.input[0]).input
    weight, bias = (graph.weights[name] for name in first.input[1:])
    narrow = sum(map(graph.channels, statistics))
    graph.replace(
        first,
        helper.make_node("Concat", statistics, ["statistics"], axis=1),
        graph.conv("statistics", "of.statistics", weight[:, :narrow]),
        graph.conv(hidden, "of.hidden", weight[:, narrow:], bias),
        helper.make_node("Add", ["of.hidden", "of.statistics"], [first.output[0]]),
    )
