"""What the pipeline reads from and writes to: the protocols, pictures as a source, and the folder of frames.

A *source* yields each wanted frame once, in ascending order; a *sink* makes a frame appear whole or not at all.
Movies have a module of their own (`movies`). OpenCV's errors become a `MattingError` here.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..contract import chunks, whole
from ..contract.clips import is_clip
from ..contract.errors import (
    FileError,
    OutputFailed,
    PictureDiffers,
    SourceMissing,
    SourceRefused,
    SourceUnreadable,
    check_source,
)
from ..contract.outputs import FrameFormat
from ..contract.spec import PARTIAL_SUFFIX, JobSpec, Source
from ..pictures import exr, png, targa, tiff
from ..pictures.tensors import Picture, Placed, full, in_8_bits

_JPEG_BEGINS = b"\xff\xd8"
_LOSSLESS_WEBP = (
    # Keep the colours beside the matte's edge: a viewer that scales the picture mixes them in.
    [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR]
    if hasattr(cv2, "IMWRITE_WEBP_LOSSLESS_MODE")
    # OpenCV 4.12 (Macs with an Intel processor) lacks that option; this is lossless only where something shows.
    else [cv2.IMWRITE_WEBP_QUALITY, 101]
)
_ENCODER_OPTIONS = {
    # No chroma subsampling: the usual halving lets a green background bleed 2 pixels into the person.
    FrameFormat.JPEG: [
        *(cv2.IMWRITE_JPEG_QUALITY, 95),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ],
    FrameFormat.WEBP: _LOSSLESS_WEBP,
}
_LONGEST_SIDES = {FrameFormat.JPEG: 65500, FrameFormat.WEBP: 16383}
"""The most pixels per side that the format's encoder accepts."""


class FrameSource(Protocol):
    """The pictures of one clip."""

    expected: int
    """How many frames to expect; a movie's container may be wrong about it."""
    pixel_aspect: float
    """How wide a pixel is shown, by its height."""

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Yield (source frame, picture) for each wanted frame, ascending, each once; BGR, or BGRA with straight alpha.

        Raises:
            SourceMissing, SourceUnreadable: naming the file.
        """

    def close(self) -> None:
        """Close the files."""


class FrameSink(Protocol):
    """Where the results go."""

    def write(self, frame: int, picture: Placed) -> None:
        """Make the frame appear whole under its name, from any thread.

        Raises:
            OutputFailed: the disk is full or the folder refuses; no half file is left under the name.
        """


class ImageSource:
    """One file per frame."""

    def __init__(self, source: Source, too_small: Callable[[Picture], str] = lambda _: "") -> None:
        """Check that every wanted file of a clip is there: a gap is reported before an hour of work, not after.

        `too_small` returns why the model would see nothing of a picture, or an empty string.
        """
        wanted = range(len(source.paths)) if source.frames is None else source.frames
        self._files = [(frame, Path(source.paths[frame])) for frame in wanted]
        self._is_clip = is_clip(source)
        if self._is_clip:
            for _, path in self._files:
                check_source(path)
        self._turned = 0 if source.upright else cv2.IMREAD_IGNORE_ORIENTATION
        self._with_alpha = source.use_alpha
        self._sequence = source.sequence
        self._too_small = too_small
        self._disposable = source.disposable
        self.expected = len(self._files)
        self.pixel_aspect = 1.0

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Yield each picture, 8 bit: BGRA where it carries alpha and that is wanted, else BGR.

        Those that are too small are left out and told of at the end; of pictures that are no clip, so are those that
        cannot be read. The pictures of a sequence have one size, which the model judges.

        Raises:
            PictureDiffers: a picture of a sequence has not the first one's size.
            SourceMissing, SourceRefused, SourceUnreadable: naming the file.
        """
        height = width = 0
        failed: list[FileError] = []
        for frame, path in self._files:
            try:
                picture = self._read(path)
            except (SourceMissing, SourceUnreadable) as error:
                if self._is_clip:
                    raise
                failed.append(error)
                continue
            if not self._sequence and (reason := self._too_small(picture)):  # it is no frame of a clip, but a thumbnail
                failed.append(SourceUnreadable(path, reason))
                continue
            if not height or not self._sequence:
                height, width = picture.shape[:2]
            elif picture.shape[:2] != (height, width):
                sizes = f"{picture.shape[1]} × {picture.shape[0]} instead of {width} × {height} pixels"
                raise PictureDiffers(path, sizes)
            if self._disposable:
                with suppress(OSError):  # on Windows a virus scanner may have it open; then it stays until its job goes
                    path.unlink()
            yield frame, picture
        if len(failed) == 1:
            raise failed[0]
        if failed:
            why = f"it is the first of {len(failed)} that cannot be read; the others are made"
            raise SourceUnreadable(failed[0].path, why)

    def _read(self, path: Path) -> Picture:
        """Return the file's picture. Python reads the file, since OpenCV cannot open every name on Windows."""
        try:
            data = np.fromfile(path, np.uint8)
        except FileNotFoundError:
            raise SourceMissing(path) from None
        except OSError as error:
            raise SourceRefused(path, error) from error
        if path.suffix == targa.SUFFIX:
            try:
                return self._picture(targa.decode(data))
            except ValueError as error:
                raise SourceUnreadable(path, str(error)) from error
        try:
            decoded = cv2.imdecode(data, self._flags(data)) if data.size else None
        except cv2.error as error:  # a size beyond OpenCV's limit
            raise SourceUnreadable(path, str(error.err)) from error
        if decoded is None:
            raise SourceUnreadable(path)
        if reason := self._unsuitable(decoded, data):
            raise SourceUnreadable(path, reason)
        if decoded.ndim == 3 and decoded.shape[2] == 4 and tiff.is_multiplied(data.data):
            decoded = tiff.straight(decoded)
        if decoded.ndim == 2 and self._with_alpha and (nothing := chunks.see_through_grey(data.data)) is not None:
            alpha = np.where(decoded == nothing, 0, full(decoded.dtype)).astype(decoded.dtype)
            decoded = np.dstack([decoded, decoded, decoded, alpha])
        return self._picture(decoded)

    def _unsuitable(self, decoded: NDArray[Any], data: NDArray[np.uint8]) -> str:
        """Return why the array that OpenCV read is no picture for the model; an empty string if it is one."""
        if decoded.dtype.kind == "f":
            return "its values are floating-point numbers, whose meaning the file does not tell"
        if decoded.dtype not in (np.uint8, np.uint16):
            return f"its values are {decoded.dtype} numbers; only those of 8 and 16 bits from nought on can be read"
        if self._with_alpha and tiff.loses_alpha(data.data):
            return "the alpha of a grey TIFF cannot be read"
        return ""

    def _flags(self, data: NDArray[np.uint8]) -> int:
        """Return OpenCV's flags: unchanged, to keep alpha and 16 bits; JPEG, which has neither, is turned."""
        jpeg = data[:2].tobytes() == _JPEG_BEGINS
        flags: int = cv2.IMREAD_COLOR | self._turned if jpeg else cv2.IMREAD_UNCHANGED
        return flags

    def _picture(self, decoded: NDArray[np.uint8] | NDArray[np.uint16]) -> Picture:
        """Return a decoded array (H x W, or H x W x 3 or 4; 8 or 16 bit) as an 8-bit picture."""
        picture = in_8_bits(decoded)  # rounds, as Blender does
        if picture.ndim == 2:
            coloured: Picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
            return coloured
        return picture if self._with_alpha else picture[..., :3]

    def close(self) -> None:
        """Do nothing: no file is open between frames."""


