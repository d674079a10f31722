"""Strips whose pictures OpenCV cannot read from files: the background Blender renders them before they are matted.

This module only saves a copy of the project and writes the order (`prepare`); `background_rendering` carries it out in
another process.
"""

import contextlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import bpy

from ...engine.contract import locks
from ...engine.contract.errors import OutputRefused
from ...engine.contract.files import is_file, read_json
from ...engine.contract.outputs import FrameFormat
from ...engine.contract.spec import JobSpec, Source, SourceKind
from ...jobs import parts
from ...jobs.aside import discard
from ...jobs.left import lie_within
from ...jobs.parts import Part
from ...jobs.worker import Launcher
from ..blender import versions
from ..strip import probes
from ..strip.placements import Placement, find
from ..strip.sources import OF_FILES, source_file
from . import entry
from .orders import Order

RENDERED_FOLDER = "rendered"
PROJECT_FILE = "project.blend"
ORDER_FILE = "render.json"

PACKED, UNPACKED = ".png", ".tga"
"""Suffixes of the rendered pictures. Blender writes unpacked ones in a tenth of the time."""
_SHARE_OF_DISK = 1 / 4
"""The share of the free disk that unpacked pictures may fill until the worker has read them."""
READ_AS_THEY_ARE = frozenset({".png", ".jpg", ".jpeg", ".webp"})
"""Suffixes of pictures that OpenCV reads as Blender shows them; EXR, TIFF, TGA and BMP with alpha differ."""

_BYTES_OF_A_PIXEL = 4


@dataclass(frozen=True)
class RenderOrder(Order):
    """The order for the background Blender: what to render."""

    scene: str
    strip: str
    start: int
    """The first timeline frame."""
    paths: tuple[str, ...]
    """One picture per timeline frame."""
    scripted: bool
    """Whether the user's Blender has not refused to run any Python of the project."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the order that was written as `data`."""
        return cls(**{**data, "paths": tuple(data["paths"])})


def is_needed(strip: versions.Strip, form: FrameFormat) -> bool:
    """Return whether Blender must render a strip, because OpenCV or `form` cannot handle its files as they are."""
    if is_known_to_be_needed(strip, form):
        return True
    path = source_file(strip)
    return strip.type == "MOVIE" and (probes.is_unlike(path) or probes.carries_alpha(path))


def is_known_to_be_needed(strip: versions.Strip, form: FrameFormat) -> bool:
    """Return whether Blender must render a strip for reasons that are known without opening its file now.

    OpenEXR holds linear light; only Blender can convert colour spaces other than sRGB to it.
    """
    if strip.type not in OF_FILES or strip.use_deinterlace:
        return True
    if form is FrameFormat.EXR and strip.colorspace_settings.name != "sRGB":
        return True
    if strip.type == "MOVIE":  # OpenCV reads the first stream of pictures
        is_other = strip.stream_index > 0 or len(strip.retiming_keys) > 0
        return is_other or probes.is_known_as_unlike(source_file(strip))
    # A panel asks at every change, and an hour has 86,400 pictures: a `Path` of each would take ten times as long.
    endings = {element.filename.rpartition(".")[2] for element in strip.elements}
    return strip.alpha_mode != "STRAIGHT" or not {f".{ending.lower()}" for ending in endings} <= READ_AS_THEY_ARE


def rendered_source(stem: str, length: int) -> Source:
    """Return the pictures to be rendered for `length` timeline frames; `prepare` sets their folder and format."""
    names = tuple(f"{stem}_{number:06d}{PACKED}" for number in range(1, length + 1))
    return Source(SourceKind.IMAGES, names, tuple(range(length)), upright=False, disposable=True)


