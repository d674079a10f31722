"""Where raw mattes lie: those that a job keeps in its folder, and those that earlier jobs have kept."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from . import raw
from .errors import OutputFailed, SourceMissing, SourceUnreadable
from .memory import Memory
from .outputs import Foreground
from .raw import RawMatte
from .resume import remembered_frame
from .spec import PARTIAL_SUFFIX, RAW_FOLDER
from .tensors import Picture

_SUFFIX = ".raw"
WARM_UP_FRAMES = 15
"""RVM's error falls sharply over its first 15 frames (so say the paper's figures)."""


class RawSink:
    """Keeps raw mattes in the job's folder, as many as there is room for."""

    def __init__(self, job_folder: Path, limit: int) -> None:
        """Make the folder; `limit` is in bytes.

        Raises:
            OutputFailed: the folder cannot be made.
        """
        self._folder = job_folder / RAW_FOLDER
        self._job_folder = job_folder
        self.room = limit
        """Bytes left; below nought nothing more is kept."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputFailed(self._folder, error.strerror or "") from error

    def keep(self, frame: int, memory: Memory) -> None:
        """Keep what the model remembers after the last frame, for a job that goes on from there.

        Raises:
            OutputFailed: the disk is full or the folder refuses.
        """
        if self.room > 0:
            memory.write(self._folder, frame)

    def write(self, frame: int, matte: RawMatte) -> None:
        """Keep a frame's raw matte, whole or not at all; from any thread.

        Raises:
            OutputFailed: the disk is full or the folder refuses.
        """
        data = raw.encode(matte)
        self.room -= len(data)
        if self.room < 0:
            return
        partial = self._job_folder / f"{frame}{_SUFFIX}{PARTIAL_SUFFIX}"
        try:
            partial.write_bytes(data)
            partial.replace(self._folder / f"{frame:06d}{_SUFFIX}")
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            raise OutputFailed(self._folder, error.strerror or "") from error


class Shelf:
    """The raw mattes of earlier jobs."""

    def __init__(self, folders: Sequence[str]) -> None:
        """Look what is there; of a frame that is there twice, the one in the later folder counts."""
        for folder in folders:
            with contextlib.suppress(OSError):
                os.utime(folder)  # what is used is young: it does not give way first
        self._files = {int(path.stem): path for folder in folders for path in Path(folder).glob(f"*{_SUFFIX}")}
        self._memories = {remembered_frame(Path(folder)): Path(folder) for folder in folders}

    def __contains__(self, frame: int) -> bool:
        """Return whether a frame's raw matte is there."""
        return frame in self._files

    def needs_model(self, wanted: Sequence[int] | None) -> set[int] | None:
        """Return the frames that the model must look at, of those wanted (ascending); None is all, in and out.

        That is what is not there, and some of what comes before that, for the model remembers; nothing before it where
        that memory is kept.
        """
        if wanted is None:
            return None
        looked_at: set[int] = set()
        for place, frame in enumerate(wanted):
            if frame not in self:
                before = wanted[place - 1] if place else None
                warms_up = before in self._files and before not in self._memories
                looked_at.update(wanted[max(place - WARM_UP_FRAMES, 0) if warms_up else place : place + 1])
        return looked_at

    def memory_after(self, frame: int) -> Memory | None:
        """Return what the model remembered after a frame; None where an earlier job has not kept that."""
        return Memory.read(self._memories[frame]) if frame in self._memories else None

    def read(self, frame: int, picture: Picture, foreground: Foreground = Foreground.ALL) -> RawMatte:
        """Return the raw matte of a frame, given its picture (BGR, H x W x 3).

        Of the `foreground` at least so much is read as is asked for.

        Raises:
            SourceMissing, SourceUnreadable: naming the file.
        """
        path = self._files[frame]
        try:
            return raw.decode(path.read_bytes(), picture, foreground)
        except FileNotFoundError:
            raise SourceMissing(path) from None
        except (OSError, ValueError) as error:
            raise SourceUnreadable(path, str(error)) from error
