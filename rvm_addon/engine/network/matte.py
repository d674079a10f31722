"""The model's output for one frame, drawn when it is needed, on the thread that needs it.

The matte is needed in every pixel; the foreground's colours only in the few pixels where they can show.
`guided.GuidedMatte` is the usual implementation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import cv2
import numpy as np

from ..pictures.tensors import (
    Box,
    Picture,
    Plane,
    Tensor,
    around,
    full,
    in_8_bits,
    laid_over,
    overlap,
    to_bytes,
    to_planes,
    within,
)
from .guided import ColourMaps
from .once import Once


@dataclass(frozen=True)
class Edge:
    """The source's colours without the old background's where an 8-bit matte is soft, and one pixel beyond.

    `refine` makes them, and a raw matte keeps them for later runs.
    """

    colours: Picture
    """BGR, rows x columns x 3 of the box; pixels off the edge may have any value."""
    where: Picture
    """Rows x columns of the box: 1 at the edge, else 0."""
    box: Box
    """The box of all pixels above zero in 8 bits, and one pixel beyond."""

    @classmethod
    def of(cls, colours: Picture, alpha: Plane, box: Box) -> Self:
        """Return the edge of a matte (H x W), given the colours in its box (rows x columns x 3)."""
        inner = in_8_bits(alpha[box])
        return cls(colours, around(inner, 1) & (inner != full(np.uint8)), box)

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the edge on the colours (BGR) of another `box`, where that box's `where` is not zero."""
        both = overlap(self.box, box)
        own, other = within(both, self.box), within(both, box)
        if where[other].size:
            at_edge = cv2.bitwise_and(where[other], self.where[own])
            colours[other] = laid_over(self.colours[own], at_edge, colours[other])


class Matte(Protocol):
    """The foreground and the matte of one frame."""

    @property
    def picture(self) -> Picture:
        """The source frame, BGR (H x W x 3)."""

    @property
    def maps(self) -> ColourMaps | None:
        """The maps that make the foreground; None where its colours are known pixel by pixel."""

    @property
    def edge(self) -> Edge | None:
        """The colours at the matte's edge that an earlier run has despilled; None where none are known."""

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground on `colours` (BGR) where `where` is not zero; both have the box's size.

        `colours` is contiguous. Pixels whose foreground is not known stay as they are.
        """


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
    edge: None = None

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return cv2.multiply(self.pha[0, 0], 65535.0, dtype=cv2.CV_16U) if deep else to_bytes(self.pha[0, 0])

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground on `colours` (BGR) where `where` is not zero; both have the box's size."""
        cv2.copyTo(cv2.merge(to_planes(self.fgr[:, :, box[0], box[1]])), where, colours)


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

    @property
    def edge(self) -> Edge | None:
        """The colours at the matte's edge that an earlier run has despilled; None where none are known."""
        return self._matte.edge

    def alpha(self, *, deep: bool) -> Plane:
        """Return the matte (H x W), 8 bit, or 16 bit if `deep`."""
        return self._matte.alpha(deep=deep)

    def paint(self, colours: Picture, where: Picture, box: Box) -> None:
        """Put the foreground on `colours` (BGR) where `where` is not zero; both have the box's size."""
        self._matte.paint(colours, where, box)
