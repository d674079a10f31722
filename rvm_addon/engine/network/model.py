"""The protocol between pipeline and model, and what needs no model; `rvm` has the real models.

This is kept apart from ONNX Runtime, which takes a while to import: a job whose frames are all known does without.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..contract.errors import SpecError
from ..contract.spec import JobSpec
from ..pictures.tensors import Picture, Tensor
from .matte import Matte
from .memory import Memory

if TYPE_CHECKING:
    from .cut import Seen

SMALLEST_SIDE = 4
"""The least pixels that a side must have at the network's size."""


@dataclass(frozen=True)
class Prepared:
    """What a model computes of a frame before its turn comes."""

    src: Tensor
    """The network's input, 1 x 3 x height x width, RGB, 0..1."""
    seen: "Seen | None" = None
    """The backbone's output, if the model computes that ahead."""


class MattingModel(Protocol):
    """Mattes the frames of one clip in their order."""

    provider: str
    """The execution provider that runs the model; empty where nothing is run."""
    runtime: str
    """The library that runs the model, its version and path; empty where nothing is run."""
    offered: str
    """The available execution providers, separated by commas."""

    def expect(self, width: int, height: int) -> None:
        """Load what frames of this size need, ahead of the first frame; frames of other sizes may come all the same."""

    def forget(self) -> None:
        """Reset the recurrent state: the next frame does not follow the last one."""

    def memory(self) -> Memory | None:
        """Return the recurrent state after the frames so far; None where there is none."""

    def recall(self, memory: Memory) -> None:
        """Begin with the recurrent state of an earlier run."""

    def prepared(self, picture: Picture) -> Prepared:
        """Return what can be computed ahead of a frame (BGR, H x W x 3); called on a thread of its own."""

    def matte(self, picture: Picture, prepared: Prepared) -> Matte:
        """Return the matte of the next frame, given the frame and what `prepared` made of it."""


class NoModel:
    """The model of a job that needs none, since the raw mattes of all frames are kept."""

    provider = runtime = offered = ""

    def expect(self, _width: int, _height: int) -> None:
        """Do nothing: nothing is loaded."""

    def forget(self) -> None:
        """Do nothing: there is no state."""

    def memory(self) -> None:
        """Return None: there is no state."""

    def recall(self, _memory: Memory) -> None:
        """Do nothing: no frame needs the state."""

    def prepared(self, _picture: Picture) -> Prepared:
        """Raise an error: no frame should need this."""
        raise ValueError("a frame needs the model in a job that was opened without")

    def matte(self, picture: Picture, _prepared: Prepared) -> Matte:
        """Raise an error: no frame should need this."""
        raise ValueError(f"a frame of {picture.shape} needs the model in a job that was opened without")


def ratio_for(spec: JobSpec, width: int, height: int) -> float:
    """Return the job's downsample ratio, or the one that scales the longest side to the working side; never above 1.

    Raises:
        SpecError: less than `SMALLEST_SIDE` pixels of a side would be left.
    """
    ratio = spec.ratio or min(spec.working_side / max(width, height), 1.0)
    if min(width, height) * ratio < SMALLEST_SIDE:
        raise SpecError("downsample ratio", f"{ratio:g} leaves nothing to see of {width} x {height} pixels")
    return ratio
