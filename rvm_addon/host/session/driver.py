"""What drives the runner in a window: a timer, handlers for files that are opened or saved, and the undo step."""

import bpy
from bpy.app.handlers import persistent

from ..blender import timers
from . import runner


def start_timer() -> None:
    """Let Blender's event loop drive the queue, if it does not already."""
    timers.start(_tick)


def redraw() -> None:
    """Redraw the status bar and, of sequencers, the side bars only: timeline and preview can be slow to draw."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
    # The status bar is in no screen's list of areas, but it redraws when a view layer's name changes.
    bpy.msgbus.publish_rna(key=(bpy.types.ViewLayer, "name"))


@timers.carefully
def _tick() -> float | None:
    """Move the jobs on; None ends the timer when nothing is left to do."""
    current = runner.current()
    if current.step():
        redraw()
    return runner.TICK_SECONDS if current.busy else None


@persistent
def _file_opened(_path: str) -> None:
    """Forget the placements of the file before. (A handler before opening would not know whether it succeeds.)

    In a window, recall what the new file waits for. A Blender without window renders for a farm or for a job of this
    extension: nobody waits for results there.
    """
    runner.current().forget_placements()
    if not bpy.app.background:
        recall()


@persistent
def _file_saved(_path: str) -> None:
    """Follow the project to its new file, if it has one."""
    runner.current().follow_project()


@persistent
def _undone(_scene: bpy.types.Scene) -> None:
    """Let results that are arriving arrive even so."""
    runner.current().undone()


def recall() -> None:
    """Show the results that this project still waits for, and deliver those that are there."""
    if runner.current().recall():
        start_timer()
        redraw()


def _look() -> None:
    """Recall once, as a timer."""
    timers.carefully(recall)()


class RVM_OT_results_arrived(bpy.types.Operator):
    """Be the step by which results that have arrived are undone, and the last operation"""

    # Without this step, Blender would still offer to adjust the previous operation, which undoes all that came after.
    bl_idname = "rvm.results_arrived"
    bl_label = "Matting Results"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Change nothing: the results are there."""
        return {"FINISHED"}


def register() -> None:
    """Watch what is opened, saved and undone; recall what the open file waits for, once Blender gives access to it."""
    bpy.utils.register_class(RVM_OT_results_arrived)
    bpy.app.handlers.load_post.append(_file_opened)
    bpy.app.handlers.save_post.append(_file_saved)
    bpy.app.handlers.undo_post.append(_undone)
    bpy.app.handlers.redo_post.append(_undone)
    bpy.app.timers.register(_look, first_interval=0.0)  # without window, no timer fires


def unregister() -> None:
    """Stop driving, and end what runs: Blender quits, or the extension is disabled or loaded again."""
    bpy.app.handlers.load_post.remove(_file_opened)
    bpy.app.handlers.save_post.remove(_file_saved)
    bpy.app.handlers.undo_post.remove(_undone)
    bpy.app.handlers.redo_post.remove(_undone)
    timers.stop(_tick, _look)
    runner.end()
    bpy.utils.unregister_class(RVM_OT_results_arrived)
