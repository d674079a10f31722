"""Stand-ins behind three of the engine's protocols: source, sink, model."""

from collections.abc import Iterator, Sequence

import numpy as np

from rvm_addon.engine.contract.errors import MattingError
from rvm_addon.engine.network.matte import Matte, PlainMatte
from rvm_addon.engine.network.memory import Memory
from rvm_addon.engine.network.model import Prepared
from rvm_addon.engine.pictures.tensors import Picture, Placed, Plane, to_tensor


class ListSource:
    """Yields pictures from memory, then raises `failure` if there is one."""

    def __init__(self, pictures: Sequence[Picture], failure: MattingError | None = None) -> None:
        self.expected = len(pictures)
        self.pixel_aspect = 1.0
        self.read = 0
        self._pictures = pictures
        self._failure = failure

    def frames(self) -> Iterator[tuple[int, Picture]]:
        for number, picture in enumerate(self._pictures):
            self.read += 1
            yield number, picture
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Do nothing: no file is open."""


class DictSink:
    """Keeps the written pictures; raises `failure` at frame `refuse`."""

    def __init__(self, refuse: int | None = None, failure: MattingError | None = None) -> None:
        self.pictures: dict[int, Plane] = {}
        self._refuse = refuse
        self._failure = failure

    def write(self, frame: int, picture: Placed) -> None:
        if frame == self._refuse and self._failure is not None:
            raise self._failure
        self.pictures[frame] = picture.drawn()


class EchoModel:
    """A model for which everything is foreground."""

    provider = "none"
    runtime = offered = ""

    def __init__(self) -> None:
        self.asked = 0
        """For how many mattes."""

    def forget(self) -> None:
        """Nothing is remembered."""

    def expect(self, width: int, height: int) -> None:
        """Do nothing: nothing is loaded."""

    def memory(self) -> None:
        """Nothing is remembered."""

    def recall(self, memory: Memory) -> None:
        """Nothing is remembered."""

    def prepared(self, picture: Picture) -> Prepared:
        return Prepared(to_tensor(picture))

    def matte(self, picture: Picture, prepared: Prepared) -> Matte:
        self.asked += 1
        return PlainMatte(picture, prepared.src, np.ones_like(prepared.src[:, :1]))
