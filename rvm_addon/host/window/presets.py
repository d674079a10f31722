"""Named settings, with Blender's own presets; and the button's shortcut, which the user can change."""

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from ..settings import properties
from . import operators

SUBDIR = "rvm_matting"
_PERSONAL = frozenset({"output", "backdrop"})
"""Folders and files belong to a project, not to a way of working."""


class RVM_MT_presets(bpy.types.Menu):
    """The presets that there are."""

    bl_label = "Matting Presets"
    preset_subdir = SUBDIR
    preset_operator = "script.execute_preset"
    draw = bpy.types.Menu.draw_preset


class RVM_OT_add_preset(AddPresetBase, bpy.types.Operator):
    """Keep these settings under a name, or delete the preset that is shown"""

    bl_idname = "rvm.add_preset"
    bl_label = "Add Matting Preset"
    preset_menu = "RVM_MT_presets"
    preset_subdir = SUBDIR
    preset_defines = (
        "scene = getattr(bpy.context, 'sequencer_scene', None) or bpy.context.scene",
        "settings = scene.rvm_matting",
    )

    @property
    def preset_values(self) -> list[str]:
        """The settings that a preset holds, as Python expressions."""
        entries = properties.MattingSettings.bl_rna.properties
        names = [entry.identifier for entry in entries if not entry.is_readonly and entry.identifier != "name"]
        return [f"settings.{name}" for name in names if name not in _PERSONAL]


class RVM_PT_presets(PresetPanel, bpy.types.Panel):
    """The list behind the button in the panel's head."""

    bl_label = "Matting Presets"
    preset_subdir = SUBDIR
    preset_operator = "script.execute_preset"
    preset_add_operator = RVM_OT_add_preset.bl_idname


classes = (RVM_MT_presets, RVM_OT_add_preset, RVM_PT_presets)
_register, _unregister = bpy.utils.register_classes_factory(classes)
_shortcuts: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    """Register the presets, and a shortcut for the button."""
    _register()
    # Without this folder, Blender's list of presets says "Missing Paths", as if something were broken.
    bpy.utils.user_resource("SCRIPTS", path=f"presets/{SUBDIR}", create=True)
    configuration = bpy.context.window_manager.keyconfigs.addon
    if configuration is None:  # without a window there are no keys
        return
    keymap = configuration.keymaps.new(name="Sequencer", space_type="SEQUENCE_EDITOR")
    shortcut = keymap.keymap_items.new(operators.RVM_OT_matte_strips.bl_idname, "M", "PRESS", ctrl=True, alt=True)
    _shortcuts.append((keymap, shortcut))


def unregister() -> None:
    """Unregister them."""
    while _shortcuts:
        keymap, shortcut = _shortcuts.pop()
        keymap.keymap_items.remove(shortcut)
    _unregister()
