"""The failures that are expected, each with the words that an editor reads.

Standard library only: `jobs`, Blender's side and `build.py` import this module, too.

An error carries data (a path, a frame); `__str__` makes the sentence that says what happened to which file, and
`remedy` says what to do about it. The module that wraps a third-party library translates the library's errors into
these. An error that is not translated is a bug: it ends the worker, with its traceback in `worker.log`.

Remedies call buttons by their labels, in the phrases below; the command line, which has no buttons, replaces these.
"""

import errno
import os
import stat
from pathlib import Path

_NO_SPACE = frozenset(map(os.strerror, (errno.ENOSPC, errno.EDQUOT)))
"""The system's words for a full disk or an exhausted quota."""
CONTINUE = "press Continue"
"""For what is remedied outside: the job goes on with the files and settings that it has."""
MATTE = "select the strip and press Matte Selected Strips"
"""For what is remedied at the strip or in the project's settings, which a job does not read again."""
UPDATE = "select the result and press Update Result"
"""For a result that is to be made again in its place: Matte Selected Strips would put a second one above it."""
OPENCV = "OpenCV"
"""OpenCV needs the media libraries of Windows, which the N editions lack."""


class MattingError(Exception):
    """The base of every failure that an editor can do something about."""

    remedy: str = ""


class FileError(MattingError):
    """A failure that belongs to one file or folder, which is `path`."""

    def __init__(self, path: Path | str, reason: str | OSError = "") -> None:
        """Remember the file and, if there is one, the reason in the words of the system or library that refused it.

        Of an `OSError`, the system's words are taken, without the file's name.
        """
        self.path = Path(path)
        self.reason = reason if isinstance(reason, str) else reason.strerror or ""
        super().__init__(path, self.reason)

    def because(self) -> str:
        """Return the end of a sentence: ': reason', or nothing."""
        return f": {self.reason}" if self.reason else ""


class NamedError(MattingError):
    """A failure that belongs to something other than a file: a device, a library or a strip, called `name`."""

    def __init__(self, name: str, reason: str) -> None:
        """Remember its name, and the reason."""
        super().__init__(name, reason)
        self.name = name
        self.reason = reason


class SourceMissing(FileError):
    """The movie or picture is not where the strip says."""

    remedy = f"Put the file back and {CONTINUE}; or choose it where it is now, then {MATTE}."

    def __str__(self) -> str:
        """Say which file is missing."""
        return f"The file “{self.path}” was not found"


class SourceUnreadable(FileError):
    """The movie or picture is there, but holds nothing that can be decoded."""

    remedy = "Check that the file plays; convert it to H.264, ProRes or PNG if it does."

    def __str__(self) -> str:
        """Say which file cannot be decoded, and why if that is known."""
        return f"“{self.path}” cannot be read as a movie or picture{self.because()}"


class SourceRefused(SourceUnreadable):
    """The system does not let the file be read, or no longer: its drive went away, or it belongs to another user."""

    remedy = (
        f"Make sure that its drive is there and that you may read it, and {CONTINUE}; the frames made so far are kept."
    )


class RawUnreadable(FileError):
    """The raw matte that an earlier job kept of a frame is damaged, or was cleared while this job began."""

    remedy = f"Clear what is kept for changes in the preferences, and {CONTINUE}: the model looks again."

    def __str__(self) -> str:
        """Say which file cannot be read, and why."""
        return f"What was kept of a frame in “{self.path}” cannot be read{self.because()}"


class PictureDiffers(FileError):
    """A picture of a sequence has another size than the first one."""

    remedy = "Scale it to the size of the others, or give it a strip of its own; the frames made so far are kept."

    def __str__(self) -> str:
        """Say which file, and which size it should have."""
        return f"“{self.path}” has another size than the first picture{self.because()}"


class ModelMissing(FileError):
    """The model's weights are not there."""

    remedy = "Install the extension again, or choose another model file."

    def __str__(self) -> str:
        """Say which file of weights is missing."""
        return f"The model file “{self.path}” was not found"


class ModelDamaged(FileError):
    """The weights differ from the catalogue's entry: half a download, or another file under this name."""

    remedy = "Delete the file and fetch the weights again (python3 build.py weights), or install the extension again."

    def __str__(self) -> str:
        """Say which file of weights is damaged, and how."""
        return f"The model file “{self.path}” is damaged or is not the file it should be{self.because()}"


class ModelUnsuitable(FileError):
    """The file is no ONNX model, or lacks RVM's inputs and outputs."""

    remedy = "Choose an ONNX file exported by Robust Video Matting with 32-bit or 16-bit weights."

    def __str__(self) -> str:
        """Say which file is no RVM model, and why."""
        return f"“{self.path}” is not a Robust Video Matting model{self.because()}"


class ModelChanged(FileError):
    """The model file is not the one that the job began with, so that the frames would not match."""

    remedy = f"Put the former file back and {CONTINUE}, or {MATTE}: then all frames are made anew."

    def __str__(self) -> str:
        """Say which file differs."""
        return f"The model file “{self.path}” is not the one that the job began with"


