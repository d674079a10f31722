"""The raw mattes that a job keeps in its folder, and those that earlier jobs have kept."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from ..contract import digests, whole
from ..contract.errors import OutputFailed, RawUnreadable
from ..contract.outputs import Foreground
from ..contract.resume import remembered_frame
from ..contract.spec import PARTIAL_SUFFIX, RAW_FOLDER, RAW_SUFFIX, raw_name
from ..network.memory import Memory
from ..pictures.tensors import Picture
from . import raw
from .raw import RawMatte

WARM_UP_FRAMES = 15
"""RVM's error falls sharply over its first 15 frames (figures of the paper)."""


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
        """Bytes left; below zero, no more are kept."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputFailed(self._folder, error) from error

    def keep(self, frame: int, memory: Memory) -> None:
        """Keep the model's state after the last frame, for a job that goes on from there.

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
            raise OutputFailed(self._folder, error) from error


def _raws_in(folder: Path) -> dict[int, Path]:
    """Return the raw mattes of a folder by frame, without the `._…` files of macOS on foreign drives."""
    return {int(path.stem): path for path in folder.glob(f"*{RAW_SUFFIX}") if path.stem.isdecimal()}


def _looking_alike(
    rendered: dict[int, str], folders: Sequence[str], there: Sequence[dict[int, Path]]
) -> dict[int, Path]:
    """Return, for each rendered frame, a raw matte of a picture with the same digest, if there is one.

    Of several, take those in the newest folder (the last one), and of these the same frame's: even a still picture is
    matted a little differently in each frame.
    """
    alike: dict[str, dict[int, Path]] = {}
    for folder, files in zip(folders, there, strict=True):
        of_folder: dict[str, dict[int, Path]] = {}
        for frame, digest in digests.noted(Path(folder)).items():
            if frame in files:
                of_folder.setdefault(digest, {})[frame] = files[frame]
        alike |= of_folder
    found = {frame: alike[digest] for frame, digest in rendered.items() if digest in alike}
    return {frame: paths.get(frame) or next(iter(paths.values())) for frame, paths in found.items()}


class Shelf:
    """The raw mattes of earlier jobs."""

    def __init__(self, folders: Sequence[str], rendered: dict[int, str] | None) -> None:
        """List the raw mattes; of a frame that is there twice, the one in the later folder counts.

        Where the pictures were `rendered` for this job (frame: digest), the digest identifies a frame's raw matte, not
        the frame's number.
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
        """Mark the folders as used just now, so that they are not the first to be deleted."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                os.utime(folder)

    def __contains__(self, frame: int) -> bool:
        """Return whether a frame's raw matte is there."""
        return frame in self._files

    def needs_model(self, wanted: Sequence[int] | None) -> set[int] | None:
        """Return which `wanted` frames (ascending) the model must see; None stands for all, as argument and result.

        These are the frames without a raw matte, and some frames before each gap to warm up the recurrent state; none
        before it where that state is kept.
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
        """Return the model's state after a frame; None where no earlier job has kept it."""
        path = self._files.get(frame)
        return Memory.read(path.parent) if path in self._remembered else None

    def read(self, frame: int, picture: Picture, foreground: Foreground = Foreground.ALL) -> RawMatte:
        """Return the raw matte of a frame, given its picture (BGR, H x W x 3).

        At least the wanted part of the `foreground` is read.

        Raises:
            RawUnreadable: naming the file.
        """
        path = self._files[frame]
        try:
            return raw.decode(path.read_bytes(), picture, foreground)
        except OSError as error:
            raise RawUnreadable(path, error) from error
        except ValueError as error:
            raise RawUnreadable(path, str(error)) from error
