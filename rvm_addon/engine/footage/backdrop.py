"""What goes behind the foreground from another file: a still picture, or a movie that plays along and repeats."""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from ..contract.errors import SourceUnreadable
from ..contract.outputs import Fit, Result
from ..contract.spec import JobSpec, Source, SourceKind, is_movie
from ..pictures.tensors import Picture
from .media import ImageSource
from .movies import Decoder

_HALF_MILLISECOND = 0.5
"""Containers round times to milliseconds."""
_MOST_SCALED = 8
"""How many times as long as the frame a scaled picture may be; 4:1 behind a portrait of 9:16 makes it 7 times."""
_MARGIN = 2
"""Pixels of a picture that are kept around what shows of it: the interpolation looks at two."""


class Backdrop(Protocol):
    """The pictures behind the frames."""

    def at(self, frame: int, size: tuple[int, int], pixel_aspect: float = 1.0) -> Picture:
        """Return the picture behind source frame `frame`, BGR, with height and width `size`; frames must ascend.

        `pixel_aspect` is how wide a pixel of the frame is shown, by its height: behind an anamorphic clip, the picture
        is narrower by as much, so that it has its own shape where the clip is shown as wide as it is meant.

        Raises:
            SourceMissing, SourceUnreadable: naming the file.
        """

    def close(self) -> None:
        """Close the file."""


def open_backdrop(spec: JobSpec) -> Backdrop | None:
    """Return the job's backdrop, if its result has one.

    Raises:
        SourceMissing, SourceUnreadable: naming the file.
    """
    if spec.look.result is not Result.BACKDROP:
        return None
    return MovieBackdrop(spec) if is_movie(Path(spec.look.backdrop)) else PictureBackdrop(spec)


class PictureBackdrop:
    """The same picture behind every frame."""

    def __init__(self, spec: JobSpec) -> None:
        """Read the picture."""
        source = ImageSource(Source(SourceKind.IMAGES, (spec.look.backdrop,), use_alpha=False))
        _, self._picture = next(source.frames())
        self._spec = spec
        self._fitted = np.empty((0, 0, 3), np.uint8)

    def at(self, _frame: int, size: tuple[int, int], pixel_aspect: float = 1.0) -> Picture:
        """Return the picture at this size; all frames of one size have one pixel aspect."""
        if self._fitted.shape[:2] != size:
            self._fitted = fitted(self._picture, size, self._spec.look.fit, pixel_aspect)
        return self._fitted

    def close(self) -> None:
        """Do nothing: the file is closed already."""


class MovieBackdrop:
    """A movie that begins with the first wanted frame, keeps its own frame rate, and repeats when it ends."""

    def __init__(self, spec: JobSpec) -> None:
        """Open the movie. Where the source has no rate, such as pictures, each frame gets the movie's next frame."""
        self._spec = spec
        self._path = Path(spec.look.backdrop)
        self._first = spec.source.frames[0] if spec.source.frames else 0
        self._begun = 0.0
        """Milliseconds since the first wanted frame at which this round's time 0 of the movie lies."""
        self._open()
        self._promised = self._decoder.count()
        """Pictures in a round: the container's count, then the number that the first round had."""
        self._step = 1000.0 / (_rate(spec.source) or self._decoder.rate())

    def at(self, frame: int, size: tuple[int, int], pixel_aspect: float = 1.0) -> Picture:
        """Return the movie's picture at the time of source frame `frame`, scaled to this size."""
        limit = (frame - self._first) * self._step + _HALF_MILLISECOND
        while self._ends_at() <= limit:
            self._advance()
        return fitted(self._shown.picture, size, self._spec.look.fit, pixel_aspect / self._decoder.pixel_aspect())

    def close(self) -> None:
        """Close the movie."""
        self._decoder.close()

    def _open(self) -> None:
        """Begin with the first picture."""
        self._decoder = Decoder(self._path)
        first = self._decoder.read()
        if first is None:
            raise SourceUnreadable(self._path)
        self._shown, self._following = first, self._decoder.read()
        self._count = 1
        self._begun -= first.time  # a first picture that begins late is shown at once

    def _ends_at(self) -> float:
        """Return when the current picture ends, in milliseconds since the first wanted frame."""
        if self._following is not None:
            return self._begun + self._following.time
        return self._begun + self._shown.time + 1000.0 / self._decoder.rate()

    def _advance(self) -> None:
        """Go on to the next picture; after the last one, to the first.

        Raises:
            SourceMissing, SourceRefused: the movie has not ended, but can no longer be read.
        """
        if self._following is not None:
            self._shown, self._following = self._following, self._decoder.read()
            self._count += 1
            return
        self._decoder.check_end(self._shown.time, self._promised - self._count)
        self._promised = self._count
        self._begun = self._ends_at()
        self._decoder.close()
        self._open()


def fitted(picture: Picture, size: tuple[int, int], fit: Fit, wider: float = 1.0) -> Picture:
    """Return a picture (BGR) scaled to height and width `size` and centred; what it does not cover is black.

    A pixel of the result is shown `wider` than one of the picture by this factor, in proportion to their heights.
    """
    height, width = size
    scales = _scales(picture, size, fit, wider)
    if fit is Fit.FILL:
        picture = _middle(picture, size, scales)
    tall, wide = (max(round(side * scale), 1) for side, scale in zip(picture.shape[:2], scales, strict=True))
    if fit is Fit.FILL:  # a cut picture may be a pixel too small by rounding
        tall, wide = max(tall, height), max(wide, width)
    way = cv2.INTER_AREA if max(scales) < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, (wide, tall), interpolation=way)
    top, left = (tall - height) // 2, (wide - width) // 2
    if fit is Fit.FILL:
        return np.ascontiguousarray(scaled[top : top + height, left : left + width])
    result = np.zeros((height, width, 3), np.uint8)
    result[-top : -top + tall, -left : -left + wide] = scaled
    return result


def _scales(picture: Picture, size: tuple[int, int], fit: Fit, wider: float) -> tuple[float, float]:
    """Return by how much a picture's height and its width grow when it is `fitted`."""
    ratios = (size[0] / picture.shape[0], size[1] * wider / picture.shape[1])
    scale = max(ratios) if fit is Fit.FILL else min(ratios)
    return scale, scale / wider


def _middle(picture: Picture, size: tuple[int, int], scales: tuple[float, float]) -> Picture:
    """Return a picture without most of what filling `size` (height, width) hides, if scaling that would cost too much.

    A column one pixel wide would otherwise need gigabytes: it becomes as wide as the frame, and its length grows alike.
    """
    parts = []
    for wanted, side, scale in zip(size, picture.shape[:2], scales, strict=True):
        hidden = max(int((side - wanted / scale) / 2) - _MARGIN, 0) if side * scale > _MOST_SCALED * wanted else 0
        parts.append(slice(hidden, side - hidden))
    return picture[tuple(parts)]


def _rate(source: Source) -> float:
    """Return a source's frames per second; 0 where it has none."""
    if source.kind is SourceKind.IMAGES or source.fps:
        return source.fps
    decoder = Decoder(Path(source.paths[0]))
    try:
        return decoder.rate()
    finally:
        decoder.close()