class NothingChosen(MattingError):
    """A setting wants a file, and none is chosen; `setting` is what the user calls it."""

    remedy = "Choose one there, or another model or device."

    def __init__(self, setting: str) -> None:
        """Remember the setting."""
        super().__init__(setting)
        self.setting = setting

    def __str__(self) -> str:
        """Say which setting, and where it is."""
        return f"No file is chosen as “{self.setting}” in the preferences of the extension"


class DeviceMissing(NamedError):
    """The network's device is missing or cannot run it; `name` is what the user calls the device."""

    remedy = "Choose another device in the preferences."

    def __str__(self) -> str:
        """Say which device, and why."""
        return f"The device “{self.name}” cannot be used ({self.reason})"


class LibraryUnusable(NamedError):
    """A bundled library cannot be loaded: on Windows, ONNX Runtime needs a runtime that Blender lacks."""

    remedy = (
        "On Windows, install the newest Microsoft Visual C++ Redistributable (x64); elsewhere, "
        "install the extension again."
    )

    def __init__(self, name: str, reason: str) -> None:
        """Remember the library's name and the reason."""
        super().__init__(name, reason)
        if name == OPENCV:
            self.remedy = (
                "On Windows, add the Media Feature Pack (Settings, System, Optional features) and install the newest "
                "Microsoft Visual C++ Redistributable (x64); elsewhere, install the extension again."
            )

    def __str__(self) -> str:
        """Say which library, and why."""
        return f"{self.name} cannot be loaded ({self.reason})"


class NotWritten(FileError):
    """The base of failures to write: a full disk has a remedy of its own."""

    when_full: str = ""
    """The remedy where there is no space."""

    def __init__(self, path: Path | str, reason: str | OSError = "") -> None:
        """Remember the file and the system's words, which tell what to do."""
        super().__init__(path, reason)
        if self.reason in _NO_SPACE:
            self.remedy = self.when_full

    def __str__(self) -> str:
        """Say what could not be written, and why."""
        return f"“{self.path}” could not be written{self.because()}"


class OutputFailed(NotWritten):
    """A job that runs could not write a frame or what it keeps: a full disk, a folder without permission.

    In another folder, all frames are made anew: those made so far stay where they are.
    """

    _elsewhere = f"or choose another output folder, then {MATTE}: there, all frames are made anew."
    remedy = f"Let the folder be written to and {CONTINUE}; {_elsewhere}"
    when_full = f"Free some space and {CONTINUE}; {_elsewhere}"


class OutputRefused(OutputFailed):
    """A job cannot be taken, for its folder cannot be made or written to: nothing is there to go on with."""

    remedy = "Choose another output folder, or let this one be written to."
    when_full = "Free some space, or choose another output folder."


class JobHeld(FileError):
    """Another process, such as a second Blender's, works on the job."""

    remedy = "Wait until it is done there, or cancel it there."

    def __str__(self) -> str:
        """Say which job."""
        return f"Another Blender works on “{self.path}”{self.because()}"


class JobGone(FileError):
    """A job's folder was deleted, moved or renamed while the job waited or ran, or its disk is not connected."""

    remedy = f"Bring it back and {CONTINUE}, or {MATTE}."

    def __str__(self) -> str:
        """Say which folder."""
        return f"The job's folder “{self.path}” is gone{self.because()}"


class MovieFailed(NotWritten):
    """The frames stand, but the movie of them could not be written: a full disk, or a format that refuses them.

    To continue keeps the format.
    """

    remedy = f"Choose another format, then {MATTE}; the frames are kept."
    when_full = f"Free some space and {CONTINUE}; the frames are kept."

    def __str__(self) -> str:
        """Say which movie, and why."""
        return f"The movie “{self.path}” could not be written{self.because()}"


class MovieCutShort(MovieFailed):
    """Blender wrote only a part of the movie and did not tell why."""

    remedy = f"Free some space and {CONTINUE}; or choose another format, then {MATTE}. The frames are kept."


class FrameGone(MovieFailed):
    """A frame's file was removed, so that the movie cannot be made: only matting makes the file anew."""

    remedy = f"To have it made anew, {UPDATE}."


class SpecError(MattingError):
    """A job was described wrongly; `field` names the setting."""

    def __init__(self, field: str, reason: str) -> None:
        """Remember the setting and what is wrong with it."""
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        """Say which setting is wrong, and why."""
        return f"{self.field}: {self.reason}"


def check_source(path: Path) -> None:
    """Return if `path` is a file.

    Raises:
        SourceMissing: there is no such file.
        SourceRefused: the system cannot tell: the folder may not be entered, or the drive does not answer.
    """
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        is_file = False
    except OSError as error:
        raise SourceRefused(path, error) from error
    if not is_file:
        raise SourceMissing(path)
