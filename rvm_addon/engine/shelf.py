"""Where raw mattes lie: those that a job keeps in its folder, and those that earlier jobs have kept."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from . import digests, raw, whole
from .errors import OutputFailed, RawUnreadable
from .memory import Memory
from .outputs import Foreground
from .raw import RawMatte
from .resume import remembered_frame
from .spec import PARTIAL_SUFFIX, RAW_FOLDER, RAW_SUFFIX, raw_name
from .tensors import Picture

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
        partial = self._job_folder / f"{frame}{RAW_SUFFIX}{PARTIAL_SUFFIX}"
        try:
            whole.write(self._folder / raw_name(frame), data, partial)
        except OSError as error:
            raise OutputFailed(self._folder, error.strerror or "") from error


def _raws_in(folder: Path) -> dict[int, Path]:
    """Return the raw mattes of a folder by frame, without the `._…` that macOS lays beside files on foreign drives."""
    return {int(path.stem): path for path in folder.glob(f"*{RAW_SUFFIX}") if path.stem.isdecimal()}


def _looking_alike(
    rendered: dict[int, str], folders: Sequence[str], there: Sequence[dict[int, Path]]
) -> dict[int, Path]:
    """Return, for each rendered picture, a raw matte of a picture of the same digest, if there is one.

    Of several, the newest; of those, that of the same frame: what stands still is matted a little differently each
    time.
    """
    alike: dict[str, dict[int, Path]] = {}
    for folder, files in zip(folders, there, strict=True):
        of_folder: dict[str, dict[int, Path]] = {}
        for frame, told in digests.noted(Path(folder)).items():
            if frame in files:
                of_folder.setdefault(told, {})[frame] = files[frame]
        alike |= of_folder
    found = {frame: alike[told] for frame, told in rendered.items() if told in alike}
    return {frame: paths.get(frame) or next(iter(paths.values())) for frame, paths in found.items()}


class Shelf:
    """The raw mattes of earlier jobs."""

    def __init__(self, folders: Sequence[str], rendered: dict[int, str] | None) -> None:
        """Look what is there; of a frame that is there twice, the one in the later folder counts.

        Where the pictures were `rendered` for this job (frame: digest), not the frame's number tells which raw matte is
        its own, but what the picture shows.
        """
        self._folders = folders
        there = [_raws_in(Path(folder)) for folder in folders]
        if rendered is None:
            self._files = {frame: path for files in there for frame, path in files.items()}
        else:
            self._files = _looking_alike(rendered, folders, there)
        remembered = ((Path(folder), remembered_frame(Path(folder))) for folder in folders)
        self._remembered = {folder / raw_name(frame) for folder, frame in remembered if frame is not None}

    def touch(self) -> None:
        """Let what is used be young: it does not give way first."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                os.utime(folder)

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
                warms_up = before in self._files and self._files[before] not in self._remembered
                looked_at.update(wanted[max(place - WARM_UP_FRAMES, 0) if warms_up else place : place + 1])
        return looked_at

    def memory_after(self, frame: int) -> Memory | None:
        """Return what the model remembered after a frame; None where an earlier job has not kept that."""
        path = self._files.get(frame)
        return Memory.read(path.parent) if path in self._remembered else None

    def read(self, frame: int, picture: Picture, foreground: Foreground = Foreground.ALL) -> RawMatte:
        """Return the raw matte of a frame, given its picture (BGR, H x W x 3).

        Of the `foreground` at least so much is read as is asked for.

        Raises:
            RawUnreadable: naming the file.
        """
        path = self._files[frame]
        try:
            return raw.decode(path.read_bytes(), picture, foreground)
        except OSError as error:
            raise RawUnreadable(path, error.strerror or "") from error
        except ValueError as error:
            raise RawUnreadable(path, str(error)) from error
