"""Presets and the shortcut, by Blender's own ways."""

from pathlib import Path

import bpy
import pytest

from tests.host.timeline import Timeline


def test_a_preset_brings_settings_back(timeline: Timeline) -> None:
    """All but what belongs to the project; under a name in any script."""
    chosen = timeline.scene.rvm_matting
    chosen.result, chosen.background, chosen.black, chosen.quality = "COLOUR", (0.25, 0.5, 0.75), 0.125, "FINE"
    output = chosen.output
    with timeline.shown():
        assert bpy.ops.rvm.add_preset(name="Blue room") == {"FINISHED"}
        chosen.result, chosen.background, chosen.black, chosen.quality = "CUTOUT", (0, 0, 0), 0.0, "DRAFT"
        chosen.output = "//elsewhere"
        (path,) = [Path(p) for p in bpy.utils.preset_paths("rvm_matting") for p in Path(p).glob("*.py")]
        bpy.ops.script.execute_preset(filepath=str(path), menu_idname="RVM_MT_presets")
    assert (chosen.result, tuple(chosen.background), chosen.black) == ("COLOUR", (0.25, 0.5, 0.75), 0.125)
    assert chosen.quality == "FINE"
    assert chosen.output == "//elsewhere" != output
    path.unlink()


def test_a_preset_brings_despill_back_after_the_colours(timeline: Timeline) -> None:
    """Whoever chooses other colours gets their usual despill; a preset's and a recipe's own counts all the same."""
    chosen = timeline.scene.rvm_matting
    assert (chosen.edge_colour, chosen.despill) == ("MIXED", 1.0)
    chosen.edge_colour = "SOURCE"
    assert chosen.despill == 0.0
    chosen.despill = 0.75
    with timeline.shown():
        assert bpy.ops.rvm.add_preset(name="Hair") == {"FINISHED"}
        chosen.edge_colour = "MIXED"
        assert chosen.despill == 1.0
        (path,) = [Path(p) for p in bpy.utils.preset_paths("rvm_matting") for p in Path(p).glob("*.py")]
        bpy.ops.script.execute_preset(filepath=str(path), menu_idname="RVM_MT_presets")
    assert (chosen.edge_colour, chosen.despill) == ("SOURCE", 0.75)
    path.unlink()


@pytest.mark.usefixtures("addon")
def test_the_list_is_there_from_the_beginning() -> None:
    """Empty, and not with a word about missing paths."""
    assert bpy.utils.preset_paths("rvm_matting")


@pytest.mark.usefixtures("addon")
def test_the_button_has_a_shortcut_that_can_be_changed() -> None:
    """It stands among the add-ons' keys of the sequencer, once."""
    keymap = bpy.context.window_manager.keyconfigs.addon.keymaps["Sequencer"]
    assert [item.idname for item in keymap.keymap_items].count("rvm.matte_strips") == 1
