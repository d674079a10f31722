"""What an editor does in the window while a job runs: nothing crashes or is lost, the user knows where frames are.

Run by `run.sh` in the chroot while `scene.py` runs in Blender.
"""

# ruff: noqa: T201  # it tells the person who waits

import time

from window import (
    BUTTON,
    EMPTY,
    INDOOR,
    OUTDOOR,
    State,
    ask_for,
    check,
    check_no_crash,
    click,
    click_strip,
    is_there,
    newest,
    order,
    picture,
    point,
    press,
    run,
    slow_worker,
    tell_longest_gap,
    wait,
)

RENAMED = "Interview"
MOVED = 3
"""Frames; the next strip is five away."""
CONTINUE = (178, 237)
"""From the side bar's corner: the button of an interrupted job that is alone in the list."""
SEQUENCER = "{'window': window(), 'area': sequencer('SEQUENCER')}"
PIECES = 200
CUT_UP = f"""
editor = bpy.data.scenes[0].sequence_editor
for strip in versions.all_strips(editor):
    strip.select = False
for number in range({PIECES}):
    start = 1000 + 10 * number
    strip = versions.top_strips(editor).new_movie(f"Piece {{number}}", CLIPS[0], 20, start)
    versions.set_right_handle(strip, start + 5)
    strip.select = True
"""
SHOW_PANEL = "region(sequencer('SEQUENCER'), 'UI').active_panel_category = 'Matting'"


def begin(strip: str, quality: str) -> None:
    """Press the button for a strip, and wait until there is something to lose."""
    ask_for(quality)
    click_strip(strip)
    click("side_bar", BUTTON)
    wait("a job runs", lambda s: s["jobs"][-1]["state"] == "RUNNING" and s["jobs"][-1]["frames"] > 3)


def running(state: State) -> bool:
    """Return whether the newest job runs."""
    return bool(state["jobs"]) and state["jobs"][-1]["state"] == "RUNNING"


def done(state: State) -> bool:
    """Return whether the newest job is done."""
    return bool(state["jobs"]) and state["jobs"][-1]["state"] == "DONE"


def interrupted(state: State) -> bool:
    """Return whether the one job in the list was interrupted, with frames to go on from."""
    return [job["state"] for job in state["jobs"]] == ["INTERRUPTED"] and state["jobs"][0]["frames"] > 3


def edits() -> None:
    """Mute, move, undo and rename the strip; change workspace and scene; save under another name."""
    print("Edits")
    start = newest()["strips"][INDOOR]["span"][0]
    order("bpy.data.scenes[0].rvm_matting.ratio = 0.5")
    begin(INDOOR, "RATIO")
    with slow_worker():
        mute_and_move(start)
        look_elsewhere()
        order("bpy.ops.wm.save_as_mainfile(filepath=str(WORK / 'living.blend'))")
        check("the job runs still", holds=running(newest()))
    after = wait("it goes on to the end", done)
    time.sleep(0.5)
    after = newest()
    check("the result lies where the strip is now, under its new name", holds=is_there(after, RENAMED))
    check("the job has nothing to complain of", holds=not after["jobs"][-1]["said"])
    picture("living-3-edited")


def mute_and_move(start: float) -> None:
    """Mute the strip, which begins at `start`, undo that, move and rename it."""
    point("timeline", EMPTY)
    press("h")
    wait("the strip is muted", lambda s: s["strips"][INDOOR]["mute"])
    press("ctrl+z")
    wait("and not, when that is undone", lambda s: not s["strips"][INDOOR]["mute"])
    press("g")
    run("xdotool", "type", str(MOVED))
    press("Return")
    wait("it is moved", lambda s: s["strips"][INDOOR]["span"][0] == start + MOVED)
    press("ctrl+z", "ctrl+shift+z")
    wait("undone and redone", lambda s: s["strips"][INDOOR]["span"][0] == start + MOVED)
    order(f"versions.all_strips(bpy.data.scenes[0].sequence_editor)[{INDOOR!r}].name = {RENAMED!r}")


