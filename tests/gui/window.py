"""A person's hands and eyes: mouse, keyboard and pictures in the chroot; and what `scene.py` tells of Blender.

Blender does not tell where its buttons are, so places are counted in pixels from the corners of its regions: when the
panel changes, look at the pictures and count again.
"""

# ruff: noqa: T201  # it tells the person who waits

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

State = dict[str, Any]

WORK, PICTURES = Path(os.environ["WORK"]), Path(os.environ["PICTURES"])
INDOOR, OUTDOOR = "woman_indoor_bokeh_720p.mp4", "woman_outdoor_portrait_720x1364.mp4"
BUTTON, FIRST_X = (170, 51), (318, 221)
"""From the side bar's corner: the main button, and the X of the job on top."""
CHINESE_AND_LIGHT = """
view = bpy.context.preferences.view
view.language, view.use_translate_interface = "zh_HANS", True
folders = bpy.utils.preset_paths("interface_theme")
(light,) = (path for folder in folders for path in Path(folder).glob("*[Ll]ight.xml"))
bpy.ops.script.execute_preset(filepath=str(light), menu_idname="USERPREF_MT_interface_theme_presets")
"""
EMPTY = (300, 60)
"""From the timeline's corner: where no strip is."""


def run(*words: object) -> str:
    """Run a program of the chroot and return what it printed."""
    return subprocess.run([str(word) for word in words], check=False, capture_output=True, text=True).stdout


def states() -> list[State]:
    """Return everything that Blender has told so far: a line at least."""
    return [json.loads(line) for line in told_lines()]


def newest() -> State:
    """Return what Blender has told last."""
    return json.loads(told_lines()[-1])


def told_lines() -> list[bytes]:
    """Return the lines that Blender has finished, at least one: a long one comes in parts."""
    told = WORK / "state.jsonl"
    while not told.exists() or not (lines := told.read_bytes().split(b"\n")[:-1]):
        time.sleep(0.1)  # the watcher begins just after the driver
    return lines


def wait(what: str, test: Callable[[State], bool], seconds: float = 90.0) -> State:
    """Wait until Blender tells a state that passes `test`, and return it; end the run if none comes."""
    end = time.monotonic() + seconds
    while not test(state := newest()):
        if time.monotonic() > end:
            picture("failed")
            sys.exit(f"FAILED: {what}. Blender told last: {json.dumps(state, indent=1)}")
        time.sleep(0.1)
    print(f"  {what}")
    return state


def check(what: str, *, holds: bool) -> None:
    """End the run unless something holds."""
    print(f"  {what}") if holds else sys.exit(f"FAILED: {what}")


def picture(name: str) -> None:
    """Save a picture of the screen."""
    run("import", "-window", "root", PICTURES / f"{name}.png")


def point(region: str, offset: tuple[int, int]) -> None:
    """Move the mouse to an offset from the corner of a region."""
    left, top = newest()[region]
    run("xdotool", "mousemove", left + offset[0], top + offset[1])
    time.sleep(0.3)  # Blender notices what is under the mouse before anything is pressed


def click(region: str, offset: tuple[int, int], *held: str) -> None:
    """Click at an offset from the corner of a region, with keys held down."""
    point(region, offset)
    down, up = ([word for key in held for word in (action, key)] for action in ("keydown", "keyup"))
    run("xdotool", *down, "click", "1", *up)
    time.sleep(0.6)  # past the time in which a second click would make a double one; and the state is told anew


def click_strip(name: str, *held: str) -> None:
    """Click on a strip; it takes its connected sound along."""
    click("screen", tuple(newest()["at"][name]), *held)


def press(*keys: str) -> None:
    """Press keys over whatever the mouse is on."""
    for key in keys:
        run("xdotool", "key", key)
        time.sleep(0.6)


def order(code: str, seconds: float = 2.0) -> None:
    """Let Blender run what is not this product's to click, and give it some seconds to show that."""
    part = WORK / "do.part"
    part.write_text(code, encoding="utf-8")
    ordered = part.rename(WORK / "do.py")
    end = time.monotonic() + 60.0
    while ordered.exists():  # a busy machine takes its time, and the next order would take this one's place
        if time.monotonic() > end:
            sys.exit(f"FAILED: Blender does not do what it is told: {code}")
        time.sleep(0.1)
    time.sleep(seconds)


def ask_for(quality: str) -> None:
    """Choose a quality in which nothing was matted yet: what is there already would not be made again."""
    order(f"bpy.data.scenes[0].rvm_matting.quality = '{quality}'")


def longest_gap(kind: str, since: float, until: float) -> float:
    """Return for how long, at most, the window stood still (`gap`) or the preview did (`redraw`), in milliseconds."""
    return max(state[kind] for state in states() if since < state["time"] <= until) * 1000


def tell_longest_gap(doing: str, since: float, until: float) -> None:
    """Print for how long, at most, the window stood still."""
    print(f"  longest stand-still {doing}: {longest_gap('gap', since, until):.0f} ms")


@contextlib.contextmanager
def slow_worker() -> Iterator[None]:
    """Let the worker have a tenth of the time: however fast the machine, its job lasts while hands are at work."""
    enough = threading.Event()

    def stop_and_go() -> None:
        while not enough.wait(0.1):
            run("pkill", "-STOP", "-f", "--", "-m engine")
            enough.wait(0.9)
            run("pkill", "-CONT", "-f", "--", "-m engine")

    brake = threading.Thread(target=stop_and_go)
    brake.start()
    try:
        yield
    finally:
        enough.set()
        brake.join()


def check_no_crash() -> None:
    """End the run if Blender has left a crash report."""
    check("and it was no crash", holds=not list(Path(os.environ["TMPDIR"]).glob("*.crash.txt")))


def without_results(state: State) -> State:
    """Return a state's strips but for the new ones, and but for what may change of the others."""
    return {
        name: {key: value for key, value in strip.items() if strip["type"] == "SOUND" or key != "mute"}
        for name, strip in state["strips"].items()
        if strip["type"] != "IMAGE"
    }


def is_there(state: State, name: str) -> bool:
    """Return whether the result of a strip lies above it, equally long, and the strip is muted."""
    source, result = state["strips"][name], state["strips"].get(f"{name} matte")
    return (
        result is not None
        and result["channel"] > source["channel"]
        and result["span"] == source["span"]
        and source["mute"]
        and not result["mute"]
    )
