"""The published graph in the pieces into which `build.py` cuts it (`.ci/derive/cut.py`).

The *backbone* extracts features from a frame by itself. The *decoder* takes these and the recurrent state after the
frame before. The *coarse* piece finds where somebody may be, and there the *refiner* makes the guided filter's two
small maps. Only the decoder has to run frame after frame.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime

from ..pictures.tensors import Tensor
from . import graphs, windows
from .devices import PROCESSOR, Device
from .graphs import Value

FEATURES = ("feature_1", "feature_2", "feature_3", "feature_4", "feature_5")
STATES = ("r1i", "r2i", "r3i", "r4i")
DECODED = ("detail", "r1o", "r2o", "r3o", "r4o")
STATE_CHANNELS_AND_STRIDES = ((16, 2), (20, 4), (40, 8), (64, 16))
"""Of the four states: channels, and how many pixels of the small source one pixel of the state spans."""


@dataclass(frozen=True)
class Pieces:
    """All pieces, loaded for small sources of one size.

    With all sizes fixed, ONNX Runtime fuses more and keeps values in its blocked layout.
    """

    size: tuple[int, int]
    """Height and width of the small source."""
    backbone: onnxruntime.InferenceSession
    decoder: onnxruntime.InferenceSession
    coarse: onnxruntime.InferenceSession | None
    """None where the whole of every frame is refined."""
    refiner: Callable[[int, int], onnxruntime.InferenceSession]
    """Returns the session for windows of this height and width."""

    @classmethod
    def load(cls, files: tuple[Path, ...], threads: int, size: tuple[int, int], device: Device = PROCESSOR) -> Self:
        """Load the files, each to run on a device, with this many threads of the processor.

        Raises:
            ModelUnsuitable: ONNX Runtime refuses a file.
            DeviceMissing: ONNX Runtime cannot use the device.
        """
        backbone, decoder, coarse, refiner = files
        load = partial(graphs.load, threads=threads, device=device)
        sizes = _sizes(*size)

        @cache
        def sized(height: int, width: int) -> onnxruntime.InferenceSession:
            """Return the refiner for windows of one size; there are few, and each takes 5 ms to load."""
            return load(refiner, sizes=_sizes(height, width), keeps_memory=False)

        # On other devices, each size takes long to load, and a whole frame hardly takes longer than a part.
        return cls(
            size,
            load(backbone, sizes=sizes),
            load(decoder, sizes=sizes),
            load(coarse, sizes=sizes) if device.is_cpu else None,
            sized,
        )

    def look(self, src: Tensor) -> "Seen":
        """Return the backbone's features of a small source (1 x 3 x height x width)."""
        small = Value.ortvalue_from_numpy(src)
        return Seen(self, small, self.backbone.run_with_ort_values(FEATURES, {"small_src": small}))

    def states(self, recalled: tuple[Tensor, ...]) -> list[Value]:
        """Return the states to begin with: those of an earlier run if their shapes fit, else zeros."""
        height, width = self.size
        shapes = [(1, c, -(-height // stride), -(-width // stride)) for c, stride in STATE_CHANNELS_AND_STRIDES]
        if [state.shape for state in recalled] != shapes:
            recalled = tuple(np.zeros(shape, np.float32) for shape in shapes)
        return list(map(Value.ortvalue_from_numpy, recalled))

    def remember(self, seen: "Seen", states: list[Value]) -> tuple["Decoded", list[Value]]:
        """Return the decoder's output for a frame's features and the states before, and the next states."""
        inputs = {"small_src": seen.small, **dict(zip(FEATURES + STATES, seen.features + states, strict=True))}
        detail, *following = self.decoder.run_with_ort_values(DECODED, inputs)
        return Decoded(seen.small, detail, following[0]), following

    def refine(self, decoded: "Decoded") -> tuple[Tensor, Tensor]:
        """Return the guided filter's slope and offset, each 1 x 4 x height x width; from any thread.

        Both are zero where surely nobody is: the matte is zero there, and the foreground is the source.
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
        """Return the windows in which a frame is refined."""
        if self.coarse is None:
            return (windows.whole(decoded.detail.shape()[2:]),)
        inputs = {"small_src": decoded.small, "detail": decoded.detail, "r1o": decoded.state}
        (coarse,) = self.coarse.run_with_ort_values(("coarse",), inputs)
        return windows.around_somebody(coarse.numpy()[0, 0])


def _sizes(height: int, width: int) -> dict[str, int]:
    """Return the values of the pieces' named dimensions for a small source of this height and width."""
    sizes = {"height": height, "width": width}
    for level, (_, stride) in enumerate(STATE_CHANNELS_AND_STRIDES, 1):
        sizes |= {f"height_{level}": -(-height // stride), f"width_{level}": -(-width // stride)}
    return sizes


@dataclass(frozen=True)
class Seen:
    """The backbone's output for one frame."""

    pieces: Pieces
    """The pieces that the backbone belongs to."""
    small: Value
    """The small source."""
    features: list[Value]


@dataclass(frozen=True)
class Decoded:
    """The refiner's inputs for one frame."""

    small: Value
    """The small source."""
    detail: Value
    state: Value
    """The finest of the next states (r1o)."""