def look_elsewhere() -> None:
    """Look at another workspace, then at another scene."""
    home = newest()["workspace"]
    order("window().workspace = next(one for one in bpy.data.workspaces if one != window().workspace)")
    wait("another workspace shows", lambda s: s["workspace"] != home)
    picture("living-1-other-workspace")
    order(f"window().workspace = bpy.data.workspaces[{home!r}]")
    order("show_scene(bpy.data.scenes.new('Second'))")
    picture("living-2-other-scene")
    order("show_scene(bpy.data.scenes[0])")


def in_hand() -> None:
    """Drag a result while what takes its place arrives: that waits until the hand is off it."""
    print("In hand")
    ask_for("STANDARD")  # the model has to look again, which leaves the time to take a strip in hand
    order("bpy.data.scenes[0].rvm_matting.result = 'MASK'")
    result = f"{RENAMED} matte"
    click_strip(result)
    start, jobs = newest()["strips"][result]["span"][0], len(newest()["jobs"])
    order(f"with bpy.context.temp_override(**{SEQUENCER}):\n    bpy.ops.rvm.update_result()", seconds=0.0)
    point("timeline", EMPTY)
    press("g")
    run("xdotool", "type", "1")
    wait("the mask is made", lambda s: len(s["jobs"]) > jobs and done(s))
    time.sleep(1.0)
    check("the source is not unmuted yet", holds=newest()["strips"][RENAMED]["mute"])
    press("Escape")
    after = wait("the mask arrives when the drag is over", lambda s: not s["strips"][RENAMED]["mute"])
    check("where the strip was", holds=after["strips"][result]["span"][0] == start)
    press("ctrl+z")
    wait("one step takes it back", lambda s: s["strips"][RENAMED]["mute"])
    order("bpy.data.scenes[0].rvm_matting.result = 'CUTOUT'")


def away_and_back() -> None:
    """Open another project while a job runs, and the first one again when it is done."""
    print("Away and back")
    order("bpy.ops.wm.save_mainfile()")
    begin(OUTDOOR, "DRAFT")
    with slow_worker():
        order("bpy.ops.wm.open_mainfile(filepath=str(WORK / 'other.blend'))")
        wait("the other project is open", lambda s: s["file"] == "other.blend")
        check("the job runs still", holds=running(newest()))
    told = wait("its job goes on to the end", done)
    check("the panel says where its frames are", holds="/matte/" in told["jobs"][-1]["said"])
    order("bpy.ops.wm.open_mainfile(filepath=str(WORK / 'living.blend'))")
    wait("back in the first, the result appears", lambda s: s["file"] == "living.blend" and is_there(s, OUTDOOR))
    check("and the panel complains no more", holds="Another file" not in newest()["jobs"][-1]["said"])


def reload_scripts() -> None:
    """Reload all scripts while a job runs; then go on with it, by the button that is offered."""
    print("Reload Scripts")
    begin(OUTDOOR, "FINE")
    order("bpy.ops.script.reload()")
    wait("the job is offered to go on with", interrupted)
    check("its worker is gone", holds=not run("pgrep", "-f", "--", "-m engine"))
    order(SHOW_PANEL)
    time.sleep(0.5)
    picture("living-4-interrupted")
    frames = newest()["jobs"][0]["frames"]
    click("side_bar", CONTINUE)
    wait("it goes on from there", lambda s: running(s) and s["jobs"][0]["frames"] > frames, seconds=15.0)
    wait("to the end", done)
    wait("the result is there", lambda s: is_there(s, OUTDOOR), seconds=5.0)


def disable_and_enable() -> None:
    """Disable the extension while a job runs, and enable it again; then press the main button."""
    print("Disable, enable")
    begin(RENAMED, "DRAFT")
    order("bpy.ops.preferences.addon_disable(module=ADDON)")
    check("its worker is gone", holds=not run("pgrep", "-f", "--", "-m engine"))
    picture("living-5-disabled")
    order("bpy.ops.preferences.addon_enable(module=ADDON)")
    wait("the job is offered to go on with", interrupted)
    order(SHOW_PANEL)
    time.sleep(0.5)
    click_strip(RENAMED)
    click("side_bar", BUTTON)
    wait("the main button goes on with the same job", lambda s: len(s["jobs"]) == 1 and (running(s) or done(s)))
    wait("to the end", done)
    picture("living-6-enabled")


