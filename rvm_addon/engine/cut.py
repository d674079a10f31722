"""The published graph in the pieces into which `build.py` cuts it (`.ci/derive/cut.py`).

The *backbone* looks at a frame by itself; the *decoder* takes what it saw and the states that the frame before left;
the *coarse* piece tells where somebody may be, and there the *refiner* makes the guided filter's two small maps. Only
the decoder has to go from frame to frame.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime

from . import graphs, windows
from .devices import PROCESSOR, Device
from .graphs import Value
from .tensors import Tensor

FEATURES = ("feature_1", "feature_2", "feature_3", "feature_4", "feature_5")
STATES = ("r1i", "r2i", "r3i", "r4i")
DECODED = ("detail", "r1o", "r2o", "r3o", "r4o")
STATE_CHANNELS_AND_STRIDES = ((16, 2), (20, 4), (40, 8), (64, 16))
"""Of the four states: channels, and how many pixels of the small source one of theirs spans."""


@dataclass(frozen=True)
class Pieces:
    """All pieces, loaded for small sources of one size.

    Knowing every size, ONNX Runtime fuses more and keeps values in its blocked layout.
    """

    size: tuple[int, int]
    """Height and width of the small source."""
    backbone: onnxruntime.InferenceSession
    decoder: onnxruntime.InferenceSession
    coarse: onnxruntime.InferenceSession | None
    """None where all of every frame is refined."""
    refiner: Callable[[int, int], onnxruntime.InferenceSession]
    """For windows of this height and width."""

    @classmethod
    def load(cls, files: tuple[Path, ...], threads: int, size: tuple[int, int], device: Device = PROCESSOR) -> Self:
        """Load the files, each to run on a device, with so many threads of the processor.

        Raises:
            ModelUnsuitable: ONNX Runtime refuses a file.
            DeviceMissing: it cannot use the device.
        """
        backbone, decoder, coarse, refiner = files
        load = partial(graphs.load, threads=threads, device=device)
        sizes = _sizes(*size)

        @cache
        def sized(height: int, width: int) -> onnxruntime.InferenceSession:
            """Return the refiner for windows of one size; there are few, and each takes 5 ms to load."""
            return load(refiner, sizes=_sizes(height, width), keeps_memory=False)

        # Elsewhere than on the processor a size takes long to load, and the whole frame hardly longer than a part.
        return cls(
            size,
            load(backbone, sizes=sizes),
            load(decoder, sizes=sizes),
            load(coarse, sizes=sizes) if device.is_cpu else None,
            sized,
        )

    def look(self, src: Tensor) -> "Seen":
        """Return what the backbone sees in a small source (1 x 3 x height x width)."""
        small = Value.ortvalue_from_numpy(src)
        return Seen(self, small, self.backbone.run_with_ort_values(FEATURES, {"small_src": small}))

    def states(self, recalled: tuple[Tensor, ...]) -> list[Value]:
        """Return the states to begin with: those that an earlier run left, where they fit, else those of no memory."""
        height, width = self.size
        shapes = [(1, c, -(-height // stride), -(-width // stride)) for c, stride in STATE_CHANNELS_AND_STRIDES]
        if [state.shape for state in recalled] != shapes:
            recalled = tuple(np.zeros(shape, np.float32) for shape in shapes)
        return list(map(Value.ortvalue_from_numpy, recalled))

    def remember(self, seen: "Seen", states: list[Value]) -> tuple["Decoded", list[Value]]:
        """Return what the decoder makes of what was seen and of the states before, and the next states."""
        inputs = {"small_src": seen.small, **dict(zip(FEATURES + STATES, seen.features + states, strict=True))}
        detail, *following = self.decoder.run_with_ort_values(DECODED, inputs)
        return Decoded(seen.small, detail, following[0]), following

    def refine(self, decoded: "Decoded") -> tuple[Tensor, Tensor]:
        """Return the guided filter's slope and offset, each 1 x 4 x height x width; from any thread.

        Both are nought where surely nobody is: the matte is nought there, the foreground the source.
        """
        slope, offset = np.zeros((2, 1, 4, *self.size), np.float32)
        small, detail, state = (value.numpy() for value in (decoded.small, decoded.detail, decoded.state))
        for window in self._windows(decoded):
            (rows, columns), (coarse_rows, coarse_columns) = window.fine(self.size), window.outer
            inputs = {
                "small_src": small[..., rows, columns],
                "detail": detail[..., coarse_rows, coarse_columns],
                "r1o": state[..., coarse_rows, coarse_columns],
            }
            session = self.refiner(rows.stop - rows.start, columns.stop - columns.start)
            whole, part = window.taken(self.size)
            for plane, refined in zip((slope, offset), session.run(("slope", "offset"), inputs), strict=True):
                plane[..., *whole] = refined[..., *part]
        return slope, offset

    def _windows(self, decoded: "Decoded") -> Iterable[windows.Window]:
        """Return where a frame is refined."""
        if self.coarse is None:
            return (windows.whole(decoded.detail.shape()[2:]),)
        inputs = {"small_src": decoded.small, "detail": decoded.detail, "r1o": decoded.state}
        (coarse,) = self.coarse.run_with_ort_values(("coarse",), inputs)
        return windows.around_somebody(coarse.numpy()[0, 0])


def _sizes(height: int, width: int) -> dict[str, int]:
    """Return what the pieces' inputs call their sizes, for a small source of this height and width."""
    sizes = {"height": height, "width": width}
    for level, (_, stride) in enumerate(STATE_CHANNELS_AND_STRIDES, 1):
        sizes |= {f"height_{level}": -(-height // stride), f"width_{level}": -(-width // stride)}
    return sizes


@dataclass(frozen=True)
class Seen:
    """What the backbone saw of one frame."""

    pieces: Pieces
    """The backbone's own decoder and refiner."""
    small: Value
    """The small source."""
    features: list[Value]


@dataclass(frozen=True)
class Decoded:
    """What the refiner wants of one frame."""

    small: Value
    """The small source."""
    detail: Value
    state: Value
    """The finest one."""
