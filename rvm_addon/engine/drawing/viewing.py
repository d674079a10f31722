"""Small pictures of the newest frame, for whoever watches a job: see `view`.

Source and cut-out of a drawn frame are kept, too, so that it can be drawn another way when the job is over.
"""

import time
from dataclasses import replace
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from ..contract import whole
from ..contract.view import PICTURE_FILE, Arrangement, Behind, View
from ..pictures import png
from ..pictures.tensors import Picture, Placed, in_8_bits
from .compose import over, plain
from .refine import Cutout

EVERY_SECONDS = 1.0
_MOST_OF_A_CORE = 1 / 50
"""The share of a core that drawing may take: it costs a job less than 3 %, even on a slow, shared machine."""
_LONGEST_SIDE = 960
"""Pixels of source and result, each: enough for half a screen; one a second takes 1 % of the work of a 1080p frame."""
_SQUARE = 12
"""Pixels of a side of the checkerboard's squares."""
_DARK, _LIGHT = 92, 128
"""The checkerboard's greys."""
_GAP = 6
"""Pixels between source and result."""
_SOURCE_FILE, _CUTOUT_FILE = "view_source.png", "view_cutout.png"


class Viewer:
    """Draws a frame now and then, where somebody looks."""

    def __init__(self, folder: Path, last: int | None) -> None:
        """Watch for a `View` in the job's `folder`; source frame `last` is drawn even right after another one."""
        self._folder = folder
        self._last = last
        self._next = 0.0
        self._turn = Lock()
        self._drawing = Lock()
        self._newest = -1

    def show(self, frame: int, picture: Picture, cutout: Cutout) -> None:
        """Draw a frame (`picture` is its source, BGR, H x W x 3) if it is time for one; from any thread.

        No failure here may cost the job a frame: with an unreadable view or a full disk, the old picture stays.
        """
        if not self._is_time(frame):
            return
        with self._drawing:
            if frame > self._newest:  # threads may arrive out of the order of their frames
                self._newest = frame
                begun = time.thread_time()
                self._draw(picture, cutout)
                self._rest((time.thread_time() - begun) / _MOST_OF_A_CORE)

    def _draw(self, picture: Picture, cutout: Cutout) -> None:
        """Draw a frame, if there is a `View`."""
        try:
            view = View.read(self._folder)
            if view is not None:
                small, small_cutout = _small(picture, cutout)
                _keep(self._folder, _SOURCE_FILE, Placed.whole(small))
                _keep(self._folder, _CUTOUT_FILE, small_cutout.placed)
                _keep(self._folder, PICTURE_FILE, Placed.whole(drawn(view, small, small_cutout)))
        except (OSError, ValueError):
            return

    def _rest(self, seconds: float) -> None:
        """Draw no other picture for this long, if that is longer than the usual interval."""
        with self._turn:
            self._next = max(self._next, time.monotonic() + seconds)

    def _is_time(self, frame: int) -> bool:
        """Return whether to look for a view now; of several threads, only one gets True."""
        with self._turn:
            now = time.monotonic()
            if now < self._next and frame != self._last:
                return False
            self._next = now + EVERY_SECONDS
            return True


def redraw(folder: Path) -> None:
    """Draw the last drawn frame of a job's folder again, as its current `View` says.

    Raises:
        OSError, ValueError: no frame was drawn there, or it cannot be read.
    """
    view = View.read(folder)
    source, cutout = (
        cv2.imdecode(np.fromfile(folder / name, np.uint8), cv2.IMREAD_UNCHANGED)
        for name in (_SOURCE_FILE, _CUTOUT_FILE)
    )
    if view is None or source is None or cutout is None:
        raise ValueError(f"there is nothing to draw in {folder}")
    colours: Picture = np.ascontiguousarray(cutout[..., :3])
    newly = drawn(view, source, Cutout.of(colours, cv2.extractChannel(cutout, 3)))
    _keep(folder, PICTURE_FILE, Placed.whole(newly))


def drawn(view: View, source: Picture, cutout: Cutout) -> Picture:
    """Return source and cut-out (H x W) as the view wants them: BGR, larger than H x W where both are shown whole."""
    result = _result(view, cutout)
    if view.arrangement is Arrangement.RESULT:
        return result
    height, width = source.shape[:2]
    if view.arrangement is Arrangement.WIPE:
        line = round(view.wipe * width)
        wiped = np.concatenate([source[:, :line], result[:, line:]], axis=1)
        wiped[:, max(line - 1, 0) : line + 1] = 255
        return wiped
    if width >= height:
        return np.concatenate([source, np.zeros((_GAP, width, 3), np.uint8), result], axis=0)
    return np.concatenate([source, np.zeros((height, _GAP, 3), np.uint8), result], axis=1)


def _result(view: View, cutout: Cutout) -> Picture:
    """Return a cut-out (H x W) as an opaque picture."""
    size = cutout.alpha.shape[:2]
    if view.behind is Behind.MATTE:
        grey: Picture = cv2.cvtColor(cutout.alpha, cv2.COLOR_GRAY2BGR)
        return grey
    behind = plain((size[0], size[1]), view.colour) if view.behind is Behind.COLOUR else _checkerboard(*size)
    return over(cutout, behind)  # type: ignore[return-value]  # 8 bit, as the cut-out is


def _checkerboard(height: int, width: int) -> Picture:
    """Return a checkerboard, BGR."""
    rows, columns = (np.arange(side) // _SQUARE % 2 for side in (height, width))
    grey = np.where(rows[:, None] == columns, _LIGHT, _DARK).astype(np.uint8)
    picture: Picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    return picture


def _small(picture: Picture, cutout: Cutout) -> tuple[Picture, Cutout]:
    """Return a source frame and its cut-out, 8 bit, no longer than `_LONGEST_SIDE`."""
    alpha = in_8_bits(cutout.alpha)
    height, width = picture.shape[:2]
    scale = min(_LONGEST_SIDE / max(width, height), 1.0)
    if scale == 1.0:
        return picture, replace(cutout, alpha=alpha)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    # Colours are weighted by their alpha: black pixels beyond the edge would darken it.
    inner = alpha[cutout.box]
    colours = np.zeros((height, width, 3), np.uint16)
    if inner.size:
        colours[cutout.box] = cv2.multiply(cutout.inner, cv2.merge([inner] * 3), dtype=cv2.CV_16U)
    source, colours, weights = (
        cv2.resize(one, size, interpolation=cv2.INTER_AREA)
        for one in (picture, colours, cv2.multiply(alpha, 255.0, dtype=cv2.CV_16U))
    )
    straight = cv2.divide(colours, cv2.merge([weights] * 3), scale=255.0, dtype=cv2.CV_8U)
    return source, Cutout.of(straight, cv2.convertScaleAbs(weights, alpha=1 / 255))


def _keep(folder: Path, name: str, picture: Placed) -> None:
    """Write a PNG into a job's folder, whole or not at all."""
    whole.write(folder / name, png.encode(picture))
