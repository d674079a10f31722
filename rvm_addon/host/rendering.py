"""Strips that no file shows as they are: a Blender in the background renders their frames before they are matted.

This side only saves a copy of the project and says what to do (`prepare`); `background_rendering` does it, in another
process.
"""

import contextlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import bpy

from ..engine import locks, whole
from ..engine.errors import OutputFailed
from ..engine.files import read_json
from ..engine.outputs import FrameFormat
from ..engine.spec import JobSpec, Source, SourceKind
from ..jobs import parts
from ..jobs.aside import discard
from ..jobs.left import lie_within
from ..jobs.parts import Part
from ..jobs.worker import Launcher
from . import background, probes, versions
from .placements import Placement, find
from .sources import source_file

RENDERED_FOLDER = "rendered"
PROJECT_FILE = "project.blend"
ORDER_FILE = "render.json"

PACKED, UNPACKED = ".png", ".tga"
"""Suffixes of the pictures that are rendered. What is not packed, Blender writes in a tenth of the time."""
_SHARE_OF_DISK = 1 / 4
"""Of what is free: so much may be taken until the worker has read the pictures, so that they need not be packed."""
READ_AS_THEY_ARE = frozenset({".png", ".jpg", ".jpeg", ".webp"})
"""Suffixes of pictures that OpenCV reads just as Blender shows them; EXR, TIFF, TGA, BMP with alpha it does not."""

_BYTES_OF_A_PIXEL = 4


@dataclass(frozen=True)
class RenderOrder:
    """What the background Blender shall render."""

    scene: str
    strip: str
    start: int
    """The first timeline frame."""
    paths: tuple[str, ...]
    """One picture per timeline frame."""

    def write(self, folder: Path) -> None:
        """Leave the order in a job's folder.

        Raises:
            OSError: the folder refuses.
        """
        whole.write(folder / ORDER_FILE, json.dumps(asdict(self)).encode())

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the order that was written as this.

        Raises:
            KeyError, TypeError: it is something else.
        """
        return cls(**{**data, "paths": tuple(data["paths"])})

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the order that `write` left.

        Raises:
            OSError, ValueError, KeyError, TypeError: it is not there, or something else is.
        """
        return cls.from_dict(json.loads((folder / ORDER_FILE).read_text(encoding="utf-8")))


def is_needed(strip: versions.Strip, form: FrameFormat) -> bool:
    """Return whether a strip shows something that OpenCV cannot read from its files, or that `form` cannot hold so.

    OpenEXR holds light: what that is in any other colour space than sRGB, Blender knows.
    """
    if form is FrameFormat.EXR and strip.type in ("MOVIE", "IMAGE") and strip.colorspace_settings.name != "sRGB":
        return True
    if strip.type in ("MOVIE", "IMAGE") and strip.use_deinterlace:
        return True
    if strip.type == "MOVIE":
        path = source_file(strip)
        is_other = strip.stream_index > 0 or probes.is_unlike(path)  # OpenCV reads the first stream of pictures
        return is_other or len(strip.retiming_keys) > 0 or probes.carries_alpha(path)
    if strip.type == "IMAGE":
        suffixes = {Path(element.filename).suffix.lower() for element in strip.elements}
        return strip.alpha_mode != "STRAIGHT" or not suffixes <= READ_AS_THEY_ARE
    return True


def rendered_source(stem: str, length: int) -> Source:
    """Return the pictures that will be rendered for `length` timeline frames; `prepare` says where, and how packed."""
    names = tuple(f"{stem}_{number:06d}{PACKED}" for number in range(1, length + 1))
    return Source(SourceKind.IMAGES, names, tuple(range(length)), upright=False, disposable=True)


class ProjectCopy:
    """A copy of the project as it is when it is first wanted; all jobs of one press share it, and nobody changes it.

    To save it takes Blender as long as the project is large.
    """

    def __init__(self) -> None:
        """Save nothing yet: most jobs need none."""
        self._saved: Path | None = None

    def write(self, target: Path) -> None:
        """Let the copy be at `target`, too.

        Raises:
            OSError, RuntimeError: the folder refuses.
        """
        if self._saved is None:
            bpy.ops.wm.save_as_mainfile(filepath=str(target), copy=True, check_existing=False)
            self._saved = target
            return
        try:
            os.link(self._saved, target)
        except OSError:  # not every drive has links
            shutil.copyfile(self._saved, target)


