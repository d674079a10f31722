"""The description of one job, frozen when the user presses the button.

Standard library only. The defaults and choices of a job are written here, those of its look in `outputs`; Blender's
properties, the command line and the worker take them from these two modules.
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
"""The version of `job.json`. A worker refuses any other."""

JOB_FILE = "job.json"
"""In a job's folder: the job's description."""
LOG_FILE = "worker.log"
"""In a job's folder: what its worker prints."""
PARTIAL_SUFFIX = ".part"
"""In a job's folder: the suffix of files that are not whole yet."""

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
RAW_FORMAT = 5
"""The version of the files of raw mattes. A job ignores files of another version: the model runs again."""
RAW_GIGABYTES = 10.0
"""The limit for the raw mattes in a folder of results, unless the user chooses another."""

CPU = "cpu"
DEVICES = {
    CPU: "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
}
"""The devices that the network may run on, with ONNX Runtime's execution provider. Few machines have all of them."""

Stamp = tuple[int, int]
"""A file's size in bytes and modification time in nanoseconds. While both stay, the file counts as unchanged."""

_NEVER_MISSING = frozenset({"format_version", "name", "source", "output", "stem", "model"})
"""The settings that every version of `job.json` has."""

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
    """The source frames to matte, ascending, counted from 0; None means all."""
    fps: float = 0.0
    """Frames per second that turn a movie's frame numbers into times, as Blender does: frame k is what shows at
    k / fps. With 0, frames are counted as they are decoded, which differs where the frame rate varies."""
    clock: float = 0.0
    """Ticks per second of a movie's container: Blender rounds k / fps to such a tick. 0 where it is not known."""
    upright: bool = True
    """Turn pictures and movies as their metadata says. Blender's sequencer does so with movies, from 4.4 on."""
    use_alpha: bool = True
    """Multiply the matte by the alpha of the pictures, so that transparent pixels stay transparent."""
    disposable: bool = False
    """The pictures were made for this job, in its folder: each is deleted once it has been read."""
    sequence: bool = False
    """The pictures are the frames of one clip: they have one size."""
    may_end_early: bool = False
    """Of a Matroska file, whose sound may last longer, the wanted frames end with the last picture, which is not held.
    """
    stamps: tuple[Stamp, ...] = ()
    """The stamps of `paths` when the job was made; empty where nobody will ask whether the files have changed."""


