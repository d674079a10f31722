"""The description of one job, frozen when the user presses the button.

Standard library only. Every default and every choice of the product is written here, once: Blender's properties, the
command line and the worker take them from this module.
"""

import hashlib
import json
import os
import re
import stat
import unicodedata
from collections import Counter
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any

from .errors import SpecError
from .outputs import CUT_OUT, Look, Result

FORMAT = 2
"""The version of `job.json`. A worker refuses what it does not know."""

JOB_FILE = "job.json"
"""In a job's folder: the job's description."""
LOG_FILE = "worker.log"
"""In a job's folder: what its worker prints."""
PARTIAL_SUFFIX = ".part"
"""Ends the names of files, in a job's folder, that are not whole yet."""

MOVIE_SUFFIXES = frozenset(
    {
        *(".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m2v", ".ts", ".mts", ".m2ts"),
        *(".ogv", ".wmv", ".flv", ".3gp", ".mxf", ".dv"),
    }
)
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jp2", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"})

RAW_FOLDER = "raw"
"""In a job's folder: its raw mattes."""
RAW_SUFFIX = ".raw"
RAW_FORMAT = 4
"""The version of their files. Those of another one serve no job: the model looks again."""
RAW_GIGABYTES = 10.0
"""For the raw mattes in a folder of results, unless the user chooses otherwise."""

CPU = "cpu"
DEVICES = {
    CPU: "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
}
"""What the network may run on, and ONNX Runtime's name for it. Which of them are there is known on the machine only."""

Stamp = tuple[int, int]
"""A file's size in bytes and its time of modification in nanoseconds: while both stay, it is taken for the same."""

_NEVER_MISSING = frozenset({"format_version", "name", "source", "output", "stem", "model"})
"""What every version of `job.json` has."""

WORKING_SIDE = 512
"""Pixels of the longest side at which the network looks at a picture; RVM's authors advise 512 for HD video."""


class SourceKind(StrEnum):
    """What the frames come from."""

    MOVIE = "movie"
    IMAGES = "images"


@dataclass(frozen=True)
class Source:
    """The pictures that go in."""

    kind: SourceKind
    paths: tuple[str, ...]
    """Absolute: one movie, or one file per frame."""
    frames: tuple[int, ...] | None = None
    """The source frames to matte, ascending, counted from 0; None is all there are."""
    fps: float = 0.0
    """Frames per second by which a movie's frame numbers count its time, as Blender counts them: frame k is what shows
    at k / fps. 0 counts the frames as they are decoded, which differs where the frame rate varies."""
    clock: float = 0.0
    """Ticks per second in which a movie's container counts: Blender rounds k / fps to that. 0 where it is not known."""
    upright: bool = True
    """Turn pictures and movies as their metadata says. Blender's sequencer does so with movies, from 4.4 on."""
    use_alpha: bool = True
    """Multiply the matte by the alpha that pictures carry: what was transparent stays so."""
    disposable: bool = False
    """The pictures were made for this job, in its folder: each is deleted once it has been read."""
    sequence: bool = False
    """The pictures are the frames of one clip: they have one size."""
    stamps: tuple[Stamp, ...] = ()
    """Of `paths`, when the job was made; none where nobody will ask whether the files are still the same."""


