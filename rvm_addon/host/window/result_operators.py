"""Operators on results: make one again with other settings, and copy its settings to the project."""

from dataclasses import replace

import bpy

from ...engine.contract.spec import JobSpec
from ...jobs.job import Job
from ..blender import versions
from ..language.translations import say
from ..session import plan, submitting
from ..settings import properties
from ..strip import sources
from ..strip.placements import Placement, StripUnsuitable
from ..timeline import belonging, recipes, strips
from . import operators


class RVM_OT_update_result(bpy.types.Operator):
    """Make the selected matted strips again with the settings as they are now. Only new frames need the model"""

    bl_idname = "rvm.update_result"
    bl_label = "Update Result"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return False if no result is selected, or no other one can be laid in its place."""
        if obstacle := plan.of_the_scene(versions.sequencer_scene(context)):
            cls.poll_message_set(obstacle)
            return False
        if any(recipes.read(strip) for strip in versions.selected_strips(context)):
            return True
        cls.poll_message_set(say("Select a matted strip"))
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Queue the jobs; in background mode, also run them to their end."""
        return operators.go(self, *update_selected(context))


class RVM_OT_use_recipe(bpy.types.Operator):
    """Set result, quality, edges and format to those that the active matted strip was made with"""

    bl_idname = "rvm.use_recipe"
    bl_label = "Use These Settings"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return False if the active strip is no result."""
        if active_recipe(context) is not None:
            return True
        cls.poll_message_set(say("Make a matted strip the active one"))
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy the recipe to the scene's settings."""
        recipe = active_recipe(context)
        if recipe is None:
            return {"CANCELLED"}
        recipes.show(recipe, versions.scene_in_sequencer(context).rvm_matting)
        return {"FINISHED"}


def active_recipe(context: bpy.types.Context) -> recipes.Recipe | None:
    """Return the recipe of the active strip; None if it is no result."""
    scene = versions.sequencer_scene(context)
    active = scene.sequence_editor.active_strip if scene is not None and scene.sequence_editor is not None else None
    return None if active is None else recipes.read(active)


def update_selected(context: bpy.types.Context) -> tuple[list[Job], list[str]]:
    """Submit jobs that make the selected results again from their sources as they are; return jobs and problems."""
    chosen = [strip for strip in versions.selected_strips(context) if recipes.read(strip) is not None]
    return submitting.submit_each(versions.scene_in_sequencer(context), chosen, _job_spec)


def _job_spec(
    scene: bpy.types.Scene, result: versions.Strip, settings: properties.Settings
) -> tuple[JobSpec, Placement]:
    """Describe the job that makes a result again; the result has a recipe.

    Raises:
        StripUnsuitable: its source strip is gone, was renamed, or cannot be matted.
    """
    recipe = recipes.read(result)
    if recipe is None:
        raise ValueError(f"{result.name} is no result")
    source = belonging.source_of(scene, result, recipe)
    if source is None:
        reason = f"was made from “{recipe.strip}”, which is gone or was renamed, or no longer lies below it; undo that"
        raise StripUnsuitable(result.name, reason)
    spec, place = strips.job_spec(scene, source, settings, sources.extent_below(scene, source, result))
    return spec, replace(place, replaces=result.name, replaced_file=sources.source_file(result))


classes = (RVM_OT_update_result, RVM_OT_use_recipe)
register, unregister = bpy.utils.register_classes_factory(classes)
