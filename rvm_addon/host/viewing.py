"""The newest frame in the window, and a trial of the one under the playhead.

No pixel is worked on here: a worker draws what a `View` in its job's folder asks for, and Blender loads that picture.
"""

import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import bpy
from bpy.utils import previews

from ..engine.errors import MattingError
from ..engine.spec import JobSpec
from ..engine.view import PICTURE_FILE, Arrangement, Behind, View
from ..jobs.aside import redraw
from ..jobs.job import Job, State
from ..jobs.queue import JobQueue
from . import properties, rendering, results, runner, strips, versions
from .translations import say

IMAGE_NAME = "Matting Preview"
_WARM_UP_FRAMES = 3
"""Before the frame of a trial: the model remembers, and sees better from the second frame on."""


class Watcher:
    """What is looked at: the job that runs, where that is wanted, or a trial of one frame."""

    def __init__(self) -> None:
        """Look at nothing."""
        self.queue = JobQueue(runner.launcher())
        self.job: Job | None = None
        self.pictures = previews.new()
        self._seen = 0
        self._redraw: subprocess.Popen[bytes] | None = None
        self._redraw_again = False

    @property
    def icon(self) -> int:
        """The number of the icon that shows the newest picture; 0 while there is none."""
        return self.pictures[IMAGE_NAME].icon_id if IMAGE_NAME in self.pictures else 0

    @property
    def path(self) -> Path | None:
        """The newest picture; None while there is none."""
        return self.job.folder / PICTURE_FILE if self.job is not None and self._seen else None

    def try_frame(self, spec: JobSpec, place: results.Placement) -> Job:
        """Matte one frame, of which `spec` is the whole job, before anything that waits.

        Raises:
            MattingError, OSError: the job cannot be taken.
        """
        folder = Path(tempfile.mkdtemp(prefix="rvm_preview_", dir=bpy.app.tempdir or None))
        preparation = None
        if spec.source.disposable:
            spec, preparation = rendering.prepare(folder, spec, place)
        for job in self.queue.jobs:
            self.queue.cancel(job)
        job = Job(folder, spec, preparation)
        self.queue.submit(job)
        self.look_at(job)
        return job

    def look_at(self, job: Job) -> None:
        """Ask a job for pictures of its newest frame."""
        self.job, self._seen = job, 0
        chosen().write(job.folder)

    def follow(self) -> None:
        """Look at the job that runs in the queue, if that is another one than so far."""
        running = next((job for job in runner.current().queue.jobs if job.state is State.RUNNING), None)
        if running is not None and running is not self.job:
            self.look_at(running)

    def draw_anew(self) -> None:
        """Ask for the same frame, drawn as the user wants it now."""
        if self.job is None or not self.job.folder.is_dir():
            return
        chosen().write(self.job.folder)
        self._redraw_again = self.job.state.ended

    def step(self) -> bool:
        """Move on without waiting, load a new picture if there is one, and return whether more is to come."""
        self.queue.tick()
        if self._redraw is not None and self._redraw.poll() is not None:
            self._redraw = None
        if self._redraw is None and self._redraw_again and self.job is not None:
            self._redraw_again = False
            self._redraw = redraw(self.job.folder, runner.launcher())
        self._load()
        return self.queue.busy or self._redraw is not None

    def _load(self) -> None:
        """Load the picture if it is newer than what was seen."""
        if self.job is None:
            return
        path = self.job.folder / PICTURE_FILE
        try:
            written = path.stat().st_mtime_ns
        except OSError:
            return
        if written == self._seen:
            return
        self._seen = written
        self.pictures.clear()
        self.pictures.load(IMAGE_NAME, str(path), "IMAGE")
        image = bpy.data.images.get(IMAGE_NAME)
        if image is not None:
            image.filepath = str(path)
            image.reload()
        runner.redraw()

    def close(self) -> None:
        """End what runs, and let go of the pictures."""
        self.queue.shutdown()
        previews.remove(self.pictures)


class ViewSettings(bpy.types.PropertyGroup):
    """How the user looks at frames; it belongs to the session, not to the project."""

    live: bpy.props.BoolProperty(
        name="Live",
        description="Show the newest frame of the job that runs, about once a second",
        update=lambda self, context: start_timer(),
    )
    behind: bpy.props.EnumProperty(
        name="Show Over",
        items=(
            ("CHECKER", "Checkerboard", "The person over a checkerboard"),
            ("COLOUR", "Colour", "The person over a colour that shows what is wrong with the edges"),
            ("MATTE", "Matte", "The matte alone: white where the person is"),
        ),
        description="What the person is shown over",
        update=lambda self, context: _changed(),
    )
    colour: bpy.props.FloatVectorProperty(
        name="Colour",
        subtype="COLOR_GAMMA",
        size=3,
        min=0.0,
        max=1.0,
        default=(0.8, 0.1, 0.5),
        description="The colour that the person is shown over",
        update=lambda self, context: _changed(),
    )
    arrangement: bpy.props.EnumProperty(
        name="Compare",
        items=(
            ("BOTH", "Both", "Source and result, one beside the other"),
            ("WIPE", "Wipe", "The source left of a line, the result right of it"),
            ("RESULT", "Result", "The result alone"),
        ),
        description="What is shown of source and result",
        update=lambda self, context: _changed(),
    )
    wipe: bpy.props.FloatProperty(
        name="Wipe",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        description="Where the line between source and result is",
        update=lambda self, context: _changed(),
    )


