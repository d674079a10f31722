"""The published graph in the three pieces into which `build.py` cuts it (`.ci/derive/cut.py`).

The *backbone* looks at a frame by itself; the *decoder* takes what it saw and the states that the frame before left;
the *refiner* makes the guided filter's two small maps. Only the decoder has to go from frame to frame.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime

from . import graphs
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
    """Backbone, decoder and refiner, loaded for small sources of one size.

    Knowing every size, ONNX Runtime fuses more and keeps values in its blocked layout.
    """

    size: tuple[int, int]
    """Height and width of the small source."""
    backbone: onnxruntime.InferenceSession
    decoder: onnxruntime.InferenceSession
    refiner: onnxruntime.InferenceSession

    @classmethod
    def load(cls, files: tuple[Path, ...], threads: int, size: tuple[int, int], device: Device = PROCESSOR) -> Self:
        """Load the three files, each to run on a device, with so many threads of the processor.

        Raises:
            ModelUnsuitable: ONNX Runtime refuses a file.
            DeviceMissing: it cannot use the device.
        """
        sizes = {"height": size[0], "width": size[1]}
        for level, (_, stride) in enumerate(STATE_CHANNELS_AND_STRIDES, 1):
            sizes |= {f"height_{level}": -(-size[0] // stride), f"width_{level}": -(-size[1] // stride)}
        return cls(size, *(graphs.load(path, threads, sizes, device) for path in files))

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
        """Return the guided filter's slope and offset, each 1 x 4 x height x width; from any thread."""
        inputs = {"small_src": decoded.small, "detail": decoded.detail, "r1o": decoded.state}
        slope, offset = self.refiner.run_with_ort_values(("slope", "offset"), inputs)
        return slope.numpy(), offset.numpy()


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
