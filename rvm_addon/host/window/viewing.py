"""The settings for viewing the newest frame, and a trial of the frame under the playhead."""

import time
from dataclasses import replace

import bpy

from ...engine.contract.errors import MattingError
from ...engine.contract.spec import JobSpec
from ...engine.contract.view import View
from ...jobs.job import State
from ..blender import versions
from ..language.translations import explained, say
from ..session import runner
from ..settings import properties
from ..strip import interlacing
from ..strip.placements import Placement
from ..timeline import belonging, effects, strips
from . import watcher

_FRAMES_BEFORE = 3
"""Frames that the model sees before a trial's frame: its recurrent state makes it better from the second frame on. A
job shows it more of them; a trial must end in a second or two."""


class ViewSettings(bpy.types.PropertyGroup):
    """The user's settings for viewing frames; they belong to the session, not to the project."""

    live: bpy.props.BoolProperty(
        name="Live",
        description="Show the newest frame of the job that runs, about once a second",
        update=lambda self, context: watcher.live_changed(),
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
        default=tuple(value / 255 for value in View().colour),
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
        default=View().wipe,
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
        """Return False, with the reason, unless a strip that can be matted lies under the playhead."""
        scene = versions.sequencer_scene(context)
        if scene is None or _under_playhead(context, scene) is None:
            cls.poll_message_set(say("Select a strip that lies under the playhead"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start the trial; in background mode, run it to its end."""
        scene = versions.scene_in_sequencer(context)
        try:
            settings = properties.snapshot(scene)
            interlacing.check_backdrop(settings.look)
            (strip, *_) = effects.source_strips([_under_playhead(context, scene)])
            spec, place = strips.job_spec(scene, strip, settings)
            job = watcher.current().try_frame(*_narrowed(spec, place, scene.frame_current))
        except (MattingError, OSError) as error:
            self.report({"ERROR"}, explained(error) if isinstance(error, MattingError) else str(error))
            return {"CANCELLED"}
        if bpy.app.background:
            while watcher.current().step():
                time.sleep(runner.TICK_SECONDS / 4)  # leaves the core to the worker
            return {"FINISHED"} if job.state is State.DONE else {"CANCELLED"}
        watcher.start_timer()
        return {"FINISHED"}


class RVM_OT_open_preview(bpy.types.Operator):
    """Show the preview large, in an image editor: the one on the screen, or one in a new window"""

    bl_idname = "rvm.open_preview"
    bl_label = "Show Large"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return False while there is no picture."""
        return watcher.current().path is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Load the picture as an image, and show it."""
        image = bpy.data.images.get(watcher.IMAGE_NAME)
        if image is None:
            try:
                image = bpy.data.images.load(str(watcher.current().path))
            except RuntimeError as error:  # its job's folder was deleted
                self.report({"ERROR"}, say("The preview is gone; make it again ({reason})", reason=error))
                return {"CANCELLED"}
            image.name = watcher.IMAGE_NAME
        area = next((area for area in context.screen.areas if area.type == "IMAGE_EDITOR"), None)
        if area is None:
            bpy.ops.wm.window_new()
            area = context.window_manager.windows[-1].screen.areas[0]
            area.type = "IMAGE_EDITOR"
        area.spaces.active.image = image
        return {"FINISHED"}


def _changed() -> None:
    """Redraw the picture after a change of its settings."""
    watcher.current().draw_anew()
    watcher.start_timer()


def _under_playhead(context: bpy.types.Context, scene: bpy.types.Scene) -> versions.Strip | None:
    """Return the active strip, or else a selected one, that can be matted and lies under the playhead."""
    if scene.sequence_editor is None:
        return None
    for strip in (scene.sequence_editor.active_strip, *versions.selected_strips(context)):
        if strip is None or strip.type == "SOUND":
            continue
        start, end = versions.handles(strip)
        # This runs at every redraw, so `is_result`, which reads the disk, comes last.
        if start <= scene.frame_current < end and not belonging.is_result(strip):
            return strip
    return None


def _narrowed(spec: JobSpec, place: Placement, frame: int) -> tuple[JobSpec, Placement]:
    """Return a strip's job reduced to the timeline frame `frame` and the frames that the model sees before it."""
    if spec.source.disposable:
        source = replace(spec.source, paths=spec.source.paths[:1], frames=(0,))
        return replace(spec, source=source, raw_limit=0), replace(place, start=frame, shown=(0,), before=0, length=1)
    shown = place.shown[min(frame - place.start + place.before, len(place.shown) - 1)]
    frames = tuple(range(max(shown - _FRAMES_BEFORE, 0), shown + 1))
    return replace(spec, source=replace(spec.source, frames=frames), raw_limit=0), place


classes = (ViewSettings, RVM_OT_preview_frame, RVM_OT_open_preview)
_register, _unregister = bpy.utils.register_classes_factory(classes)


def register() -> None:
    """Register the settings and the operators."""
    _register()
    bpy.types.WindowManager.rvm_view = bpy.props.PointerProperty(type=ViewSettings, options={"SKIP_SAVE"})


def unregister() -> None:
    """End the trials, and unregister everything."""
    watcher.stop()
    del bpy.types.WindowManager.rvm_view
    _unregister()
