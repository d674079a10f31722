"""Robust Video Matting on ONNX Runtime: `fgr, pha, *rec = model(src, *rec)`, with recurrent state between frames.

S. Lin, L. Yang, I. Saleemi, S. Sengupta: "Robust High-Resolution Video Matting with Temporal Guidance", WACV 2022.

The published graph works at two sizes: the network runs on a downsampled frame, then a guided filter brings its output
to the frame's own size, which costs a third of the time. The graph's *pieces* (`cut`) end before that filter's last
step. `guided.GuidedMatte` draws this step, only where there is something to draw, while the network runs on the next
frame.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime

from ..contract import weights
from ..contract.errors import DeviceMissing, ModelUnsuitable
from ..contract.spec import JobSpec
from ..pictures.tensors import Picture, Tensor, downsampled, downsampled_size, to_tensor
from . import devices, graphs
from .cut import STATES, Pieces
from .devices import PROCESSOR, Device
from .guided import GuidedMatte, grid_of
from .matte import LaterMatte, Matte, PlainMatte
from .memory import Memory
from .model import MattingModel, Prepared, ratio_for

NEXT_STATES = ("r1o", "r2o", "r3o", "r4o")
WHOLE_INPUTS = ("src", *STATES, "downsample_ratio")
WHOLE_OUTPUTS = ("fgr", "pha", *NEXT_STATES)
_TRIAL_SIZE = (144, 256)
"""Height and width, in pixels, of the picture that tries a device."""


def open_model(spec: JobSpec, warn: Callable[[str], None]) -> MattingModel:
    """Return the job's model: in pieces where they lie beside it, else whole, with a warning.

    Raises:
        ModelMissing: there is no such file.
        ModelDamaged: it is not the file that the catalogue promises under this name.
        ModelUnsuitable: it is not ONNX, or lacks RVM's inputs and outputs.
    """
    path = Path(spec.model)
    weights.verify(path)
    cut = weights.cut_of(path)
    device = devices.find(spec.device, warn)
    if not device.is_cpu and (model := _elsewhere(spec, path, cut, device, warn)) is not None:
        return model
    if cut is not None:
        return CutRvm(spec, cut)
    warn(
        f"“{path.name}” runs as it is; the model that comes along is cut into pieces, which is more than twice as fast"
    )
    return WholeRvm(spec, path)


def _elsewhere(
    spec: JobSpec, path: Path, cut: tuple[Path, ...] | None, device: Device, warn: Callable[[str], None]
) -> MattingModel | None:
    """Return the job's model on a device other than the processor, tried on a grey picture; None if it does not run.

    Where the pieces do not run, the whole graph is tried. Either failure is a warning.
    """
    ways: list[Callable[[], MattingModel]] = [partial(WholeRvm, spec, path, device)]
    if cut is not None:
        ways.insert(0, partial(CutRvm, spec, cut, device))
    reason = ""
    for way in ways:
        try:
            trial = way()
            grey = np.full((*_TRIAL_SIZE, 3), 127, np.uint8)
            trial.matte(grey, trial.prepared(grey)).alpha(deep=False)
        except (DeviceMissing, *graphs.REFUSALS) as error:
            reason = error.reason if isinstance(error, DeviceMissing) else str(error).splitlines()[0]
            continue
        if cut is not None and isinstance(trial, WholeRvm):
            warn(f"On “{device.name}” the model runs as it is, for its pieces do not run there ({reason})")
        trial.forget()
        return trial
    warn(f"The device “{device.name}” cannot be used ({reason}); the processor (CPU) is used instead")
    return None


class _Rvm:
    """What both graphs share: the ratio, and when the recurrent state is reset.

    It is reset where a frame's size differs from the one before: the state's shape depends on the size, and a picture
    of another size is another scene.
    """

    runtime = f"onnxruntime {onnxruntime.__version__} ({Path(onnxruntime.__file__).parent})"

    def __init__(self, spec: JobSpec) -> None:
        """Begin with no state."""
        self.offered = ", ".join(onnxruntime.get_available_providers())
        self._spec = spec
        self._size = (0, 0)
        self._recalled: Memory | None = None

    def expect(self, width: int, height: int) -> None:
        """Load what frames of this size need; here nothing, since the whole graph takes any size."""

    def forget(self) -> None:
        """Reset the recurrent state: the next frame does not follow the last one."""
        self._size = (0, 0)
        self._recalled = None

    def recall(self, memory: Memory) -> None:
        """Begin with the recurrent state of an earlier run."""
        self._size, self._recalled = (0, 0), memory

    def _recalled_states(self) -> tuple[Tensor, ...]:
        """Return the recalled states once, then none; none as well if they belong to another frame size."""
        memory, self._recalled = self._recalled, None
        return memory.states if memory is not None and memory.size == self._size else ()

    def _is_new_size(self, picture: Picture) -> bool:
        """Return whether this frame has another size than the one before."""
        height, width = picture.shape[:2]
        before, self._size = self._size, (width, height)
        return before != self._size


class WholeRvm(_Rvm):
    """A graph as it was published: RVM's exports in 32 bits, and those in half precision."""

    def __init__(self, spec: JobSpec, path: Path, device: Device = PROCESSOR) -> None:
        """Load the graph at `path`.

        Raises:
            ModelUnsuitable: it is not ONNX, or lacks RVM's inputs and outputs.
        """
        super().__init__(spec)
        self._path = path
        self._device = device
        self._session = graphs.load(path, spec.threads, device=device)
        self._types = graphs.signature(path, self._session, WHOLE_INPUTS, WHOLE_OUTPUTS)
        self.provider: str = self._session.get_providers()[0]
        self._rec: list[Tensor] = []

    def prepared(self, picture: Picture) -> Prepared:
        """Return the frame as a tensor of its own size."""
        return Prepared(to_tensor(picture))

    def matte(self, picture: Picture, prepared: Prepared) -> Matte:
        """Return the matte of the next frame.

        Raises:
            ModelUnsuitable: the graph takes no frames of this size, or returns a matte of another size.
            DeviceMissing: the device fails.
        """
        if self._is_new_size(picture):
            self._rec = list(self._recalled_states()) or [np.zeros((1, 1, 1, 1), np.float32)] * len(STATES)
        ratio = np.array([ratio_for(self._spec, *self._size)])
        given = {"src": prepared.src, "downsample_ratio": ratio, **dict(zip(STATES, self._rec, strict=True))}
        inputs = {name: value.astype(self._types[name], copy=False) for name, value in given.items()}
        height, width = picture.shape[:2]
        try:
            fgr, pha, *self._rec = self._session.run(WHOLE_OUTPUTS, inputs)
        except graphs.REFUSALS as error:
            reason = str(error).splitlines()[0]
            if not self._device.is_cpu:
                raise DeviceMissing(self._device.name, reason) from error
            fixed = f"frames of {width} × {height} pixels do not go through it; if it was exported for another size, "
            raise ModelUnsuitable(self._path, f"{fixed}export it with dynamic sizes ({reason})") from error
        if (fgr.shape, pha.shape) != ((1, 3, height, width), (1, 1, height, width)):
            wrong = f"of {width} × {height} pixels it makes a foreground of {fgr.shape} and a matte of {pha.shape}"
            raise ModelUnsuitable(self._path, wrong)
        return PlainMatte(picture, _in_32_bits(fgr), _in_32_bits(pha))

    def memory(self) -> Memory | None:
        """Return the recurrent state after the frames so far; None before the first."""
        if not any(self._size):
            return None
        return Memory(self._size, tuple(map(_in_32_bits, self._rec)))