def elsewhere() -> None:
    """Look at another workspace when a result comes: it comes nonetheless, and no editor is another one afterwards."""
    print("Elsewhere")
    begin(OUTDOOR, "STANDARD")
    home = newest()["workspace"]
    with slow_worker():
        order("window().workspace = next(one for one in bpy.data.workspaces if one != window().workspace)")
        before = wait("another workspace shows", lambda s: s["workspace"] != home)
        check("the job runs still", holds=running(before))
    after = wait("the result comes", lambda s: done(s) and len(s["strips"]) > len(before["strips"]))
    check("where the user is", holds=(after["workspace"], after["editors"]) == (before["workspace"], before["editors"]))
    picture("living-7-elsewhere")
    order(f"window().workspace = bpy.data.workspaces[{home!r}]")
    wait("home again", lambda s: s["workspace"] == home)
    picture("living-8-home")


def adjusted() -> None:
    """Move a strip before a result comes: then no longer the move can be adjusted, for that would undo the result."""
    print("Adjusted")
    order("bpy.data.scenes[0].rvm_matting.ratio = 0.6")
    begin(OUTDOOR, "RATIO")
    with slow_worker():
        click_strip("Backdrop")
        point("timeline", EMPTY)
        press("g")
        run("xdotool", "type", "2")
        press("Return")
        before = newest()
        check("the job runs still", holds=running(before))
    check("the move could be adjusted", holds=before["adjustable"] == "TRANSFORM_OT_seq_slide")
    after = wait("the result comes", lambda s: results(s) > results(before))
    check("and is the last operation", holds=after["adjustable"] == "RVM_OT_results_arrived")
    press("ctrl+z")
    after = wait("one step takes it back", lambda s: results(s) == results(before))
    check("and leaves the move", holds=after["strips"]["Backdrop"] == before["strips"]["Backdrop"])
    press("ctrl+shift+z")
    wait("another brings it again", lambda s: results(s) > results(before))


def many_at_once() -> None:
    """Cut a clip into many pieces; while their results arrive, mute a strip and undo that."""
    print("Many at once")
    order(CUT_UP)
    before = wait("the pieces are there", lambda s: f"Piece {PIECES - 1}" in s["strips"])
    # Cutting takes Blender seconds, of which only a later line tells.
    before = wait("and Blender is at rest", lambda s: s["time"] > before["time"] + 1.0)
    begun = time.time()
    order(f"with bpy.context.temp_override(**{SEQUENCER}):\n    bpy.ops.rvm.matte_strips()", seconds=0.0)
    wait("the first results come", lambda s: results(s) > results(before))
    click_strip("Backdrop")
    press("h")
    wait("a strip is muted", lambda s: s["strips"]["Backdrop"]["mute"])
    check("while results are on their way", holds=results(newest()) < results(before) + PIECES)
    press("ctrl+z")
    wait("and not, when that is undone", lambda s: not s["strips"]["Backdrop"]["mute"])
    after = wait("every result comes even so", lambda s: results(s) >= results(before) + PIECES, seconds=120.0)
    time.sleep(1.0)
    tell_longest_gap("while results came", begun, time.time())
    after = newest()
    check("none twice", holds=results(after) == results(before) + PIECES)
    check("each over its piece", holds=all(is_there(after, f"Piece {number}") for number in range(PIECES)))


def results(state: State) -> int:
    """Return how many results there are."""
    return sum(strip["type"] == "IMAGE" for strip in state["strips"].values())


for part in (
    edits,
    in_hand,
    away_and_back,
    reload_scripts,
    disable_and_enable,
    elsewhere,
    adjusted,
    many_at_once,
    check_no_crash,
):
    part()