@dataclass(frozen=True)
class JobSpec:
    """One job: everything that the worker is told. Change one with `dataclasses.replace`."""

    name: str
    """What the user calls it: the strip's name or the file's."""
    source: Source
    output: str
    """The folder of the frames, absolute or relative to the job's own folder."""
    stem: str
    """The names of the results: a single picture is called `<stem>`, a movie's frame i `<stem>_<i+1, six digits>`."""
    model: str
    """Absolute path of the ONNX file."""
    model_stamp: str = ""
    """The model file's identity when the job was made (`weights.identity`): another file under its name would make
    other frames. Empty where the file was missing, or nobody will ask."""
    look: Look = CUT_OUT
    raw_limit: int = 0
    """Bytes that raw mattes and foregrounds may take in this job's folder and those beside it. They are kept to make
    other results without the model; 0 keeps none."""
    raws: tuple[str, ...] = ()
    """Folders of raw mattes of earlier jobs with the same matting, newest last: frames found there need no model."""
    ratio: float | None = None
    """The downsample ratio, above 0 and at most 1; None scales the longest side to `working_side`."""
    working_side: int = WORKING_SIDE
    """Pixels; a larger side finds finer detail, and the cost grows with its square."""
    threads: int = 0
    """Processor threads for the network; 0 is one per core."""
    device: str = CPU
    """A key of `DEVICES`, or the absolute path of a plugin for ONNX Runtime. Where it is missing, the CPU is used."""

    def validate(self) -> None:
        """Return if the settings make sense by themselves; the worker checks the files.

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
        """Return the file name of source frame `frame` in the output folder.

        Each of several pictures keeps its own name; where two names differ only by suffix, the suffix is part of the
        stem.
        """
        if self.source.kind is SourceKind.MOVIE:
            return f"{composed(self.stem)}_{frame + 1:06d}{self.look.format.suffix}"
        if len(self.source.paths) == 1:
            return f"{composed(self.stem)}{self.look.format.suffix}"
        return f"{self._picture_stems[frame]}{self.look.format.suffix}"

    def frame_of(self, name: str) -> int | None:
        """Return the frame of a movie whose file in the output folder has this name; None for any other name."""
        pattern = re.escape(composed(self.stem)) + r"_(\d{6,})" + re.escape(self.look.format.suffix)
        found = re.fullmatch(pattern, name) if self.source.kind is SourceKind.MOVIE else None
        frame = int(found[1]) - 1 if found else -1
        return frame if frame >= 0 and self.file_name(frame) == name else None

    @property
    def recipe(self) -> "JobSpec":
        """All that decides the pixels of a frame: this job without names, frames, raw mattes, threads and device."""
        source = replace(self.source, frames=None)
        return replace(self, name="", output="", stem="", source=source, raw_limit=0, raws=(), threads=0, device=CPU)

    @property
    def recipe_digest(self) -> str:
        """A digest of the recipe, 64 characters."""
        return hashlib.sha256(self.recipe.to_json().encode()).hexdigest()

    @property
    def matting_digest(self) -> str:
        """A digest, 64 characters, of all that decides a frame's raw matte and its file: the recipe without the look.

        Paths of disposable pictures are left out, too, since each job renders them anew: they are recognized by
        digests of their own (`digests`).
        """
        paths = () if self.source.disposable else self.source.paths
        recipe = replace(self, look=CUT_OUT, source=replace(self.source, paths=paths)).recipe
        return hashlib.sha256(f"{RAW_FORMAT} {recipe.to_json()}".encode()).hexdigest()

    @property
    def reusable(self) -> bool:
        """Whether another job may use these frames: their numbers and the stamps of their source files are known."""
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
        # ASCII only, so that a file name that is not valid text on this system survives.
        lines = (f' "{name}": {json.dumps(value, default=_fields)}' for name, value in settings.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def read(cls, folder: Path) -> "JobSpec":
        """Return the description in a job's folder.

        Raises:
            OSError: it cannot be read.
            SpecError, UnicodeDecodeError: it is damaged, or of another version.
        """
        return cls.from_json((folder / JOB_FILE).read_text(encoding="utf-8"))

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
    """Return whether a folder holds a job, of any version of the extension; other programs write a `job.json`, too.

    This is asked at every redraw, so a file is read again only if it has changed. A file that cannot be read is no job.
    """
    path = os.path.join(folder, JOB_FILE)  # noqa: PTH118  # making a Path costs more than the check
    try:
        status = os.stat(path)  # noqa: PTH116  # likewise
        return stat.S_ISREG(status.st_mode) and _describes_job(path, (status.st_size, status.st_mtime_ns))
    except (OSError, ValueError):  # ValueError: the system cannot have a file of this name
        return False


@lru_cache(maxsize=4096)
def _describes_job(path: str, _stamp: Stamp) -> bool:
    """Return whether the file has the settings of every job; the stamp keys the cache.

    Raises:
        OSError: it cannot be read just now.
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.keys() >= _NEVER_MISSING


def raw_name(frame: int) -> str:
    """Return the name of a frame's raw matte."""
    return f"{frame:06d}{RAW_SUFFIX}"


def composed(name: str) -> str:
    """Return a name with each letter and its accent composed into one character, as in all names of results.

    Mac OS Extended always stores the two apart; APFS takes both spellings for the same name.
    """
    return unicodedata.normalize("NFC", name)


def is_movie(path: Path) -> bool:
    """Return whether the name says that the file is a movie."""
    return path.suffix.lower() in MOVIE_SUFFIXES


def is_image(path: Path) -> bool:
    """Return whether the name says that the file is a picture."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def _fields(described: Any) -> dict[str, Any]:
    """Return a dataclass's fields uncopied: `asdict` would copy each of 10,000 frame numbers."""
    return {field.name: getattr(described, field.name) for field in fields(described)}


def _check_source(source: Source) -> None:
    """Raise SpecError unless the source names files and its frames are ascending numbers that may exist."""
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
