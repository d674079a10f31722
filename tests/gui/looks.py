"""Pictures of everything that is seldom open, for a person to look at: live picture, recipe, presets, preferences.

Run by `run.sh` in the chroot while `scene.py` runs in Blender. First in English and dark, then in Chinese and light.
"""

# ruff: noqa: T201  # it tells the person who waits

import time

from window import (
    BUTTON,
    CHINESE_AND_LIGHT,
    INDOOR,
    ask_for,
    check_no_crash,
    click,
    click_strip,
    order,
    picture,
    press,
    wait,
)

PRESETS = (302, 16)
PREVIEW = (70, 253)
"""From the side bar's corner: the button of the presets; the head of the preview's panel below one job."""
WHOLE_WINDOW = """
with bpy.context.temp_override(window=window(), area=sequencer("SEQUENCER")):
    bpy.ops.screen.screen_full_area()
"""
SELECT_RESULT = """
editor = bpy.data.scenes[0].sequence_editor
for strip in versions.all_strips(editor):
    strip.select = strip.type == "IMAGE"
    if strip.select:
        editor.active_strip = strip
"""
PREFERENCES = """
area = sequencer("SEQUENCER")
area.type = "PREFERENCES"
bpy.context.preferences.active_section = "ADDONS"
bpy.context.window_manager.addon_search = "RVM"
module = next(module for module in addon_utils.modules(refresh=False) if module.__name__ == ADDON)
addon_utils.module_bl_info(module)["show_expanded"] = True
bpy.ops.rvm.self_test()
"""
SEQUENCER = """
area = next(area for area in window().screen.areas if area.type == "PREFERENCES")
area.type = "SEQUENCE_EDITOR"
"""


def look(tag: str, quality: str) -> None:
    """Take the pictures; `quality` is one in which nothing was matted yet."""
    print(tag)
    ask_for(quality)
    click_strip(INDOOR)
    order("bpy.context.window_manager.rvm_view.live = True")
    click("side_bar", BUTTON)
    wait("a job runs", lambda s: s["jobs"][-1]["state"] == "RUNNING" and s["jobs"][-1]["frames"] > 3)
    wait("its newest frame is shown", lambda s: s["preview"], seconds=20.0)
    time.sleep(1.5)
    picture(f"looks-{tag}-1-live")
    wait("it goes on to the end", lambda s: s["jobs"][-1]["state"] == "DONE")
    order(SELECT_RESULT)
    picture(f"looks-{tag}-2-recipe")
    click("side_bar", PRESETS)
    time.sleep(0.5)
    picture(f"looks-{tag}-3-presets")
    press("Escape")
    order(PREFERENCES)
    time.sleep(8.0)
    picture(f"looks-{tag}-4-preferences")
    order(SEQUENCER)
    order("bpy.ops.rvm.clear_ended_jobs()")


order(WHOLE_WINDOW)
ask_for("DRAFT")
click_strip(INDOOR)
click("side_bar", BUTTON)
wait("one job is done", lambda s: s["jobs"] and s["jobs"][-1]["state"] == "DONE")
click("side_bar", PREVIEW)
order("bpy.ops.rvm.clear_ended_jobs()")
look("english", "STANDARD")
order(CHINESE_AND_LIGHT)
look("chinese", "FINE")
check_no_crash()
