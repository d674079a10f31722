"""What the pipeline reads from and writes to: the promises, pictures as a source, and the folder of frames.

A *source* yields each wanted frame once, in ascending order; a *sink* makes a frame appear whole or not at all.
Movies have a module of their own (`movies`). OpenCV's refusals end here: what leaves is a `MattingError`.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from . import png
from .errors import OutputFailed, SourceMissing, SourceUnreadable
from .spec import PARTIAL_SUFFIX, FrameFormat, JobSpec, Source
from .tensors import Picture

_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]


class FrameSource(Protocol):
    """The pictures of one clip."""

    expected: int
    """How many frames will come; a movie's container may be wrong about it."""

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Yield (source frame, BGR picture) for each wanted frame, ascending, each once.

        Raises:
            SourceMissing, SourceUnreadable: naming the file.
        """

    def close(self) -> None:
        """Let go of the files."""


class FrameSink(Protocol):
    """Where the results go."""

    def write(self, frame: int, picture: Picture) -> None:
        """Make the frame appear whole under its name, from any thread.

        Raises:
            OutputFailed: the disk is full or the folder refuses; no half file is left under the name.
        """


class ImageSource:
    """One file per frame."""

    def __init__(self, source: Source) -> None:
        """Look that every wanted file is there, so that a gap is told before an hour of work and not after."""
        wanted = range(len(source.paths)) if source.frames is None else source.frames
        self._files = [(frame, Path(source.paths[frame])) for frame in wanted]
        for _, path in self._files:
            if not path.is_file():
                raise SourceMissing(path)
        self._flags = cv2.IMREAD_COLOR if source.upright else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        self.expected = len(self._files)

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Yield each picture as BGR, 8 bit."""
        for frame, path in self._files:
            yield frame, self._read(path)

    def _read(self, path: Path) -> Picture:
        """Return the file's picture. Python opens it, for OpenCV cannot open every name on Windows."""
        try:
            data = np.fromfile(path, np.uint8)
        except FileNotFoundError:
            raise SourceMissing(path) from None
        except OSError as error:
            raise SourceUnreadable(path, error.strerror or "") from error
        try:
            picture: Picture | None = cv2.imdecode(data, self._flags) if data.size else None
        except cv2.error as error:  # a size beyond OpenCV's limit
            raise SourceUnreadable(path, str(error.err)) from error
        if picture is None:
            raise SourceUnreadable(path)
        return picture

    def close(self) -> None:
        """Nothing is held open between frames."""


class FolderSink:
    """A folder of numbered or named pictures.

    Half-written ones are kept apart, in the job's own folder: nothing in the output is ever half a frame, and what a
    killed worker leaves behind is known to be its own.
    """

    def __init__(self, spec: JobSpec, job_folder: Path) -> None:
        """Make the output folder of the job in `job_folder`, where it is missing.

        Raises:
            OutputFailed: the folder cannot be made.
        """
        self._spec = spec
        self._folder = folder = job_folder / spec.output
        self._partial = job_folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputFailed(folder, error.strerror or "") from error

    def write(self, frame: int, picture: Picture) -> None:
        """Encode the picture and write it under a temporary name; the last step gives it its own."""
        path = self._folder / self._spec.file_name(frame)
        partial = self._partial / f"{frame}{PARTIAL_SUFFIX}"
        try:
            partial.write_bytes(_encoded(picture, self._spec.format))
            partial.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            raise OutputFailed(path, error.strerror or "") from error


def _encoded(picture: Picture, form: FrameFormat) -> bytes:
    """Return the picture as a file's content."""
    if form is FrameFormat.PNG:
        return png.encode(picture)
    _, data = cv2.imencode(form, picture, _JPEG)
    return data.tobytes()  # type: ignore[no-any-return]