def prepare(folder: Path, spec: JobSpec, place: Placement, project: ProjectCopy) -> tuple[JobSpec, Part]:
    """Make ready what a background Blender needs, in the job's folder; return the job with its first part.

    Saving a copy leaves the user's file and its state alone.

    Raises:
        OutputFailed: the folder refuses.
    """
    rendered = folder / RENDERED_FOLDER
    try:
        rendered.mkdir(parents=True, exist_ok=True)
        suffix = UNPACKED if _has_room(rendered, place, len(spec.source.paths)) else PACKED
        paths = tuple(str((rendered / name).with_suffix(suffix)) for name in spec.source.paths)
        RenderOrder(place.scene, place.strip, place.start - place.before, paths).write(folder)
        project.write(folder / PROJECT_FILE)
    except OSError as error:
        raise OutputFailed(folder, error.strerror or "") from error
    except RuntimeError as error:  # how Blender's operators report
        raise OutputFailed(folder / PROJECT_FILE, str(error).strip()) from error
    spec = replace(spec, source=replace(spec.source, paths=paths))
    # What is saved is what runs here already: no more is trusted than the user trusts.
    return spec, _part(folder, len(paths), trusted=not bpy.app.autoexec_fail)


def _has_room(folder: Path, place: Placement, pictures: int) -> bool:
    """Return whether there is room in a folder for so many pictures of a placement's strip that are not packed.

    Raises:
        OSError: the folder refuses.
    """
    found = find(place)
    width, height = _size_now(*found) if found is not None else (0, 0)
    return pictures * width * height * _BYTES_OF_A_PIXEL < shutil.disk_usage(folder).free * _SHARE_OF_DISK


def _size_now(scene: bpy.types.Scene, strip: versions.Strip) -> tuple[int, int]:
    """Return the width and height in pixels that a strip's pictures will have; of files, of those there now."""
    size = probes.size(strip) if strip.type in {"MOVIE", "IMAGE"} else (0, 0)
    return size if all(size) else picture_size(scene, strip)  # the first picture may be gone, and not be shown


def picture_size(scene: bpy.types.Scene, strip: versions.Strip) -> tuple[int, int]:
    """Return the width and height in pixels at which nothing of a strip is cut off or scaled.

    Of files it is what Blender remembers: the size that they had when it last drew the strip, or when that was made.
    """
    if strip.type in {"MOVIE", "IMAGE"}:
        return strip.elements[0].orig_width, strip.elements[0].orig_height
    clip = versions.clip_of(strip)
    if clip is not None:
        width, height = clip.size
        return width, height
    if strip.type == "SCENE" and strip.scene_input == "CAMERA" and strip.scene is not None:
        inner = strip.scene.render
        percentage = inner.resolution_percentage
        return inner.resolution_x * percentage // 100, inner.resolution_y * percentage // 100
    return scene.render.resolution_x, scene.render.resolution_y


def _part(folder: Path, pictures: int, *, trusted: bool = False) -> Part:
    """Return the part of a job that renders so many pictures; where the project is `trusted`, Python in it runs."""
    command = background.command("background_rendering", folder, "rendering", trusted=trusted)
    return parts.rendering(command, pictures)


def left_in(folder: Path) -> Part | None:
    """Return the first part of a job that an earlier session left; None if it has none, or cannot be done any more."""
    if not os.path.isfile(folder / PROJECT_FILE):  # noqa: PTH113  # `Path.is_file` raises where a drive is away
        return None
    order = read_json(folder / ORDER_FILE, RenderOrder.from_dict)
    if order is None or not lie_within(folder, order.paths):
        return None
    return _part(folder, len(order.paths))


def clean_up(folder: Path) -> None:
    """Delete the copy of the project, and the folder that held the pictures, of a job that is done.

    One that failed or was cancelled keeps them as long as it is in the list: it can run again.
    """
    with contextlib.suppress(OSError):
        (folder / PROJECT_FILE).unlink(missing_ok=True)
        (folder / RENDERED_FOLDER).rmdir()


def give_up(folder: Path, launcher: Launcher) -> None:
    """Delete the copy of the project, and all pictures that were rendered, of a job that will not go on.

    Where another Blender works on it, they are that one's.
    """
    if locks.is_held(folder):
        return
    with contextlib.suppress(OSError):
        (folder / PROJECT_FILE).unlink(missing_ok=True)
        discard(folder / RENDERED_FOLDER, launcher)
