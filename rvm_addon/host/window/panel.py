"""The tab in the sequencer's side bar."""

import bpy

from ...engine.contract.outputs import Result
from ...jobs.job import Job, State
from ..blender import versions
from ..language.translations import heard
from ..session import plan, runner, words
from ..settings import properties
from . import job_operators, lines, operators, presets, result_operators, viewing, watcher

_ICONS = {
    State.QUEUED: "SORTTIME",
    State.RUNNING: "PLAY",
    State.CANCELLING: "PAUSE",
    State.DONE: "CHECKMARK",
    State.FAILED: "ERROR",
    State.CANCELLED: "X",
    State.INTERRUPTED: "PAUSE",
}


class _SideBar:
    """The place of all panels."""

    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Matting"


class _Settings(_SideBar):
    """A folded part of the settings, which `draw_settings` draws."""

    bl_parent_id = "RVM_PT_matting"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether there is a scene, which holds the settings."""
        return versions.sequencer_scene(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings the way Blender's own panels do."""
        layout = self.layout  # type: ignore[attr-defined]  # every panel has one
        layout.use_property_split = True
        layout.use_property_decorate = False
        self.draw_settings(context, layout.column(), versions.scene_in_sequencer(context).rvm_matting)

    def draw_settings(
        self, context: bpy.types.Context, column: bpy.types.UILayout, settings: properties.MattingSettings
    ) -> None:
        """Draw this panel's part of the settings."""
        raise NotImplementedError


class RVM_PT_matting(_SideBar, bpy.types.Panel):
    """The button, what it is about to do, and what most people change."""

    bl_label = "Matting"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Draw the button of the presets."""
        presets.RVM_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the button, its plan, and the first settings."""
        layout = self.layout
        _draw_button(layout.column(), context)
        scene = versions.sequencer_scene(context)
        if scene is None:
            return
        settings = scene.rvm_matting
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        _draw_result(column, settings)
        column.prop(settings, "quality")
        if settings.quality == "RATIO":
            column.prop(settings, "ratio", slider=True)


def _draw_result(column: bpy.types.UILayout, settings: properties.MattingSettings) -> None:
    """Draw the kind of result, and the settings of that kind."""
    column.prop(settings, "result")
    if settings.result == "BLUR":
        column.prop(settings, "blur")
    if settings.result == "BACKDROP":
        column.prop(settings, "backdrop")
        column.row().prop(settings, "fit", expand=True)
    if settings.result == "COLOUR":
        column.prop(settings, "background")


class RVM_PT_jobs(_SideBar, bpy.types.Panel):
    """The jobs."""

    bl_label = "Jobs"
    bl_parent_id = "RVM_PT_matting"
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether there are jobs to show."""
        return bool(runner.current().queue.jobs)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw each job: first running and waiting ones, in order, then ended ones, the newest first."""
        jobs = runner.current().queue.jobs
        if len(jobs) > 1:
            row = self.layout.row(align=True)
            row.operator(job_operators.RVM_OT_cancel_all_jobs.bl_idname)
            row.operator(job_operators.RVM_OT_clear_ended_jobs.bl_idname)
        ended = [job for job in jobs if job.state.ended]
        for job in [*(job for job in jobs if not job.state.ended), *reversed(ended)]:
            _draw_job(self.layout.box(), context, job)


