"""The background Blender's last part: it writes a movie of a job's frames.

`encoding` writes the order for it, in the user's Blender.
"""

import os
import time
from functools import partial
from pathlib import Path

import bpy

from ...engine.contract import whole
from ...engine.contract.errors import FrameGone, MovieFailed
from ...engine.contract.events import Emit, Encoded, Failed, Finished, MovieWritten, last_event, started_in
from ...engine.contract.spec import PARTIAL_SUFFIX, JobSpec
from ...jobs.claims import claim_file
from ..blender import leaving, versions
from ..blender.encoders import ENCODERS
from ..strip import probes, soundtrack
from . import encoding, movies, sounds
from .background_rendering import leave_alone, set_output
from .encoding import MovieOrder, order_file
from .rendering import PROJECT_FILE

_LOOK_SECONDS = 0.01
"""The interval of polling for a frame's file."""


def work(folder: Path, name: str, emit: Emit) -> None:
    """Write the movie that an order in the job's folder asks for, and emit an event for each frame.

    Raises:
        MovieFailed, OutputFailed: in the user's words.
    """
    order = MovieOrder.read(order_file(folder, name))
    spec = JobSpec.read(folder)
    suffix = ENCODERS[order.format].suffix
    called = Path(order.target) if order.target else folder / f"{order.name}{suffix}"
    frames = [folder / spec.output / spec.file_name(frame) for frame in order.shown]
    gone = next((path for path in frames if not path.is_file()), None)
    if gone is not None and not order.waits:
        raise FrameGone(called, f"“{gone.name}” is gone")
    begun = time.monotonic()
    sound = _sound(folder, name, order)
    unfinished = encoding.unfinished(order, called)
    ready = partial(_wait_for, folder, called, emit) if order.waits else None

    def tell(done: int) -> None:
        emit(Encoded(done, time.monotonic() - begun))

    pictures = movies.Pictures(frames, spec.look, order.fps, _pixel_aspect(folder, waits=order.waits))
    try:
        heard = movies.write_movie(unfinished, order.format, pictures, sound, tell, ready)
    except MovieFailed as error:
        error.path = called  # it names the unfinished file
        raise
    seconds, size = time.monotonic() - begun, unfinished.stat().st_size
    movie = called if order.target else claim_file(folder, order.name, suffix)
    try:
        whole.give_name(unfinished, movie)
    except OSError as error:
        raise MovieFailed(movie, error) from error
    width, height = probes.picture_size(frames[0])
    emit(MovieWritten(str(movie), order.format, width, height, len(frames), seconds, size, heard))


def _pixel_aspect(folder: Path, *, waits: bool) -> float:
    """Return the pixel aspect of the worker's source; if the worker still runs, wait until it tells."""
    started = started_in(folder)
    while started is None and waits and not isinstance(last_event(folder), Finished):
        time.sleep(_LOOK_SECONDS)
        started = started_in(folder)
    return 1.0 if started is None else started.pixel_aspect


def _wait_for(folder: Path, called: Path, emit: Emit, frame: Path) -> None:
    """Wait until a frame's file exists.

    If it is missing after the worker has finished, somebody has removed it. This process then reports that and ends,
    for an exception would not stop the rendering. If the worker fails, whoever started this process ends it.
    """
    while not frame.is_file():
        if isinstance(last_event(folder), Finished) and not frame.is_file():
            gone = FrameGone(called, f"“{frame.name}” is gone")
            emit(Failed(str(gone), gone.remedy))
            leaving.clear_up()
            os._exit(1)
        time.sleep(_LOOK_SECONDS)


def _sound(folder: Path, name: str, order: MovieOrder) -> sounds.Sound | None:
    """Return the sound that the movie gets, if any; what sounds inside a strip is mixed for it first."""
    if order.sound.file:
        return sounds.Sound(Path(order.sound.file), order.sound.begins - order.start + 1)
    if order.sound.inside and sounds.can_be_heard():
        mixed = folder / f"{name}.mix{PARTIAL_SUFFIX}"
        if _mix_inside(mixed, folder / PROJECT_FILE, order):
            return sounds.Sound(mixed)
    return None


def _mix_inside(target: Path, project: Path, order: MovieOrder) -> bool:
    """Mix the sound under the order's frames to a file; return False where there is none.

    It comes from the strips inside the order's strip or, for a retimed movie, from the sound strips that belong to it.
    """
    bpy.ops.wm.open_mainfile(filepath=str(project), load_ui=False)
    scene = bpy.data.scenes[order.scene]
    strip = versions.all_strips(scene.sequence_editor)[order.strip]
    beside = list(soundtrack.sounds_of(strip, versions.siblings(scene.sequence_editor, strip)))
    muted = [sound.mute for sound in beside]
    if not beside and not soundtrack.carries_sound(strip):
        return False
    leave_alone(scene, strip)
    for sound, mute in zip(beside, muted, strict=True):
        sound.mute = mute
    set_output(scene, sounds.SIDE, sounds.SIDE)  # the mix draws pictures of this size, too
    scene.frame_start, scene.frame_end, scene.frame_step = order.start, order.start + len(order.shown) - 1, 1
    sounds.mix_down(scene, target)
    return True
