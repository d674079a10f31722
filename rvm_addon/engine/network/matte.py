"""The model's output for one frame, drawn when it is needed, on the thread that needs it.

The matte is needed in every pixel; the foreground's colours only in the few pixels where they can show.
`guided.GuidedMatte` is the usual implementation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2

from ..pictures.tensors import Box, Picture, Plane, Tensor, to_bytes, to_planes
from .guided import ColourMaps
from .once import Once


class Matte(Protocol):
    """The foreground and the matte of one frame."""

    @property
    def picture(self) -> Picture:
        """The source frame, BGR (H x W x 3)."""

    @property
    def maps(self) -> ColourMaps | None:
        """The maps that make the foreground; None where its colours are known pixel by pixel."""

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground on `colours` (BGR) where `where` is not zero; both have the box's size.

        `colours` is contiguous. Pixels whose foreground is not known stay as they are.
        """

    def paint_edge(self, colours: Picture, where: Picture, box: Box) -> bool:
        """Put on `colours` what an earlier run has despilled, likewise; return whether that is known."""


@dataclass(frozen=True)
class PlainMatte:
    """A matte at the frame's own size."""

    picture: Picture
    """The source frame, BGR (H x W x 3)."""
    fgr: Tensor
    """Foreground, 1 x 3 x H x W, RGB, 0..1."""
    pha: Tensor
    """Matte, 1 x 1 x H x W, 0..1."""
    maps: None = None

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return cv2.multiply(self.pha[0, 0], 65535.0, dtype=cv2.CV_16U) if deep else to_bytes(self.pha[0, 0])

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground on `colours` (BGR) where `where` is not zero; both have the box's size."""
        cv2.copyTo(cv2.merge(to_planes(self.fgr[:, :, box[0], box[1]])), where, colours)

    def paint_edge(self, _colours: Picture, _where: Picture, _box: Box) -> bool:
        """Return that nothing is known."""
        return False


class LaterMatte:
    """A matte that is computed when it is first asked for, on the thread that asks."""

    def __init__(self, picture: Picture, work: Callable[[], Matte]) -> None:
        """Remember the source frame (BGR, H x W x 3) and the function that computes its matte."""
        self.picture = picture
        self._work = work

    @Once
    def _matte(self) -> Matte:
        return self._work()

    @property
    def maps(self) -> ColourMaps | None:
        """The maps that make the foreground; None where its colours are known pixel by pixel."""
        return self._matte.maps

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return self._matte.alpha(deep=deep)

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground on `colours` (BGR) where `where` is not zero; both have the box's size."""
        self._matte.paint(colours, where, box)

    def paint_edge(self, colours: Picture, where: Picture, box: Box) -> bool:
        """Put on `colours` what an earlier run has despilled, likewise; return whether that is known."""
        return self._matte.paint_edge(colours, where, box)
