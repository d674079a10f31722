"""Progress in the status bar, where Blender shows its own: it is visible whatever the window shows."""

import bpy

from ..session import runner, words
from . import job_operators

_WIDTH = 14
"""The width of the progress bar, in units of a widget's height."""


def _draw(self: bpy.types.Header, context: bpy.types.Context) -> None:
    """Draw the progress of all jobs that the user waits for, and a button that cancels them."""
    current = runner.current()
    if not current.queue.busy:
        return
    row = self.layout.row(align=True)
    bar = row.row()
    bar.ui_units_x = _WIDTH
    bar.progress(factor=current.progress, text=words.overall(current.batch))
    row.operator(job_operators.RVM_OT_cancel_all_jobs.bl_idname, text="", icon="CANCEL")


def register() -> None:
    """Add the bar to the status bar."""
    bpy.types.STATUSBAR_HT_header.append(_draw)


def unregister() -> None:
    """Remove it from the status bar."""
    bpy.types.STATUSBAR_HT_header.remove(_draw)
