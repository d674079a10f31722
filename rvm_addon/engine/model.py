"""What the pipeline asks of a model, and what is known of it without one; `rvm` has the real ones.

Kept apart from ONNX Runtime, which takes a while to import: a job whose frames are all known does without.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .errors import SpecError
from .matte import Matte
from .memory import Memory
from .spec import JobSpec
from .tensors import Picture, Tensor

if TYPE_CHECKING:
    from .cut import Seen

SMALLEST_SIDE = 4
"""Pixels that must be left at the size at which the network looks."""


@dataclass(frozen=True)
class Prepared:
    """What a model knows of a frame before its turn comes."""

    src: Tensor
    """What the network looks at, 1 x 3 x height x width, RGB, 0..1."""
    seen: "Seen | None" = None
    """What it saw, where that is known ahead."""


class MattingModel(Protocol):
    """Mattes the frames of one clip in their order."""

    provider: str
    """The execution provider that runs it; empty where nothing is run."""
    runtime: str
    """What runs it, its version and place; empty where nothing is run."""
    offered: str
    """The execution providers that there are, separated by commas."""

    def expect(self, width: int, height: int) -> None:
        """Load what frames of this size take, ahead of the first; others may come all the same."""

    def forget(self) -> None:
        """Begin anew: the next frame does not follow the last one."""

    def memory(self) -> Memory | None:
        """Return what it remembers of the frames so far; None where that is nothing."""

    def recall(self, memory: Memory) -> None:
        """Begin with what another run of the same job remembered."""

    def prepared(self, picture: Picture) -> Prepared:
        """Return what can be known ahead of a frame (BGR, H x W x 3); asked on a thread of its own."""

    def matte(self, picture: Picture, prepared: Prepared) -> Matte:
        """Return the matte of the next frame, given the frame and what `prepared` made of it."""


class NoModel:
    """Stands where no frame needs a model, for what an earlier one said of each is kept."""

    provider = runtime = offered = ""

    def expect(self, _width: int, _height: int) -> None:
        """Nothing is loaded."""

    def forget(self) -> None:
        """Nothing is remembered."""

    def memory(self) -> None:
        """Return None: nothing is remembered."""

    def recall(self, _memory: Memory) -> None:
        """Nothing is asked that would follow."""

    def prepared(self, _picture: Picture) -> Prepared:
        """Raise an error: no frame should need this."""
        raise ValueError("a frame needs the model in a job that was opened without")

    def matte(self, picture: Picture, _prepared: Prepared) -> Matte:
        """Raise the same."""
        raise ValueError(f"a frame of {picture.shape} needs the model in a job that was opened without")


def ratio_for(spec: JobSpec, width: int, height: int) -> float:
    """Return the job's downsample ratio, or the one that scales the longest side to the working side; never above 1.

    Raises:
        SpecError: hardly a pixel of the picture would be left to look at.
    """
    ratio = spec.ratio or min(spec.working_side / max(width, height), 1.0)
    if min(width, height) * ratio < SMALLEST_SIDE:
        raise SpecError("downsample ratio", f"{ratio:g} leaves nothing to see of {width} x {height} pixels")
    return ratio