class RVM_OT_preview_frame(bpy.types.Operator):
    """Matte only the frame of the active strip under the playhead, and show it. It takes a second or two"""

    bl_idname = "rvm.preview_frame"
    bl_label = "Preview This Frame"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Be grey, with the reason, where no strip that can be matted lies under the playhead."""
        scene = versions.sequencer_scene(context)
        if scene is None or _under_playhead(context, scene) is None:
            cls.poll_message_set(say("Select a strip that lies under the playhead"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start the trial; in background mode, go on to its end."""
        scene = versions.sequencer_scene(context)
        try:
            spec, place = strips.job_spec(scene, _under_playhead(context, scene), properties.snapshot(scene))
            job = current().try_frame(*_narrowed(spec, place, scene.frame_current))
        except (MattingError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if bpy.app.background:
            while current().step():
                pass
            return {"FINISHED"} if job.state is State.DONE else {"CANCELLED"}
        start_timer()
        return {"FINISHED"}


class RVM_OT_open_preview(bpy.types.Operator):
    """Show the preview large, in an image editor: the one on the screen, or one in a new window"""

    bl_idname = "rvm.open_preview"
    bl_label = "Show Large"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Be grey while there is no picture."""
        return current().path is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Load the picture as an image, and show it."""
        image = bpy.data.images.get(IMAGE_NAME)
        if image is None:
            image = bpy.data.images.load(str(current().path))
            image.name = IMAGE_NAME
        area = next((area for area in context.screen.areas if area.type == "IMAGE_EDITOR"), None)
        if area is None:
            bpy.ops.wm.window_new()
            area = context.window_manager.windows[-1].screen.areas[0]
            area.type = "IMAGE_EDITOR"
        area.spaces.active.image = image
        return {"FINISHED"}


def chosen() -> View:
    """Return how the user wants to look at frames."""
    settings = bpy.context.window_manager.rvm_view
    colour = tuple(round(value * 255) for value in settings.colour)
    return View(Behind[settings.behind], colour, Arrangement[settings.arrangement], settings.wipe)


def message() -> tuple[str, str]:
    """Return an icon and what is to be said of the trial; nothing where its picture says it all."""
    job = current().job
    if job is None or job not in current().queue.jobs:
        return "NONE", ""
    if job.state is State.FAILED:
        return "ERROR", f"{job.error}. {job.remedy}"
    if not job.state.ended:
        return "TIME", say("Rendering") if job.preparing else say("Matting")
    return "NONE", ""


def start_timer() -> None:
    """Let Blender's event loop look for new pictures, if it does not already."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)


def _tick() -> float | None:
    """Look for a new picture; None ends the timer when none will come."""
    live = bpy.context.window_manager.rvm_view.live
    if live:
        current().follow()
    return runner.TICK_SECONDS if current().step() or live else None


def _changed() -> None:
    """Draw the picture the way it is wanted now."""
    current().draw_anew()
    start_timer()


def _under_playhead(context: bpy.types.Context, scene: bpy.types.Scene) -> versions.Strip | None:
    """Return the active strip, or else a selected one, that can be matted and lies under the playhead."""
    if scene.sequence_editor is None:
        return None
    for strip in (scene.sequence_editor.active_strip, *versions.selected_strips(context)):
        if strip is None or strip.type == "SOUND" or results.is_result(strip):
            continue
        start, end = versions.handles(strip)
        if start <= scene.frame_current < end:
            return strip
    return None


def _narrowed(spec: JobSpec, place: results.Placement, frame: int) -> tuple[JobSpec, results.Placement]:
    """Return a strip's job reduced to the timeline frame `frame`, and to what the model shall see before it."""
    if spec.source.disposable:
        source = replace(spec.source, paths=spec.source.paths[:1], frames=(0,))
        return replace(spec, source=source, raw_limit=0), replace(place, start=frame, shown=(0,), length=1)
    shown = place.shown[min(frame - place.start, len(place.shown) - 1)]
    frames = tuple(range(max(shown - _WARM_UP_FRAMES, 0), shown + 1))
    return replace(spec, source=replace(spec.source, frames=frames), raw_limit=0), place


_watcher: Watcher | None = None


def current() -> Watcher:
    """Return this Blender's watcher."""
    global _watcher  # noqa: PLW0603  # one per Blender, as the runner
    if _watcher is None:
        _watcher = Watcher()
    return _watcher


classes = (ViewSettings, RVM_OT_preview_frame, RVM_OT_open_preview)
_register, _unregister = bpy.utils.register_classes_factory(classes)


def register() -> None:
    """Register the settings and the operators."""
    _register()
    bpy.types.WindowManager.rvm_view = bpy.props.PointerProperty(type=ViewSettings, options={"SKIP_SAVE"})


def unregister() -> None:
    """End what runs, and take everything back."""
    global _watcher  # noqa: PLW0603  # as above
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    if _watcher is not None:
        _watcher.close()
    _watcher = None
    del bpy.types.WindowManager.rvm_view
    _unregister()