class ProjectCopy:
    """A copy of the project, saved when it is first needed; all jobs of one press share it, and it never changes.

    Saving a large project takes long.
    """

    def __init__(self) -> None:
        """Save nothing yet: most jobs need no copy."""
        self._saved: Path | None = None

    def write(self, target: Path) -> None:
        """Put the copy at `target`, as a hard link where possible.

        Raises:
            OSError, RuntimeError: the folder cannot be written to.
        """
        if self._saved is None:
            bpy.ops.wm.save_as_mainfile(filepath=str(target), copy=True, check_existing=False)
            self._saved = target
            return
        try:
            os.link(self._saved, target)
        except OSError:  # not every drive supports hard links
            shutil.copyfile(self._saved, target)


def prepare(folder: Path, spec: JobSpec, place: Placement, project: ProjectCopy) -> tuple[JobSpec, Part]:
    """Write what the background Blender needs into the job's folder; return the job and the part that renders.

    Saving a copy does not change the user's file or its state.

    Raises:
        OutputRefused: the folder cannot be written to.
    """
    rendered = folder / RENDERED_FOLDER
    try:
        rendered.mkdir(parents=True, exist_ok=True)
        suffix = UNPACKED if _has_room(rendered, place, len(spec.source.paths)) else PACKED
        paths = tuple(str((rendered / name).with_suffix(suffix)) for name in spec.source.paths)
        scripted = not bpy.app.autoexec_fail
        RenderOrder(place.scene, place.strip, place.start - place.before, paths, scripted).write(folder / ORDER_FILE)
        project.write(folder / PROJECT_FILE)
    except OSError as error:
        raise OutputRefused(folder, error) from error
    except RuntimeError as error:  # how Blender's operators report
        raise OutputRefused(folder / PROJECT_FILE, str(error).strip()) from error
    spec = replace(spec, source=replace(spec.source, paths=paths))
    return spec, _part(folder, len(paths))


def _has_room(folder: Path, place: Placement, pictures: int) -> bool:
    """Return whether a folder's disk has room for so many unpacked pictures of a placement's strip.

    Raises:
        OSError: the folder cannot be read.
    """
    found = find(place)
    width, height = _size_now(*found) if found is not None else (0, 0)
    return pictures * width * height * _BYTES_OF_A_PIXEL < shutil.disk_usage(folder).free * _SHARE_OF_DISK


def _size_now(scene: bpy.types.Scene, strip: versions.Strip) -> tuple[int, int]:
    """Return the width and height in pixels that a strip's rendered pictures will have; files are read for it."""
    size = probes.size(strip) if strip.type in OF_FILES else (0, 0)
    return size if all(size) else picture_size(scene, strip)  # the first file may be missing if it is not shown


def picture_size(scene: bpy.types.Scene, strip: versions.Strip) -> tuple[int, int]:
    """Return the width and height in pixels at which nothing of a strip is cut off or scaled.

    For files it is the size that Blender stored when it last drew the strip, or when the strip was made.
    """
    if strip.type in OF_FILES:
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


def _part(folder: Path, pictures: int) -> Part:
    """Return the part of a job that renders so many pictures."""
    return parts.rendering(entry.command("background_rendering", folder, "rendering"), pictures)


def left_in(folder: Path) -> Part | None:
    """Return the rendering part of a job that an earlier session left; None if it has none, or one that cannot run."""
    if not is_file(folder / PROJECT_FILE):
        return None
    order = read_json(folder / ORDER_FILE, RenderOrder.from_dict)
    if order is None or not lie_within(folder, order.paths):
        return None
    return _part(folder, len(order.paths))


def clean_up(folder: Path) -> None:
    """Delete a finished job's copy of the project and its empty folder of rendered pictures.

    A failed or cancelled job keeps them while it is in the list, for it can run again.
    """
    with contextlib.suppress(OSError):
        (folder / PROJECT_FILE).unlink(missing_ok=True)
        (folder / RENDERED_FOLDER).rmdir()


def give_up(folder: Path, launcher: Launcher) -> None:
    """Delete the copy of the project and all rendered pictures of a job that will not go on.

    If another process works on the job, nothing is deleted.
    """
    if locks.is_held(folder):
        return
    with contextlib.suppress(OSError):
        (folder / PROJECT_FILE).unlink(missing_ok=True)
        discard(folder / RENDERED_FOLDER, launcher)
