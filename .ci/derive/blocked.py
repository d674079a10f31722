"""What else keeps values in ONNX Runtime's blocked layout (NCHWc), where its convolutions are fast.

Only some operators know that layout: convolutions, pooling, sums and products of equal shapes, concats on the borders
of blocks, doubling by `Resize`. Everything here is the published arithmetic in those words.
"""

from collections.abc import Iterable

import numpy as np
import onnx
from graph import Array, Graph
from onnx import helper
from published import (
    BOX_FILTER,
    DEEPEST,
    DETAIL,
    FILTER_CONVS,
    FINEST,
    HIDDEN,
    PROJECTION,
    SMALL_SOURCE,
    STATES,
)

NARROW, WIDE = STATES["r2i"], 24
"""Twenty channels are no multiple of eight: where there are as many, four more are added, which are always nought."""


def decode_in_blocks(graph: Graph) -> None:
    """Keep everything between the backbone and the guided filter in blocks."""
    for state in STATES:
        remember_in_blocks(graph, state)
    go_on_in_blocks(graph, DEEPEST, graph.users(DEEPEST))
    for name in (DETAIL, FINEST):
        go_on_in_blocks(graph, name, graph.of_type("Concat"))
    for concat in graph.of_type("Concat"):
        if NARROW in map(graph.channels, concat.input):
            pack(graph, concat)
    widen(graph)


def as_blocks(name: str, made: str) -> onnx.NodeProto:
    """Return a node that does nothing but know the blocked layout."""
    return helper.make_node("MaxPool", [name], [made], kernel_shape=[1, 1])


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
    minus = -np.ones((STATES[state], 1, 1, 1), np.float32)
    graph.nodes[:0] = [as_blocks(state, held), graph.conv(held, negative, minus, group=STATES[state])]
    graph.replace(
        last,
        helper.make_node("Add", [candidate, negative], [f"{change}.full"]),
        helper.make_node("Mul", [update, f"{change}.full"], [change]),
        helper.make_node("Add", [change, held], [following]),
    )


def go_on_in_blocks(graph: Graph, name: str, users: Iterable[onnx.NodeProto]) -> None:
    """Let a value that comes in the plain layout go on to its users in blocks."""
    made = f"{name}.blocks"
    graph.rename_input(list(users), name, made)
    graph.nodes.append(as_blocks(name, made))


def pack(graph: Graph, concat: onnx.NodeProto) -> None:
    """Let a convolution pick the channels of a concat, so that four idle ones of each part go no further."""
    name = concat.output[0]
    count = graph.channels(name)
    graph.rename_input(graph.users(name), name, f"{name}.packed")
    graph.nodes.append(graph.conv(name, f"{name}.packed", np.eye(count)[..., None, None]))


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


def widen(graph: Graph) -> None:
    """Give each value of twenty channels four more, which are nought."""
    spans = {conv.output[0]: input_spans(graph, conv) for conv in graph.of_type("Conv")}
    for conv in graph.of_type("Conv"):
        weight = graph.weights[conv.input[1]]
        outputs, inputs = widened([weight.shape[0]]), widened(spans[conv.output[0]])
        wide = np.zeros((outputs[1], inputs[1] if inputs[0] else weight.shape[1], *weight.shape[2:]), np.float32)
        wide[np.ix_(outputs[0], inputs[0] or range(weight.shape[1]))] = weight
        graph.weights[conv.input[1]] = wide
        if len(conv.input) > 2:
            bias = np.zeros(outputs[1], np.float32)
            bias[outputs[0]] = graph.weights[conv.input[2]]
            graph.weights[conv.input[2]] = bias
        for attribute in conv.attribute:
            if attribute.name == "group" and attribute.i == NARROW:
                attribute.i = WIDE


def input_spans(graph: Graph, conv: onnx.NodeProto) -> list[int]:
    """Return the channels of each part of what a convolution takes; nothing where it takes each by itself."""
    if any(attribute.name == "group" and attribute.i > 1 for attribute in conv.attribute):
        return []
    name = conv.input[0]
    if graph.makes(name, "Concat"):
        return [graph.channels(part) for part in graph.maker(name).input]
    return [graph.channels(name)]


def widened(spans: list[int]) -> tuple[list[int], int]:
    """Return where the channels of these parts lie when each part of twenty has four more, and how many there are."""
    places, total = [], 0
    for span in spans:
        places += range(total, total + span)
        total += WIDE if span == NARROW else span
    return places, total


def filter_in_blocks(graph: Graph) -> None:
    """Work out the guided filter's two maps in blocks of eight channels, two fours at a time.

    With x the colours and their mean, y the small foreground's residual and matte, box() a local mean: covariance is
    box(x·y) - box(x)·box(y), variance box(x·x) - box(x)·box(x); the slope A is three convolutions of both and of the
    hidden features; the offset is box(y) - A·box(x). What is subtracted goes through the negative weights. Both maps
    have eight channels: the slope's first four are A, the offset's last four are b.
    """
    weights = [graph.weights[name] for conv in map(graph.maker, FILTER_CONVS) for name in conv.input[1:]]
    first, first_bias, second, second_bias, third, third_bias = weights
    of_covariance, of_variance, of_hidden = np.split(first, [4, 8], axis=1)
    of_both = np.concatenate([of_variance, of_covariance], axis=1)
    colours = np.concatenate([np.eye(3), np.full((1, 3), 1 / 3)])[..., None, None]
    y, y_bias = graph.weights[f"{PROJECTION}.weight"], graph.weights[f"{PROJECTION}.bias"]
    box = twice(graph.weights[BOX_FILTER])
    graph.nodes += [
        graph.conv(SMALL_SOURCE, "x.x", twice(colours)),
        graph.conv(SMALL_SOURCE, "x.0", twice(colours, second=0)),
        graph.conv(HIDDEN, "0.y", twice(y, first=0), twice(y_bias, first=0)),
        helper.make_node("Add", ["0.y", "x.0"], ["x.y"]),
        helper.make_node("Mul", ["x.y", "x.x"], ["xx.xy"]),
        graph.conv("x.x", "box.x.x", box, group=8),
        graph.conv("x.y", "box.x.y", box, group=8),
        graph.conv("xx.xy", "box.xx.xy", box, group=8),
        helper.make_node("Mul", ["box.x.y", "box.x.x"], ["boxes"]),
        graph.conv("boxes", "of.boxes", -of_both),
        graph.conv("box.xx.xy", "of.products", of_both),
        helper.make_node("Add", ["of.products", "of.boxes"], ["of.both"]),
        graph.conv(HIDDEN, "of.hidden", of_hidden, first_bias),
        helper.make_node("Add", ["of.hidden", "of.both"], ["first"]),
        helper.make_node("Relu", ["first"], ["first.relu"]),
        graph.conv("first.relu", "second", second, second_bias),
        helper.make_node("Relu", ["second"], ["second.relu"]),
        graph.conv("second.relu", "slope", twice(third, second=-1), twice(third_bias, second=-1)),
        helper.make_node("Mul", ["slope", "box.x.x"], ["ax.-ax"]),
        helper.make_node("Add", ["ax.-ax", "box.x.y"], ["offset"]),
    ]


def twice(weights: Array, first: float = 1.0, second: float = 1.0) -> Array:
    """Return weights for both halves of the outputs, each times a factor."""
    both: Array = np.concatenate([weights * first, weights * second])
    return both
