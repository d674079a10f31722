"""The tab in the sequencer's side bar."""

import textwrap

import bpy

from ..jobs.job import Job, State
from . import operators, properties, runner, versions, words

_ICONS = {
    State.QUEUED: "SORTTIME",
    State.RUNNING: "PLAY",
    State.CANCELLING: "PAUSE",
    State.DONE: "CHECKMARK",
    State.FAILED: "ERROR",
    State.CANCELLED: "X",
}
_CHARACTER_PIXELS = 6.2
"""About the width of a letter in Blender's font, at a resolution scale of 1."""
_MARGIN_PIXELS = 80
"""What tabs, borders and a line's icon take of the side bar's width."""


class _SideBar:
    """Where the panels stand."""

    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Matting"


class RVM_PT_matting(_SideBar, bpy.types.Panel):
    """The button and the settings."""

    bl_label = "Matting"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the button, what it would do, and what people change."""
        layout = self.layout
        scene = versions.sequencer_scene(context)
        column = layout.column()
        column.scale_y = 1.4
        column.operator(operators.RVM_OT_matte_strips.bl_idname, icon=operators.ICON)
        if scene is None:
            layout.label(text="Choose a sequencer scene first", icon="INFO")
            return
        settings = scene.rvm_matting
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(settings, "result")
        if settings.result == "COLOUR":
            column.prop(settings, "background")
        column.prop(settings, "quality")
        if settings.quality == "RATIO":
            column.prop(settings, "ratio", slider=True)
        column = layout.column()
        column.prop(settings, "output", text="Output")
        if properties.is_relative(settings.output) and not bpy.data.is_saved:
            folder = properties.output_folder(settings.output)
            _sentences(column, [f"Unsaved: frames go to “{folder}”"], _line_characters(context), "INFO")
        column.prop(settings, "keep_source")
        column.prop(settings, "ignore_alpha")


class RVM_PT_jobs(_SideBar, bpy.types.Panel):
    """The jobs."""

    bl_label = "Jobs"
    bl_parent_id = "RVM_PT_matting"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Be there when there is something to show."""
        return bool(runner.current().queue.jobs)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw each job: first what runs and waits, in order, then what has ended, the newest first."""
        jobs = runner.current().queue.jobs
        ended = [job for job in jobs if job.state.ended]
        for job in [*(job for job in jobs if not job.state.ended), *reversed(ended)]:
            _draw_job(self.layout.box(), job, _line_characters(context))


def _draw_job(box: bpy.types.UILayout, job: Job, width: int) -> None:
    """Draw one job: its name and buttons, its bar, and what went wrong in lines of `width` characters."""
    column = box.column(align=True)
    row = column.row()
    row.label(text=job.spec.name, icon=_ICONS[job.state])
    buttons = row.row(align=True)
    _job_button(buttons, operators.RVM_OT_open_result_folder, job, "FILE_FOLDER")
    if job.state.ended:
        _job_button(buttons, operators.RVM_OT_dismiss_job, job, "X")
    else:
        _job_button(buttons, operators.RVM_OT_cancel_job, job, "CANCEL")
    if job.state in (State.RUNNING, State.CANCELLING):
        column.progress(factor=job.progress, text=words.progress(job))
    elif job.state is State.DONE:
        column.label(text=words.ending(job))
    elif job.state is State.CANCELLED:
        column.label(text=f"Cancelled, {job.frames_done} of {words.frames(job.frames_total)}")
    _sentences(box, [text for text in (job.error, job.remedy) if text], width)
    _sentences(box, job.warnings, width, "INFO")


def _job_button(row: bpy.types.UILayout, operator: type[bpy.types.Operator], job: Job, icon: str) -> None:
    """Draw an icon button that acts on `job`."""
    row.operator(operator.bl_idname, text="", icon=icon, emboss=False).folder = str(job.folder)


def _sentences(layout: bpy.types.UILayout, texts: list[str], width: int, icon: str = "NONE") -> None:
    """Draw sentences as lines of `width` characters, for labels do not wrap; each begins with the icon."""
    if not texts:
        return
    column = layout.column(align=True)
    column.scale_y = 0.8  # lines of one text lie closer than buttons
    below = "NONE" if icon == "NONE" else "BLANK1"
    for text in texts:
        for number, line in enumerate(textwrap.wrap(text, width, break_on_hyphens=False)):
            column.label(text=line, icon=below if number else icon)


def _line_characters(context: bpy.types.Context) -> int:
    """Return how many characters fit in a line of the side bar, as wide as the user has made it."""
    scale = context.preferences.system.ui_scale
    return max(int((context.region.width / scale - _MARGIN_PIXELS) / _CHARACTER_PIXELS), 20)


classes = (RVM_PT_matting, RVM_PT_jobs)
register, unregister = bpy.utils.register_classes_factory(classes)