class FolderSink:
    """A folder of numbered or named pictures.

    Half-written frames lie apart, in the job's own folder. So the output never holds half a frame, and the leftovers of
    a killed worker are known to be its own.
    """

    def __init__(self, spec: JobSpec, job_folder: Path) -> None:
        """Make the output folder of the job in `job_folder`, if it is missing.

        Raises:
            OutputFailed: the folder cannot be made.
        """
        self._spec = spec
        self._folder = folder = job_folder / spec.output
        self._partial = job_folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputFailed(folder, error) from error

    def write(self, frame: int, picture: Placed) -> None:
        """Encode the picture, write it under a temporary name and rename it at last."""
        path = self._folder / self._spec.file_name(frame)
        data = _encoded(picture, self._spec.look.format)
        if data is None:
            raise OutputFailed(path, _why_refused(picture, self._spec.look.format))
        try:
            whole.write(path, data, self._partial / f"{frame}{PARTIAL_SUFFIX}")
        except OSError as error:
            raise OutputFailed(path, error) from error


def _encoded(picture: Placed, form: FrameFormat) -> bytes | None:
    """Return the picture (grey, BGR or BGRA, straight alpha; 16 bit where the format is deep) as a file.

    None where OpenCV's encoder refuses it.
    """
    if form in (FrameFormat.PNG, FrameFormat.PNG16):
        return png.encode(picture)
    if form is FrameFormat.EXR:
        return exr.encode(picture)
    is_encoded, data = cv2.imencode(form.suffix, picture.drawn(), _ENCODER_OPTIONS[form])
    return data.tobytes() if is_encoded else None


def _why_refused(picture: Placed, form: FrameFormat) -> str:
    """Return why an encoder of OpenCV refuses a picture."""
    (height, width), most = picture.size, _LONGEST_SIDES[form]
    if max(height, width) <= most:
        return f"OpenCV refuses to make a {form.name} of it"
    return f"{form.name} has at most {most} pixels a side, not {width} × {height}; choose another format"
