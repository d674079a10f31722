"""Robust Video Matting on ONNX Runtime: `fgr, pha, *rec = model(src, *rec)`, the state kept between frames.

S. Lin, L. Yang, I. Saleemi, S. Sengupta: "Robust High-Resolution Video Matting with Temporal Guidance", WACV 2022.

The published graph works at two sizes: the network looks at a downsampled frame, then a guided filter brings its word
to the frame's own size, which costs a third of the time. The *cut* graph (`build.py` derives it from the checked
weights) ends before that filter's last step; `matte.GuidedMatte` draws the rest, only where there is something to draw,
while the network looks at the next frame.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from . import weights
from .errors import ModelUnsuitable, SpecError
from .matte import Grid, GuidedMatte, Matte, PlainMatte
from .spec import JobSpec
from .tensors import Picture, Tensor, downsampled, to_tensor

STATES = ("r1i", "r2i", "r3i", "r4i")
NEXT_STATES = ("r1o", "r2o", "r3o", "r4o")
WHOLE_INPUTS = ("src", *STATES, "downsample_ratio")
WHOLE_OUTPUTS = ("fgr", "pha", *NEXT_STATES)
CUT_INPUTS = ("small_src", *STATES)
CUT_OUTPUTS = ("slope", "offset", *NEXT_STATES)
STATE_CHANNELS_AND_STRIDES = ((16, 2), (20, 4), (40, 8), (64, 16))
"""Of the four states: channels, and how many pixels of the small source one of theirs spans."""
SMALLEST_SIDE = 4
"""Pixels that must be left at the size at which the network looks."""

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

    def ratio_for(self, width: int, height: int) -> float:
        """Return the downsample ratio for pictures of this size."""

    def forget(self) -> None:
        """Begin anew: the next frame does not follow the last one."""

    def prepared(self, picture: Picture) -> Tensor:
        """Return what the network looks at of a frame (BGR, H x W x 3); may be called ahead, on any thread."""

    def matte(self, picture: Picture, src: Tensor) -> Matte:
        """Return the matte of the next frame, given the frame and what `prepared` made of it."""


def open_model(spec: JobSpec, warn: Callable[[str], None]) -> MattingModel:
    """Return the job's model: cut where the cut graph lies beside it, else whole, with a word about that.

    Raises:
        ModelMissing: there is no such file.
        ModelDamaged: it is not the file that the catalogue promises under this name.
        ModelUnsuitable: it is not ONNX, or not with RVM's inputs and outputs in 32 bits.
    """
    path = Path(spec.model)
    weights.verify(path)
    cut = weights.cut_of(path)
    if cut is not None:
        return CutRvm(spec, cut)
    warn(f"“{path.name}” runs as it is; the model that comes along is cut in two, which is about twice as fast")
    return WholeRvm(spec, path)


class _Rvm:
    """What both graphs share: the ratio, and when the state begins anew.

    That is where a frame has another size than the one before: the state's shape belongs to the size, and a picture of
    another size is another scene.
    """

    def __init__(self, spec: JobSpec, path: Path, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        """Load the graph at `path`, which must have these inputs and outputs."""
        self._spec = spec
        self._session = _session(path, spec.threads)
        _check_signature(path, self._session, inputs, outputs)
        self.provider: str = self._session.get_providers()[0]
        self._size = (0, 0)
        self._rec: list[Tensor] = []

    def ratio_for(self, width: int, height: int) -> float:
        """Return the given ratio, or the one that scales the longest side to the working side; never above 1.

        Raises:
            SpecError: hardly a pixel of the picture would be left to look at.
        """
        ratio = self._spec.ratio or min(self._spec.working_side / max(width, height), 1.0)
        if min(width, height) * ratio < SMALLEST_SIDE:
            raise SpecError("downsample ratio", f"{ratio:g} leaves nothing to see of {width} x {height} pixels")
        return ratio

    def forget(self) -> None:
        """Begin anew: the next frame does not follow the last one."""
        self._size = (0, 0)

    def _is_new_size(self, picture: Picture) -> bool:
        """Return whether this frame has another size than the one before."""
        height, width = picture.shape[:2]
        before, self._size = self._size, (width, height)
        return before != self._size


class WholeRvm(_Rvm):
    """The published graph as it is."""

    def __init__(self, spec: JobSpec, path: Path) -> None:
        """Load the graph at `path`."""
        super().__init__(spec, path, WHOLE_INPUTS, WHOLE_OUTPUTS)

    def prepared(self, picture: Picture) -> Tensor:
        """Return the frame as a tensor (1 x 3 x H x W)."""
        return to_tensor(picture)

    def matte(self, picture: Picture, src: Tensor) -> Matte:
        """Return the matte of the next frame."""
        if self._is_new_size(picture):
            self._rec = [np.zeros((1, 1, 1, 1), np.float32)] * len(STATES)
        ratio = np.array([self.ratio_for(*self._size)], np.float32)
        inputs = {"src": src, "downsample_ratio": ratio, **dict(zip(STATES, self._rec, strict=True))}
        fgr, pha, *self._rec = self._session.run(WHOLE_OUTPUTS, inputs)
        return PlainMatte(picture, fgr, pha)


class CutRvm(_Rvm):
    """The published graph up to its guided filter, at the downsampled size throughout."""

    def __init__(self, spec: JobSpec, path: Path) -> None:
        """Load the graph at `path`."""
        super().__init__(spec, path, CUT_INPUTS, CUT_OUTPUTS)
        self._path = path
        self._grid: Grid

    def prepared(self, picture: Picture) -> Tensor:
        """Return the frame at the size at which the network looks (1 x 3 x h x w)."""
        height, width = picture.shape[:2]
        return downsampled(picture, self.ratio_for(width, height))

    def matte(self, picture: Picture, src: Tensor) -> Matte:
        """Return the matte of the next frame."""
        if self._is_new_size(picture):
            self._begin(src.shape[2], src.shape[3])
            self._grid = Grid(picture.shape[0], picture.shape[1], src.shape[2])
        inputs = {"small_src": src, **dict(zip(STATES, self._rec, strict=True))}
        slope, offset, *self._rec = self._session.run(CUT_OUTPUTS, inputs)
        return GuidedMatte(picture, slope, offset, self._grid)

    def _begin(self, height: int, width: int) -> None:
        """Begin anew with small sources of this size, and tell ONNX Runtime that no other will come.

        Knowing every size it fuses more, which is worth 5 %; to load the graph again costs half a frame's time.
        """
        sizes = {"height": height, "width": width}
        self._rec = []
        for number, (channels, stride) in enumerate(STATE_CHANNELS_AND_STRIDES, 1):
            rows, columns = -(-height // stride), -(-width // stride)
            sizes |= {f"height_{number}": rows, f"width_{number}": columns}
            self._rec.append(np.zeros((1, channels, rows, columns), np.float32))
        self._session = _session(self._path, self._spec.threads, sizes)


def _session(path: Path, threads: int, sizes: dict[str, int] | None = None) -> onnxruntime.InferenceSession:
    """Return a session of the file on `threads` threads, 0 being one per core, the sizes with these names fixed."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    for name, size in (sizes or {}).items():
        options.add_free_dimension_override_by_name(name, size)
    # Decode and encode share the cores with the network: threads that spin while they wait cost 15 to 20 %.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _REFUSALS as error:
        raise ModelUnsuitable(path, str(error).splitlines()[0]) from error


def _check_signature(
    path: Path, session: onnxruntime.InferenceSession, wanted: tuple[str, ...], promised: tuple[str, ...]
) -> None:
    """Raise ModelUnsuitable unless the graph has these inputs and outputs, and takes pictures in float32."""
    inputs = {value.name: value.type for value in session.get_inputs()}
    outputs = {value.name for value in session.get_outputs()}
    missing = [name for name in wanted if name not in inputs] + [name for name in promised if name not in outputs]
    if missing:
        raise ModelUnsuitable(path, f"it has no {', '.join(missing)}")
    if inputs[wanted[0]] != "tensor(float)":
        raise ModelUnsuitable(path, f"it wants {inputs[wanted[0]]}; only 32-bit weights are supported so far")
