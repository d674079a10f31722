"""The model's recurrent state, kept in the job's folder so that a stopped run goes on as if it had not been stopped.

The states of a 1080p clip at the usual quality take 4 MB; keeping them every `EVERY_FRAMES` costs a job 0.1 % of its
time.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..contract import whole
from ..contract.errors import OutputFailed
from ..contract.resume import MEMORY_FILE, remembered_frame
from ..pictures.tensors import Tensor

EVERY_FRAMES = 25


@dataclass(frozen=True)
class Memory:
    """What a model carries from one frame to the next."""

    size: tuple[int, int]
    """Width and height of the frames, in pixels."""
    states: tuple[Tensor, ...]
    """float32, each 1 x channels x height x width."""

    def write(self, folder: Path, frame: int) -> None:
        """Write the memory into a job's folder, whole or not at all; `frame` is the newest frame in it.

        Raises:
            OutputFailed: the disk is full or the folder refuses.
        """
        data = b"".join(state.tobytes() for state in self.states)
        shapes = [state.shape for state in self.states]
        head = {"frame": frame, "size": self.size, "shapes": shapes, "bytes": len(data)}
        try:
            whole.write(folder / MEMORY_FILE, json.dumps(head).encode() + b"\n" + data)
        except OSError as error:
            raise OutputFailed(folder / MEMORY_FILE, error) from error

    @classmethod
    def read(cls, folder: Path) -> "Memory | None":
        """Return the memory that `write` left in a job's folder; None if there is none, or it is not whole."""
        if remembered_frame(folder) is None:
            return None
        line, _, data = (folder / MEMORY_FILE).read_bytes().partition(b"\n")
        head = json.loads(line)
        ends = np.cumsum([np.prod(shape) for shape in head["shapes"]])
        parts = np.split(np.frombuffer(data, np.float32), ends[:-1])
        states = (part.reshape(shape) for part, shape in zip(parts, head["shapes"], strict=True))
        return cls((head["size"][0], head["size"][1]), tuple(states))
