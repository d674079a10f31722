"""Run inside Blender's window: an editor's project, and a watcher that tells the driver what Blender knows.

The driver (`drive.py`) uses mouse and keyboard as a person would and cannot look into Blender. So a timer writes a line
of JSON to `WORK/state.jsonl` now and then, and runs `WORK/do.py` when the driver puts one there.
"""

import importlib
import json
import os
import time
from pathlib import Path
from types import ModuleType

import addon_utils
import bpy

ADDON = "bl_ext.user_default.rvm_matting"
WORK = Path(os.environ["WORK"])
CLIPS = sorted(map(str, WORK.glob("footage/*.mp4")))
LENGTH = 60
"""Frames of each strip: long enough to look at the bar, short enough to wait for."""
LEFT_HANDLE = "left_handle" if bpy.app.version >= (5, 2, 0) else "frame_final_start"
TICK_SECONDS = 0.02
LINE_SECONDS = 0.2

addon_utils.enable(ADDON, default_set=True, persistent=True)
last = {"tick": time.monotonic(), "line": 0.0, "gap": 0.0, "drawn": time.monotonic(), "redraw": 0.0}
"""Moments of the watcher, of its newest line and of the preview's newest redraw; the longest gaps since that line."""


def host(name: str) -> ModuleType:
    """Return a module of the extension's Blender side, as it is now: it may have been loaded again."""
    return importlib.import_module(f"{ADDON}.host.{name}")


versions = host("blender.versions")


def window() -> bpy.types.Window:
    """Return the one window; a timer's context may have none."""
    return bpy.context.window_manager.windows[0]


def sequencer(view: str) -> bpy.types.Area:
    """Return the area with the timeline (`SEQUENCER`) or with the picture (`PREVIEW`)."""
    areas = (area for area in window().screen.areas if area.type == "SEQUENCE_EDITOR")
    return next(area for area in areas if area.spaces.active.view_type == view)


def region(area: bpy.types.Area, kind: str) -> bpy.types.Region:
    """Return an area's region of one kind."""
    return next(region for region in area.regions if region.type == kind)


def show_scene(scene: bpy.types.Scene) -> None:
    """Let window and sequencer show a scene; from 5.0 on they may show two."""
    window().scene = scene
    if hasattr(window().workspace, "sequencer_scene"):
        window().workspace.sequencer_scene = scene


def build_project() -> None:
    """Make a project of two trimmed clips with sound over a colour, by the operator behind Add > Movie."""
    bpy.context.preferences.system.sequencer_proxy_setup = "MANUAL"  # else proxies are made, which slows all the rest
    scene = bpy.data.scenes[0]
    scene.render.resolution_x, scene.render.resolution_y = 1280, 720  # before the clips: they are fitted to it
    editor, area = scene.sequence_editor_create(), sequencer("SEQUENCER")
    options = bpy.ops.sequencer.movie_strip_add.get_rna_type().properties
    at_once = {"move_strips": False} if "move_strips" in options else {}  # 5.x hangs new strips on the mouse
    for number, clip in enumerate(CLIPS):
        start = 1 + number * (LENGTH + 5)
        before = set(versions.all_strips(editor))
        with bpy.context.temp_override(window=window(), area=area, region=region(area, "WINDOW")):
            bpy.ops.sequencer.movie_strip_add(
                filepath=clip, frame_start=start - 20, channel=10 * number + 1, fit_method="FIT", **at_once
            )
        for strip in set(versions.all_strips(editor)) - before:
            setattr(strip, LEFT_HANDLE, start)
            versions.set_right_handle(strip, start + LENGTH)
            strip.channel = 2 if strip.type == "SOUND" else 3
            strip.select = False
    backdrop = versions.new_colour_strip(versions.top_strips(editor), "Backdrop", 1, 1, LENGTH * 2 + 6)
    backdrop.color = (0.03, 0.32, 0.38)
    backdrop.select = False
    scene.frame_start, scene.frame_end, scene.frame_current = 1, LENGTH * 2 + 5, 30