def _in_32_bits(said: Tensor) -> Tensor:
    """Return what a graph says, which is float16 where it was exported in half precision, as float32."""
    return said.astype(np.float32) if said.dtype == np.float16 else said


class CutRvm(_Rvm):
    """The published graph in pieces, at the downsampled size throughout.

    The backbone runs on one frame while the decoder runs on the frame before and the refiner on the one before that.
    Each uses half the cores, which loses less time to waiting than running them in turn on all cores.
    """

    def __init__(self, spec: JobSpec, files: tuple[Path, ...], device: Device = PROCESSOR) -> None:
        """Remember where the pieces are; they are loaded when the size of the first frame is known."""
        super().__init__(spec)
        self._files = files
        self._device = device
        self.provider: str = device.provider
        self._threads = max((spec.threads or os.cpu_count() or 1) // 2, 1)
        self._pieces: Pieces | None = None
        self._rec: list[graphs.Value] = []

    def expect(self, width: int, height: int) -> None:
        """Load the pieces for frames of this size."""
        self._loaded(downsampled_size(width, height, ratio_for(self._spec, width, height)))

    def prepared(self, picture: Picture) -> Prepared:
        """Return the frame at the network's size, and the backbone's features of it.

        Raises:
            DeviceMissing: the device fails.
        """
        height, width = picture.shape[:2]
        src = downsampled(picture, ratio_for(self._spec, width, height))
        with graphs.running_on(self._device):
            return Prepared(src, self._loaded(src.shape[2:]).look(src))

    def _loaded(self, size: tuple[int, int]) -> Pieces:
        """Return the pieces, loaded for small sources of this height and width."""
        if self._pieces is None or self._pieces.size != size:
            self._pieces = Pieces.load(self._files, self._threads, size, self._device)
        return self._pieces

    def matte(self, picture: Picture, prepared: Prepared) -> Matte:
        """Return the matte of the next frame; the refiner runs when the matte is first asked for.

        Raises:
            DeviceMissing: the device fails, here or in the refiner.
        """
        seen = prepared.seen
        if seen is None:
            raise ValueError("a frame was not prepared by this model")
        grid = grid_of(*picture.shape[:2], *prepared.src.shape[2:])
        with graphs.running_on(self._device):
            if self._is_new_size(picture):
                self._rec = seen.pieces.states(self._recalled_states())
            decoded, self._rec = seen.pieces.remember(seen, self._rec)

        def refined() -> Matte:
            with graphs.running_on(self._device):
                return GuidedMatte(picture, *seen.pieces.refine(decoded), grid)

        return LaterMatte(picture, refined)

    def memory(self) -> Memory | None:
        """Return the recurrent state after the frames so far; None before the first."""
        return Memory(self._size, tuple(state.numpy() for state in self._rec)) if any(self._size) else None
