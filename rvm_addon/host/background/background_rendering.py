"""The background Blender's first part: it renders one strip's frames, alone and plain, from a copy of the project.

`rendering` prepares it in the user's Blender.
"""

import time
from pathlib import Path

import bpy

from ...engine.contract import digests, resume, whole
from ...engine.contract.errors import PictureDiffers, SourceUnreadable
from ...engine.contract.events import Emit, Rendered, Warned
from ...engine.contract.spec import PARTIAL_SUFFIX, RAW_FOLDER, JobSpec
from ..blender import versions
from ..blender.paths import absolute
from ..blender.scenes import set_picture
from ..strip import probes
from ..strip.likeness import make_plain
from .rendering import ORDER_FILE, PROJECT_FILE, UNPACKED, RenderOrder, picture_size
from .sounds import SIDE

_SHOWS_WHAT_IS_BELOW = frozenset({"ADJUSTMENT", "MULTICAM"})
"""Kinds of strip whose picture is made of the channels below; inside a meta strip, also of those below the meta."""
_REMEMBERS_ITS_FILE = frozenset({"MOVIE", "MOVIECLIP"})
"""Kinds of strip whose stored size Blender updates only when it draws them."""


_WITHOUT_PYTHON = (
    "Python in the project, such as a driver's, did not run while the strip was rendered: turn on Auto Run Python "
    "Scripts in the preferences (Save & Load), then select the result and press Update Result"
)


def work(folder: Path, _name: str, emit: Emit) -> None:
    """Render each frame of the job's order that the worker will need, and emit an event for every frame of the order.

    Raises:
        SourceUnreadable: Blender cannot read a picture of an image strip.
        PictureDiffers: a picture of an image sequence has another size.
        RuntimeError: Blender cannot open the copy, or cannot write a picture.
    """
    begun = time.monotonic()
    order = RenderOrder.read(folder / ORDER_FILE)
    bpy.ops.wm.open_mainfile(filepath=str(folder / PROJECT_FILE), load_ui=False)
    scene = bpy.data.scenes[order.scene]
    strip = versions.all_strips(scene.sequence_editor)[order.strip]
    _pull_out(strip, order.start, order.start + len(order.paths))
    leave_alone(scene, strip)
    size = measured(scene, strip, range(order.start, order.start + len(order.paths)))
    set_output(scene, *size, packed=not order.paths[0].endswith(UNPACKED))
    spec = JobSpec.read(folder)
    wanted = frozenset(resume.rest(spec, folder).frames or ())  # all, unless this continues an interrupted run
    for number, path in enumerate(map(Path, order.paths)):
        if number in wanted and not whole.is_whole(path):
            _render_frame(scene, order.start + number, path)
            if spec.raw_limit:
                digests.note(folder / RAW_FOLDER, number, path)
        emit(Rendered(order.start + number, time.monotonic() - begun))
    if order.scripted and bpy.app.autoexec_fail:
        emit(Warned(_WITHOUT_PYTHON))


def _render_frame(scene: bpy.types.Scene, frame: int, path: Path) -> None:
    """Render a frame to a file, which an atomic rename makes appear whole: a resumed run reuses existing pictures."""
    scene.frame_set(frame)
    for each in versions.all_strips(scene.sequence_editor):
        each.invalidate_cache("RAW")  # from 5.0 on, frames of slowed strips would share their neighbour's picture
    partial = path.with_name(f"{path.name}{PARTIAL_SUFFIX}")
    scene.render.filepath = versions.output_path(partial)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    whole.give_name(partial, path)


def measured(scene: bpy.types.Scene, strip: versions.Strip, frames: range) -> tuple[int, int]:
    """Return the width and height in pixels of what a strip shows at these timeline frames, after `leave_alone`.

    The files may have changed since the project stored their sizes. Of a movie or a clip, a frame is drawn first: then
    the stored size is that of the decoded picture, whichever stream it comes from and however it is rotated.

    Raises:
        SourceUnreadable, PictureDiffers: Blender cannot read a picture of an image strip, or the pictures differ in
            size.
    """
    if strip.type == "IMAGE":
        return _size_of_all(strip, frames)
    if strip.type in _REMEMBERS_ITS_FILE:
        set_output(scene, SIDE, SIDE)
        scene.frame_set(frames.start)
        bpy.ops.render.render(scene=scene.name)
    return picture_size(scene, strip)


def _size_of_all(strip: versions.Strip, frames: range) -> tuple[int, int]:
    """Return the common width and height of the pictures that an image strip shows at these timeline frames.

    Raises:
        SourceUnreadable, PictureDiffers: as above.
    """
    names = dict.fromkeys(strip.strip_elem_from_frame(frame).filename for frame in frames)
    first: tuple[int, int] = (0, 0)
    for name in names:
        path = Path(absolute(strip.directory)) / name
        width, height = probes.picture_size(path)
        if not width or not height:
            raise SourceUnreadable(path)
        if first not in ((0, 0), (width, height)):
            raise PictureDiffers(path, f"{width} × {height} instead of {first[0]} × {first[1]} pixels")
        first = width, height
    return first


def set_output(scene: bpy.types.Scene, width: int, height: int, *, packed: bool = True) -> None:
    """Set a scene to render pictures of this size in the files' own colours, as PNG if `packed`, else as raw Targa."""
    versions.use_picture_output(scene, packed=packed)
    set_picture(scene, width, height)
    render = scene.render
    render.use_file_extension, render.use_overwrite, render.use_placeholder = False, True, False
    render.use_border = render.use_stamp = render.use_multiview = False


def _pull_out(strip: versions.Strip, start: int, end: int) -> None:
    """Extend a strip, and the meta strips around it, to show at least the frames `start` to `end` - 1."""
    level: versions.Strip | None = strip
    while level is not None:
        first, last = versions.handles(level)
        if start < first:
            versions.set_left_handle(level, start)
        if last < end:
            versions.set_right_handle(level, end)
        level = level.parent_meta()


def leave_alone(scene: bpy.types.Scene, strip: versions.Strip) -> None:
    """Let the sequencer show nothing but `strip`, made plain, as are the meta strips around it.

    What its picture is made of is not muted: an effect's inputs, and the channels below an adjustment strip.
    """
    level: versions.Strip | None = strip
    while level is not None:
        kept = {one.name for one in (level, *_made_of(level))}
        needs_below = _needs_what_is_below(level)
        for other in versions.siblings(scene.sequence_editor, level):
            below = needs_below and other.channel < level.channel
            other.mute = other.mute if other.name in kept or below else True
        level.mute = False
        versions.channels(scene.sequence_editor, level)[level.channel].mute = False
        make_plain(scene, level)
        level = level.parent_meta()


def _needs_what_is_below(strip: versions.Strip) -> bool:
    """Return whether a strip, an input of it, or an unmuted strip inside it shows the channels below."""
    inside = [one for one in versions.children(strip) if not one.mute] if strip.type == "META" else []
    parts = (*versions.inputs(strip), *inside)
    return strip.type in _SHOWS_WHAT_IS_BELOW or any(_needs_what_is_below(part) for part in parts)


def _made_of(effect: versions.Strip) -> list[versions.Strip]:
    """Return the inputs of an effect strip, and their inputs, recursively."""
    inputs = versions.inputs(effect)
    return [*inputs, *(deeper for strip in inputs for deeper in _made_of(strip))]