@dataclass(frozen=True)
class JobSpec:
    """One job: everything that the worker is told. Change one with `dataclasses.replace`."""

    name: str
    """What the user calls it: the strip's name or the file's."""
    source: Source
    output: str
    """The folder of the frames, absolute or relative to the job's own folder."""
    stem: str
    """What the results are called: a single picture this, a movie's frame i `<stem>_<i+1, six digits>`."""
    model: str
    """Absolute path of the ONNX file."""
    model_stamp: str = ""
    """What told that file from others when the job was made (`weights.identity`): another one under its name makes
    other frames. Empty where it was gone, or nobody will ask."""
    look: Look = CUT_OUT
    raw_limit: int = 0
    """Bytes that raw mattes and foregrounds, kept to make other results without the model, may take in this job's
    folder and in those beside it; 0 keeps none."""
    raws: tuple[str, ...] = ()
    """Folders of raw mattes of earlier jobs with the same matting: frames found there do not need the model."""
    ratio: float | None = None
    """The downsample ratio, above 0 and at most 1; None scales the longest side to `working_side`."""
    working_side: int = WORKING_SIDE
    """Pixels; larger finds finer detail and costs its square."""
    threads: int = 0
    """Of the processor, for the network; 0 is one for each core."""
    device: str = CPU
    """A word of `DEVICES`, or the absolute path of a plugin for ONNX Runtime. The processor where that is not there."""

    def validate(self) -> None:
        """Return if the job makes sense by itself; files are looked at by the worker.

        Raises:
            SpecError: naming the setting and what is wrong with it.
        """
        _check_source(self.source)
        if not PurePath(self.model).is_absolute():
            raise SpecError("model", "its path must be absolute")
        if self.ratio is not None and not 0.0 < self.ratio <= 1.0:
            raise SpecError("ratio", f"{self.ratio:g} is not above 0 and at most 1")
        if self.working_side < 16:
            raise SpecError("working size", f"{self.working_side} pixels are too few to see a person in")
        if self.threads < 0:
            raise SpecError("threads", f"{self.threads} is less than none")
        if self.device not in DEVICES and not PurePath(self.device).is_absolute():
            raise SpecError("device", f"“{self.device}” is none of {', '.join(DEVICES)}, nor a plugin's absolute path")
        self.look.validate()

    def file_name(self, frame: int) -> str:
        """Return the name of source frame `frame`'s file inside the output folder.

        Of several pictures each keeps its own name; where two differ by their suffix only, it stays in the name.
        """
        if self.source.kind is SourceKind.MOVIE:
            return f"{composed(self.stem)}_{frame + 1:06d}{self.look.format.suffix}"
        if len(self.source.paths) == 1:
            return f"{composed(self.stem)}{self.look.format.suffix}"
        return f"{self._picture_stems[frame]}{self.look.format.suffix}"

    def frame_of(self, name: str) -> int | None:
        """Return the source frame of a movie whose file has this name in the output folder; None for any other."""
        pattern = re.escape(composed(self.stem)) + r"_(\d{6,})" + re.escape(self.look.format.suffix)
        found = re.fullmatch(pattern, name) if self.source.kind is SourceKind.MOVIE else None
        frame = int(found[1]) - 1 if found else -1
        return frame if frame >= 0 and self.file_name(frame) == name else None

    @property
    def recipe(self) -> "JobSpec":
        """What decides the pixels of a frame: this job without names, choice of frames, and what it keeps besides."""
        source = replace(self.source, frames=None)
        return replace(self, name="", output="", stem="", source=source, raw_limit=0, raws=(), threads=0, device=CPU)

    @property
    def recipe_digest(self) -> str:
        """The recipe in 64 characters."""
        return hashlib.sha256(self.recipe.to_json().encode()).hexdigest()

    @property
    def matting_digest(self) -> str:
        """What decides a frame's raw matte and its file, in 64 characters: the recipe without what is made of it.

        Where pictures are rendered for each job anew, also without them: they tell by themselves (`digests`).
        """
        paths = () if self.source.disposable else self.source.paths
        recipe = replace(self, look=CUT_OUT, source=replace(self.source, paths=paths)).recipe
        return hashlib.sha256(f"{RAW_FORMAT} {recipe.to_json()}".encode()).hexdigest()

    @property
    def reusable(self) -> bool:
        """Whether another job may use these frames: it is known which they are, and from which files they were made."""
        known = bool(self.source.stamps) and self.source.frames is not None and not self.source.disposable
        return known and self.look.result is not Result.BACKDROP

    def covers(self, other: "JobSpec") -> bool:
        """Return whether this job makes every frame that `other` asks for, from the same files and in the same way."""
        return (
            self.reusable
            and other.reusable
            and self.recipe == other.recipe
            and set(other.source.frames or ()) <= set(self.source.frames or ())
        )

    @cached_property
    def _picture_stems(self) -> tuple[str, ...]:
        """The names of the pictures without suffix, made distinct."""
        paths = [PurePath(composed(path)) for path in self.source.paths]
        uses = Counter(path.stem.casefold() for path in paths)
        taken = {stem for stem, count in uses.items() if count == 1}
        stems = []
        for path in paths:
            stem, number = path.stem, 1
            if uses[stem.casefold()] > 1:
                stem = f"{path.stem}_{path.suffix[1:]}"
                while stem.casefold() in taken:
                    number += 1
                    stem = f"{path.stem}_{path.suffix[1:]}_{number}"
                taken.add(stem.casefold())
            stems.append(stem)
        return tuple(stems)

    def to_json(self) -> str:
        """Return the text of `job.json`, a setting a line."""
        settings = {"format_version": FORMAT, **_fields(self)}
        # ASCII only: a file name that is no valid text on this system comes through it unharmed.
        lines = (f' "{name}": {json.dumps(value, default=_fields)}' for name, value in settings.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> "JobSpec":
        """Return the job that `to_json` wrote.

        Raises:
            SpecError: the text is not a job of this version.
        """
        try:
            data = json.loads(text)
            if data.pop("format_version") != FORMAT:
                raise SpecError("job.json", "it was written by another version of the extension")
            source = data.pop("source")
            frames = source.pop("frames")
            return cls(
                source=Source(
                    kind=SourceKind(source.pop("kind")),
                    paths=tuple(source.pop("paths")),
                    frames=None if frames is None else tuple(frames),
                    stamps=tuple((size, time) for size, time in source.pop("stamps")),
                    **source,
                ),
                look=Look.from_dict(data.pop("look")),
                raws=tuple(data.pop("raws")),
                **data,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SpecError("job.json", f"it does not describe a job ({error})") from error


def holds_job(folder: Path) -> bool:
    """Return whether a job lies in a folder, of whichever version of the extension; others have a `job.json`, too.

    It is asked at every redraw: a file is read again only where it has changed. One that cannot be read is no job's.
    """
    path = os.path.join(folder, JOB_FILE)  # noqa: PTH118  # a Path costs more than the question
    try:
        told = os.stat(path)  # noqa: PTH116  # likewise
        return stat.S_ISREG(told.st_mode) and _describes_job(path, (told.st_size, told.st_mtime_ns))
    except (OSError, ValueError):  # the second: the name is none that a system knows
        return False


@lru_cache(maxsize=4096)
def _describes_job(path: str, _stamp: Stamp) -> bool:
    """Return whether a file with this stamp has what the description of a job cannot do without.

    Raises:
        OSError: it cannot be read just now.
    """
    try:
        told = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.keys() >= _NEVER_MISSING


def raw_name(frame: int) -> str:
    """Return the name of a frame's raw matte."""
    return f"{frame:06d}{RAW_SUFFIX}"


def composed(name: str) -> str:
    """Return a name with each accent in one character with its letter, as all names of results are.

    Drives of Macs either keep them apart whatever they are given (Mac OS Extended), or take both for the same (APFS).
    """
    return unicodedata.normalize("NFC", name)


def is_movie(path: Path) -> bool:
    """Return whether the name says that the file is a movie."""
    return path.suffix.lower() in MOVIE_SUFFIXES


def is_image(path: Path) -> bool:
    """Return whether the name says that the file is a picture."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def _fields(described: Any) -> dict[str, Any]:
    """Return a dataclass's fields as they are: to copy each of 10,000 frame numbers takes its time."""
    return {field.name: getattr(described, field.name) for field in fields(described)}


def _check_source(source: Source) -> None:
    """Raise SpecError unless the source names files, and wanted frames are ascending numbers that may exist."""
    if not source.paths:
        raise SpecError("source", "there is nothing to matte")
    if source.kind is SourceKind.MOVIE and len(source.paths) != 1:
        raise SpecError("source", "a movie is one file")
    if not all(PurePath(path).is_absolute() for path in source.paths):
        raise SpecError("source", "paths must be absolute")
    frames = source.frames
    if frames is None:
        return
    if not frames:
        raise SpecError("source", "there are no frames to matte")
    if frames[0] < 0 or any(b <= a for a, b in pairwise(frames)):
        raise SpecError("source", "frames must be ascending and not negative")
    if source.kind is SourceKind.IMAGES and frames[-1] >= len(source.paths):
        raise SpecError("source", "a frame beyond the last picture was asked for")
