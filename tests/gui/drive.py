"""Drive Blender's window with mouse and keyboard as an editor would, and check what Blender then knows.

Run by `run.sh` in the chroot while `scene.py` runs in Blender: one job after another, through every door.
"""

# ruff: noqa: T201  # it tells the person who waits

import time

from window import (
    BUTTON,
    CHINESE_AND_LIGHT,
    EMPTY,
    FIRST_X,
    INDOOR,
    OUTDOOR,
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
    without_results,
)

STRIP_MENU = (415, 14)
"""From the corner of the sequencer's header."""
SEARCH_KEY = "69"
"""F3 by its keycode: under its name it arrives as Alt+F3 in 5.2."""


def two_strips() -> None:
    """Matte two strips with the button, while the window stays alive."""
    print("Two strips, by the button")
    time.sleep(5.0)
    tell_longest_gap("while idle", time.time() - 3.0, time.time())
    before = newest()
    click_strip(INDOOR)
    click_strip(OUTDOOR, "shift")
    picture("1-selected")
    began = time.time()
    click("side_bar", BUTTON)
    frames = [wait(f"the bar is at {n}", lambda s, n=n: s["jobs"] and s["jobs"][0]["frames"] >= n) for n in (1, 10, 20)]
    check("the bar moves", holds=len({state["jobs"][0]["frames"] for state in frames}) == len(frames))
    picture("2-running")
    point("timeline", EMPTY)
    frame = newest()["frame"]
    press("Right")
    wait("the timeline still steps by keyboard", lambda s: s["frame"] == frame + 1, seconds=2.0)
    wait("the second job is half-way", lambda s: s["jobs"][1]["frames"] >= 26)
    picture("3-one-done-one-running")
    after = wait("both jobs are done", lambda s: all(job["state"] == "DONE" for job in s["jobs"]))
    time.sleep(1.0)
    tell_longest_gap("when the button is pressed", began, began + 1.5)
    tell_longest_gap("while the bar moves", began + 1.5, time.time())
    picture("4-done")
    check("the results lie above their muted sources", holds=is_there(after, INDOOR) and is_there(after, OUTDOOR))
    check("nothing else changed, sound included", holds=without_results(after) == without_results(before))


def undo() -> None:
    """Take the results back, one step each."""
    print("Undo")
    point("timeline", EMPTY)
    press("ctrl+z")
    wait("one step takes the newest result back", lambda s: not is_there(s, OUTDOOR) and is_there(s, INDOOR))
    picture("5-undone")
    press("ctrl+z")
    wait("the next one the other, and unmutes", lambda s: not any(strip["mute"] for strip in s["strips"].values()))
    press("ctrl+shift+z", "ctrl+shift+z")
    wait("redo brings both back", lambda s: is_there(s, OUTDOOR) and is_there(s, INDOOR))


def search_and_cancel() -> None:
    """Find the operator by name, and cancel its job."""
    print("Search, cancel")
    ask_for("DRAFT")
    click_strip(OUTDOOR)
    press(SEARCH_KEY)
    time.sleep(1.5)  # letters typed before the field is there are lost
    run("xdotool", "type", "--delay", "80", "matte sel")
    time.sleep(1.0)
    picture("6-search")
    press("Return")
    wait("the search starts a job, for the source only", lambda s: len(s["jobs"]) == 3 and s["jobs"][2]["frames"] > 3)
    with slow_worker():
        click("side_bar", FIRST_X)
        wait("the X cancels it", lambda s: s["jobs"][2]["state"] == "CANCELLED", seconds=4.0)
    time.sleep(0.5)
    picture("7-cancelled")
    click("side_bar", FIRST_X)
    wait("the next X takes it off the list", lambda s: len(s["jobs"]) == 2)


def source_deleted() -> None:
    """Delete a strip while its job runs."""
    print("Strip menu, source deleted")
    click_strip(OUTDOOR)
    click("header", STRIP_MENU)
    press("Up")  # from the top to the last entry
    picture("8-menu")
    press("Return")
    wait("the menu starts a job", lambda s: len(s["jobs"]) == 3 and s["jobs"][2]["frames"] > 3)
    with slow_worker():
        click_strip(OUTDOOR)
        press("Delete")
        wait("the source is deleted", lambda s: OUTDOOR not in s["strips"])
    wait(
        "the panel says where its frames are",
        lambda s: "gone" in s["jobs"][2]["said"] and "/matte/" in s["jobs"][2]["said"],
    )
    time.sleep(0.5)
    picture("9-source-deleted")


def other_file() -> None:
    """Open another project while a job runs."""
    print("Another project")
    ask_for("RATIO")
    click_strip(INDOOR)
    click("side_bar", BUTTON)
    wait("a job runs", lambda s: len(s["jobs"]) == 5 and s["jobs"][4]["frames"] > 3)
    with slow_worker():
        order("bpy.ops.wm.open_mainfile(filepath=str(WORK / 'other.blend'))")
        wait("the other project is open", lambda s: s["file"] == "other.blend")
    after = wait("its job goes on to the end", lambda s: s["jobs"][4]["state"] == "DONE")
    time.sleep(0.5)
    picture("10-other-project")
    check("no result got into it", holds=not any(strip["type"] == "IMAGE" for strip in after["strips"].values()))
    check("the panel says where its frames are", holds="/matte/" in after["jobs"][4]["said"])


def chinese_and_light() -> None:
    """Change language and theme while a job runs, and try one frame; a person says whether it looks right."""
    print("Chinese, light, a frame to look at")
    click_strip(INDOOR)
    click("side_bar", BUTTON)
    wait("a job runs", lambda s: s["jobs"][-1]["frames"] > 3)
    order(CHINESE_AND_LIGHT)
    picture("11-chinese-light")
    wait("it goes on to the end", lambda s: s["jobs"][-1]["state"] == "DONE")
    order("bpy.ops.rvm.preview_frame(); bpy.ops.rvm.open_preview.poll()")
    wait("a frame is shown", lambda s: s["preview"], seconds=10.0)
    order("bpy.context.window_manager.rvm_view.arrangement = 'WIPE'; bpy.ops.rvm.open_preview()")
    time.sleep(1.0)
    picture("12-preview")
    order("with bpy.context.temp_override(window=bpy.context.window_manager.windows[-1]): bpy.ops.wm.window_close()")


def quit_blender() -> None:
    """Quit while a job runs."""
    print("Quit")
    ask_for("FINE")
    click_strip(INDOOR)
    press("ctrl+s")  # else Blender asks what to do with the changed selection
    click("side_bar", BUTTON)
    wait("a job runs", lambda s: len(s["jobs"]) == 6 and s["jobs"][5]["frames"] > 3)
    worker = run("pgrep", "-f", "--", "-m engine").split()
    check("its worker is a process", holds=len(worker) == 1)
    press("ctrl+q")
    for _ in range(50):
        if not run("pgrep", "-x", "blender"):
            break
        time.sleep(0.1)
    check("Blender is gone within five seconds", holds=not run("pgrep", "-x", "blender"))
    check("so is the worker", holds=not run("pgrep", "-f", "--", "-m engine"))
    check_no_crash()


for part in (two_strips, undo, search_and_cancel, source_deleted, chinese_and_light, other_file, quit_blender):
    part()