def show() -> None:
    """Open the tab beside the timeline, and let timeline and preview show everything; save the project, twice."""
    files = next(area for area in window().screen.areas if area.type == "FILE_BROWSER").spaces.active
    files.params.directory = bytes(WORK / "footage")
    timeline, preview = sequencer("SEQUENCER"), sequencer("PREVIEW")
    region(timeline, "UI").active_panel_category = "Matting"
    with bpy.context.temp_override(window=window(), area=timeline, region=region(timeline, "WINDOW")):
        bpy.ops.sequencer.view_all()
    with bpy.context.temp_override(window=window(), area=preview, region=region(preview, "PREVIEW")):
        bpy.ops.sequencer.view_all_preview()
    for name in ("other", "edit"):
        bpy.ops.wm.save_as_mainfile(filepath=str(WORK / f"{name}.blend"))
    bpy.app.timers.register(watch, persistent=True)
    bpy.types.SpaceSequenceEditor.draw_handler_add(note_redraw, (), "PREVIEW", "POST_PIXEL")
    Path(os.environ["READY"]).touch()


def note_redraw() -> None:
    """Note how long the preview was not drawn."""
    now = time.monotonic()
    last["redraw"] = max(last["redraw"], now - last["drawn"])
    last["drawn"] = now


def watch() -> float:
    """Note how long Blender kept this timer waiting, do what the driver asks, and write a line now and then."""
    now = time.monotonic()
    last["gap"] = max(last["gap"], now - last["tick"])
    last["tick"] = now
    order = WORK / "do.py"
    if order.exists():
        code = order.read_text(encoding="utf-8")
        order.unlink()
        exec(code, globals())  # noqa: S102  # the driver's own few lines
    if now - last["line"] >= LINE_SECONDS:
        with (WORK / "state.jsonl").open("a", encoding="utf-8") as lines:
            gaps = {"gap": last["gap"], "redraw": last["redraw"]}
            lines.write(json.dumps({"time": time.time(), **gaps, **state()}) + "\n")
        last.update(line=now, gap=0.0, redraw=0.0)
    return TICK_SECONDS


def state() -> dict[str, object]:
    """Return what the driver may ask for."""
    scene = bpy.data.scenes[0]
    return {**what_is_there(scene), **(places(scene) if shows_sequencer() else {})}


def shows_sequencer() -> bool:
    """Return whether the workspace has a sequencer."""
    return any(area.type == "SEQUENCE_EDITOR" for area in window().screen.areas)


def what_is_there(scene: bpy.types.Scene) -> dict[str, object]:
    """Return file, frame, jobs and strips; no jobs while the extension is disabled."""
    enabled = ADDON in bpy.context.preferences.addons
    return {
        "file": bpy.path.basename(bpy.data.filepath),
        "frame": scene.frame_current,
        "adjustable": next((done.bl_idname for done in reversed(bpy.context.window_manager.operators)), ""),
        "jobs": [
            {"state": job.state.name, "frames": job.frames_done, "said": " ".join([job.error, *job.warnings])}
            for job in (host("session.runner").current().queue.jobs if enabled else ())
        ],
        "preview": enabled and host("window.watcher").current().path is not None,
        "workspace": window().workspace.name,
        "editors": {screen.name: [area.ui_type for area in screen.areas] for screen in bpy.data.screens},
        "strips": {
            strip.name: {
                "type": strip.type,
                "span": versions.handles(strip),
                "channel": strip.channel,
                "mute": strip.mute,
            }
            for strip in versions.all_strips(scene.sequence_editor)
        },
    }


def places(scene: bpy.types.Scene) -> dict[str, object]:
    """Return where on the screen things are."""
    area = sequencer("SEQUENCER")
    timeline = region(area, "WINDOW")
    return {
        "at": {strip.name: place(strip, timeline) for strip in versions.all_strips(scene.sequence_editor)},
        "screen": (0, 0),
        "header": corner(region(area, "HEADER")),
        "timeline": corner(timeline),
        "side_bar": corner(region(area, "UI")),
    }


def corner(region: bpy.types.Region) -> tuple[int, int]:
    """Return a region's upper left corner as the mouse counts: from the upper left of the screen."""
    return region.x, window().height - region.y - region.height


def place(strip: versions.Strip, timeline: bpy.types.Region) -> tuple[int, int]:
    """Return where on the screen the middle of a strip is."""
    x, y = timeline.view2d.view_to_region(sum(versions.handles(strip)) / 2, strip.channel + 0.5, clip=False)
    return timeline.x + x, window().height - timeline.y - y


def set_up() -> None:
    """Begin, once the window is there."""
    sequencer("SEQUENCER").spaces.active.show_region_ui = True
    build_project()
    bpy.app.timers.register(show, first_interval=1.0)  # a side bar has its tabs once it has been drawn


bpy.app.timers.register(set_up, first_interval=1.0)