class RVM_PT_preview(_SideBar, bpy.types.Panel):
    """One frame before a run, and the newest one while it goes on."""

    bl_label = "Preview"
    bl_parent_id = "RVM_PT_matting"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the buttons, the picture, and how it is shown."""
        layout = self.layout
        settings = context.window_manager.rvm_view
        row = layout.row(align=True)
        row.operator(viewing.RVM_OT_preview_frame.bl_idname, icon="RENDER_STILL")
        row.prop(settings, "live", toggle=True, text="", icon="PLAY")
        row.operator(viewing.RVM_OT_open_preview.bl_idname, text="", icon="WINDOW")
        icon, said = watcher.message()
        lines.draw(layout, context, [said] if said else [], icon, alert=icon == "ERROR")
        if watcher.current().icon:
            layout.template_icon(watcher.current().icon, scale=lines.widgets_across(context))
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.row().prop(settings, "arrangement", expand=True)
        if settings.arrangement == "WIPE":
            column.prop(settings, "wipe", slider=True)
        column.prop(settings, "behind")
        if settings.behind == "COLOUR":
            column.prop(settings, "colour")


class RVM_PT_recipe(_SideBar, bpy.types.Panel):
    """How the active result was made, and what can be done with it."""

    bl_label = "Matted Strip"
    bl_parent_id = "RVM_PT_matting"
    bl_order = 2

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the active strip is a result."""
        return result_operators.active_recipe(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the recipe, and the two buttons."""
        recipe = result_operators.active_recipe(context)
        if recipe is None:
            return
        lines.draw(self.layout, context, words.recipe(recipe))
        column = self.layout.column(align=True)
        column.operator(result_operators.RVM_OT_update_result.bl_idname, icon="FILE_REFRESH")
        column.operator(result_operators.RVM_OT_use_recipe.bl_idname, icon="COPYDOWN")


class RVM_PT_edges(_Settings, bpy.types.Panel):
    """How the matte's edge is refined."""

    bl_label = "Edges"
    bl_order = 4

    def draw_settings(
        self, context: bpy.types.Context, column: bpy.types.UILayout, settings: properties.MattingSettings
    ) -> None:
        """Draw the settings that refine a matte, in the order of their steps, and the choice of colours at edges."""
        points = column.column(align=True)
        points.prop(settings, "black", slider=True)
        points.prop(settings, "white", slider=True)
        edge = column.column(align=True)
        edge.prop(settings, "grow")
        edge.prop(settings, "feather")
        colours = column.column()
        colours.active = not Result[settings.result].is_grey  # a matte has none
        colours.prop(settings, "edge_colour")
        colours.prop(settings, "despill", slider=True)


class RVM_PT_format(_Settings, bpy.types.Panel):
    """The files that are written."""

    bl_label = "Format"
    bl_order = 5

    def draw_settings(
        self, context: bpy.types.Context, column: bpy.types.UILayout, settings: properties.MattingSettings
    ) -> None:
        """Draw the formats that the kind of result can have."""
        if settings.result != "MASK":  # which is always PNG
            column.prop(settings, "format" if Result[settings.result].has_alpha else "opaque_format", text="Frames")


class RVM_PT_movie(_Settings, bpy.types.Panel):
    """The movie besides the frames."""

    bl_label = "Also Write a Movie"
    bl_order = 6

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether results can be movies: a mask cannot."""
        return super().poll(context) and versions.scene_in_sequencer(context).rvm_matting.result != "MASK"

    def draw_header(self, context: bpy.types.Context) -> None:
        """Draw the switch before the label."""
        self.layout.prop(versions.scene_in_sequencer(context).rvm_matting, "write_movie", text="")

    def draw_settings(
        self, context: bpy.types.Context, column: bpy.types.UILayout, settings: properties.MattingSettings
    ) -> None:
        """Draw the formats that this Blender can write for the kind of result."""
        column.active = settings.write_movie
        column.prop(settings, "movie_format" if Result[settings.result].has_alpha else "opaque_movie_format")


class RVM_PT_output(_Settings, bpy.types.Panel):
    """Where the frames go, and what becomes of the source."""

    bl_label = "Output"
    bl_order = 7

    def draw_settings(
        self, context: bpy.types.Context, column: bpy.types.UILayout, settings: properties.MattingSettings
    ) -> None:
        """Draw the folder and the switches."""
        folder = properties.chosen_folder(settings)
        column.prop(settings, "output", text="Folder", placeholder=folder)
        if properties.is_relative(folder) and not bpy.data.is_saved:
            said = words.unsaved(properties.output_folder(folder))
            lines.draw(column, context, [said], "INFO")
        column.prop(settings, "keep_source")
        column.prop(settings, "handles")
        column.prop(settings, "ignore_alpha")


def _draw_button(column: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the main button, and under it what it would do, or why it cannot."""
    button = column.column()
    button.scale_y = 1.4
    button.operator(operators.RVM_OT_matte_strips.bl_idname, icon=operators.ICON)
    planned = plan.current(context)
    if planned.obstacle:
        lines.draw(column, context, [planned.obstacle], "INFO")
        return
    lines.draw(column, context, [words.plan(planned)], centred=True)


def _draw_job(box: bpy.types.UILayout, context: bpy.types.Context, job: Job) -> None:
    """Draw one job: its name and buttons, its bar, its movies, errors and warnings."""
    column = box.column(align=True)
    row = column.row()
    row.label(text=job.spec.name, icon=_ICONS[job.state], translate=False)
    row = row.row(align=True)
    for operator, icon in job_operators.buttons(job):
        row.operator(operator.bl_idname, text="", icon=icon, emboss=False).folder = str(job.folder)
    if job.state in (State.RUNNING, State.CANCELLING):
        column.progress(factor=job.progress, text=words.progress(job))
    elif said := words.ending(job):
        column.label(text=said, translate=False)
    if job.state is State.INTERRUPTED:
        column.operator(job_operators.RVM_OT_retry_job.bl_idname, icon="PLAY").folder = str(job.folder)
    for said in words.movies(job):
        column.label(text=said, icon="FILE_MOVIE", translate=False)
    lines.draw(box, context, [heard(text) for text in (job.error, job.remedy) if text], alert=True)
    lines.draw(box, context, [heard(text) for text in job.warnings], "INFO")


classes = (
    RVM_PT_matting,
    RVM_PT_jobs,
    RVM_PT_preview,
    RVM_PT_recipe,
    RVM_PT_edges,
    RVM_PT_format,
    RVM_PT_movie,
    RVM_PT_output,
)
register, unregister = bpy.utils.register_classes_factory(classes)
