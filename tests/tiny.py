"""Tiny real files, made on the spot: ONNX models with RVM's interface, and movies whose frames show their number."""

import struct
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from rvm_addon.engine.pictures.tensors import Picture

BITS = 8
SIZE = (128, 64)
"""Width and height of the barcode pictures, pixels."""


def passthrough_model(path: Path) -> Path:
    """Write a model for which every picture is all foreground, in the picture's own colours."""
    ones = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    nodes = [
        helper.make_node("Identity", ["src"], ["fgr"]),
        helper.make_node("ReduceMax", ["src"], ["brightest"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["brightest", "nought"], ["none"]),
        helper.make_node("Add", ["none", "one"], ["pha"]),
    ]
    return _write(path, nodes, [ones, helper.make_tensor("nought", TensorProto.FLOAT, [1], [0.0])])


def counting_model(path: Path, step: float = 0.1, *, window: int = 1, half: bool = False) -> Path:
    """Write a model whose matte is `step` times the number of frames that its recurrent state has seen before.

    A larger `window`, an odd number of pixels, adds a convolution of that size, and the time that it takes. With
    `half`, it is in half precision as RVM's own export is: all but the downsample ratio has 16 bits.
    """
    nodes = [
        helper.make_node("Identity", ["src"], ["fgr"]),
        helper.make_node("Conv", ["src", "nothing"], ["none"], pads=[window // 2] * 4),
        helper.make_node("Add", ["none", "r1i"], ["pha"]),
    ]
    zeros = np.zeros((1, 3, window, window), np.float16 if half else np.float32)
    kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    return _write(path, nodes, [numpy_helper.from_array(zeros, "nothing")], state_step=step, kind=kind)


def green_model(path: Path) -> Path:
    """Write a model whose matte is the picture's green channel, and whose foreground is the picture."""
    nodes = [
        helper.make_node("Identity", ["src"], ["fgr"]),
        helper.make_node("Slice", ["src", "one", "two", "one"], ["pha"]),
    ]
    limits = [helper.make_tensor(name, TensorProto.INT64, [1], [i]) for name, i in (("one", 1), ("two", 2))]
    return _write(path, nodes, limits)


def double_model(path: Path) -> Path:
    """Write a model with RVM's names but 64-bit inputs, which the engine does not support."""
    return _write(
        path,
        [helper.make_node("Identity", ["src"], ["fgr"]), helper.make_node("Identity", ["src"], ["pha"])],
        [],
        kind=TensorProto.DOUBLE,
    )


def pieces(folder: Path, fails_at_white: str = "") -> tuple[Path, ...]:
    """Write stand-ins for the pieces of the published model, with the same names of inputs and outputs.

    The coarse piece sees nobody anywhere. The piece `fails_at_white` runs with grey pictures but fails with white ones,
    like a device that has too little memory for real frames.
    """
    states = [f"r{i}" for i in range(1, 5)]
    features = [f"feature_{i}" for i in range(1, 6)]
    grey = [helper.make_node("ReduceMean", ["checked"], ["grey"], axes=[1])]
    both = helper.make_node("Concat", ["checked", "grey"], ["maps"], axis=1)
    made = {
        "backbone": (["small_src"], dict.fromkeys(features, "checked"), []),
        "decoder": (
            ["small_src", *features, *(f"{name}i" for name in states)],
            {"detail": "r1i", "seen": "checked", **{f"{name}o": f"{name}i" for name in states}},
            [],
        ),
        "coarse": (
            ["small_src", "detail", "r1o"],
            {"coarse": "dark"},
            [*grey, helper.make_node("Neg", ["grey"], ["dark"])],
        ),
        "refiner": (["small_src", "detail", "r1o"], {"slope": "maps", "offset": "maps"}, [*grey, both]),
    }
    return tuple(_piece(folder / f"{name}.onnx", *made[name], fails_at_white=name == fails_at_white) for name in made)


def _piece(
    path: Path, takes: list[str], gives: dict[str, str], between: list[onnx.NodeProto], *, fails_at_white: bool
) -> Path:
    """Write a graph with the inputs `takes`, whose outputs are copies of the values that `gives` names."""
    constants = {
        "scale": helper.make_tensor("scale", TensorProto.FLOAT, [1], [1.5 if fails_at_white else 0.0]),
        "one number": helper.make_tensor("one number", TensorProto.FLOAT, [1], [0.0]),
    }
    nodes = [
        helper.make_node("ReduceMax", ["small_src"], ["brightest"], keepdims=0),
        helper.make_node("Mul", ["brightest", "scale"], ["scaled"]),
        helper.make_node("Cast", ["scaled"], ["place"], to=TensorProto.INT64),
        helper.make_node("Gather", ["one number", "place"], ["nought"]),  # fails for place 1
        helper.make_node("Add", ["small_src", "nought"], ["checked"]),
        *between,
        *(helper.make_node("Identity", [value], [name]) for name, value in gives.items()),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, f"{name}c", f"{name}h", f"{name}w"])
        for name in takes
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in gives]
    graph = helper.make_graph(nodes, "piece", inputs, outputs, list(constants.values()))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def _write(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: list[onnx.TensorProto],
    *,
    state_step: float = 0.0,
    kind: int = TensorProto.FLOAT,
) -> Path:
    """Write a graph with RVM's inputs and outputs; every state grows by `state_step` a frame."""
    states = [f"r{i}i" for i in range(1, 5)]
    constants = [*constants, helper.make_tensor("step", kind, [1], [state_step])]
    nodes = nodes + [helper.make_node("Add", [name, "step"], [name.replace("i", "o")]) for name in states]
    inputs = [
        helper.make_tensor_value_info("src", kind, [1, 3, "height", "width"]),
        *(helper.make_tensor_value_info(name, kind, [1, f"{name}c", f"{name}h", f"{name}w"]) for name in states),
        helper.make_tensor_value_info("downsample_ratio", TensorProto.FLOAT, [1]),
    ]
    outputs = [helper.make_tensor_value_info(name, kind, None) for name in ("fgr", "pha", "r1o", "r2o", "r3o", "r4o")]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


def barcode(number: int, size: tuple[int, int] = SIZE) -> Picture:
    """Return a BGR picture whose upper half is `number` in black and white bars; the lower half is a colour ramp."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            picture[: height // 2, bit * width // BITS : (bit + 1) * width // BITS] = 255
    picture[height // 2 :] = np.linspace(0, 255, width, dtype=np.uint8)[None, :, None] // np.array([1, 2, 3], np.uint8)
    return picture


def read_barcode(picture: NDArray[np.uint8]) -> int:
    """Return the number that a barcode picture shows, also after a lossy codec."""
    height, width = picture.shape[:2]
    row = picture[height // 8 : height * 3 // 8, :, :3].mean(axis=(0, 2))
    return sum((row[int((bit + 0.5) * width / BITS)] > 127) << bit for bit in range(BITS))


def barcode_movie(
    path: Path, frames: int, fps: float = 24.0, fourcc: str = "mp4v", size: tuple[int, int] = SIZE
) -> Path:
    """Write a movie whose frame i shows barcode i."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), fps, size)
    assert writer.isOpened(), f"this OpenCV cannot write {fourcc}"
    for number in range(frames):
        writer.write(barcode(number, size))
    writer.release()
    return path


def barcode_pictures(folder: Path, numbers: Sequence[int], suffix: str = ".png") -> list[Path]:
    """Write one barcode picture per number, with the number in its name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"shot_{number:04d}{suffix}" for number in numbers]
    for path, number in zip(paths, numbers, strict=True):
        cv2.imwrite(str(path), barcode(number))
    return paths


def tiff(path: Path, pixels: NDArray[Any], extra: int | None = None, order: str = "<") -> Path:
    """Write a TIFF 6.0 (H x W x channels, RGB or grey) in one strip; OpenCV's own writer cannot tag an alpha.

    `extra` says what an extra channel is: 1 is the alpha of premultiplied colours, 2 that of straight ones.
    """
    height, width, channels = pixels.shape
    content = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    bits, kind = pixels.dtype.itemsize * 8, "uif".index(pixels.dtype.kind) + 1
    head = 8  # then come the pixels, the values that are too long for the table, and the table
    tags = {256: [width], 257: [height], 258: [bits] * channels, 259: [1], 262: [2 if channels > 2 else 1], 273: [head]}
    tags |= {277: [channels], 278: [height], 279: [len(content)]}
    tags |= ({} if extra is None else {338: [extra]}) | {339: [kind] * channels}
    far, table = b"", struct.pack(f"{order}H", len(tags))
    for tag, values in tags.items():
        value = struct.pack(f"{order}{len(values)}{'I' if tag in (273, 279) else 'H'}", *values)
        if len(value) > 4:
            value, far = struct.pack(f"{order}I", head + len(content) + len(far)), far + value
        table += struct.pack(f"{order}HHI", tag, 4 if tag in (273, 279) else 3, len(values)) + value.ljust(4, b"\0")
    begin = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", head + len(content) + len(far))
    path.write_bytes(begin + content + far + table + bytes(4))
    return path


def tone(path: Path, seconds: float) -> Path:
    """Write a stereo WAV of one tone."""
    hertz, rate = 440.0, 48_000
    angle = np.arange(int(seconds * rate)) * (2 * np.pi * hertz / rate)
    samples = (np.sin(angle) * 12000).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat(samples, 2).tobytes())
    return path
