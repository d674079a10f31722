"""Progress at the foot of the window, where Blender shows its own: it can be seen whatever the window shows."""

import bpy

from . import job_operators, runner, words

_WIDTH = 14
"""Of the bar, in units of a widget's height."""


def _draw(self: bpy.types.Header, context: bpy.types.Context) -> None:
    """Draw how far everything is that was asked for, and a cross that stops it."""
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
    """Take it back."""
    bpy.types.STATUSBAR_HT_header.remove(_draw)
