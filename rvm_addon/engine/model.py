"""Robust Video Matting on ONNX Runtime: `fgr, pha, *rec = model(src, *rec)`, the state kept between frames.

S. Lin, L. Yang, I. Saleemi, S. Sengupta: "Robust High-Resolution Video Matting with Temporal Guidance", WACV 2022.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from . import weights
from .errors import ModelUnsuitable, SpecError
from .spec import JobSpec
from .tensors import Tensor

STATES = ("r1i", "r2i", "r3i", "r4i")
INPUTS = ("src", *STATES, "downsample_ratio")
SMALLEST_SIDE = 4
"""Pixels that must be left at the size at which the network looks."""
OUTPUTS = ("fgr", "pha", "r1o", "r2o", "r3o", "r4o")

_REFUSALS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class MattingModel(Protocol):
    """Mattes the frames of one clip in their order."""

    provider: str
    """The execution provider that runs it."""

    def matte(self, src: Tensor) -> tuple[Tensor, Tensor]:
        """Return foreground (1 x 3 x H x W) and matte (1 x 1 x H x W) of `src` (1 x 3 x H x W); RGB, 0..1."""

    def ratio_for(self, width: int, height: int) -> float:
        """Return the downsample ratio for pictures of this size."""


class RvmModel:
    """The published graph, its recurrent state carried from frame to frame.

    A frame of another size than the one before begins anew: the state's shape belongs to the size, and a picture of
    another size is another scene.
    """

    def __init__(self, spec: JobSpec, threads: int = 0) -> None:
        """Load `spec.model`; `threads` 0 lets ONNX Runtime use every core.

        Raises:
            ModelMissing: there is no such file.
            ModelDamaged: it is not the file that the catalogue promises under this name.
            ModelUnsuitable: it is not ONNX, or not with RVM's inputs and outputs in 32 bits.
        """
        self._spec = spec
        self._session = _session(Path(spec.model), threads)
        self.provider: str = self._session.get_providers()[0]
        self._size = (0, 0)
        self._rec: list[Tensor] = []

    def ratio_for(self, width: int, height: int) -> float:
        """Return the given ratio, or the one that scales the longest side to the working side; never above 1."""
        return self._spec.ratio or min(self._spec.working_side / max(width, height), 1.0)

    def matte(self, src: Tensor) -> tuple[Tensor, Tensor]:
        """Return foreground (1 x 3 x H x W) and matte (1 x 1 x H x W) of `src` (1 x 3 x H x W); RGB, 0..1."""
        height, width = src.shape[2:]
        if (width, height) != self._size:
            self._size = (width, height)
            self._rec = [np.zeros((1, 1, 1, 1), np.float32)] * len(STATES)
        ratio = np.array([self.ratio_for(width, height)], np.float32)
        if min(width, height) * ratio[0] < SMALLEST_SIDE:
            raise SpecError("downsample ratio", f"{ratio[0]:g} leaves nothing to see of {width} x {height} pixels")
        inputs = {"src": src, "downsample_ratio": ratio, **dict(zip(STATES, self._rec, strict=True))}
        fgr, pha, *self._rec = self._session.run(OUTPUTS, inputs)
        return fgr, pha


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Return a session of the file, checked to be RVM."""
    weights.verify(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Decode and encode share the cores with the network: threads that spin while they wait cost 15 to 20 %.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _REFUSALS as error:
        raise ModelUnsuitable(path, str(error).splitlines()[0]) from error
    _check_signature(path, session)
    return session


def _check_signature(path: Path, session: onnxruntime.InferenceSession) -> None:
    """Raise ModelUnsuitable unless the graph has RVM's inputs and outputs in float32."""
    inputs = {value.name: value.type for value in session.get_inputs()}
    outputs = {value.name for value in session.get_outputs()}
    missing = [name for name in INPUTS if name not in inputs] + [name for name in OUTPUTS if name not in outputs]
    if missing:
        raise ModelUnsuitable(path, f"it has no {', '.join(missing)}")
    if inputs["src"] != "tensor(float)":
        raise ModelUnsuitable(path, f"it wants {inputs['src']}; only 32-bit weights are supported so far")
