"""Measure for how long the picture stands still, at most, while the window plays back: without a job and with one.

Run by `run.sh` in the chroot while `scene.py` runs in Blender; pairs, for machines drift.
"""

# ruff: noqa: T201  # it tells the person who waits

import statistics
import time

from window import (
    BUTTON,
    EMPTY,
    INDOOR,
    OUTDOOR,
    ask_for,
    check_no_crash,
    click,
    click_strip,
    longest_gap,
    newest,
    order,
    point,
    press,
    wait,
)

PAIRS = 3
SECONDS = 8.0
SETTLE_SECONDS = 1.0
"""After the start of playback, and of the job."""


def longest_while_playing() -> float:
    """Play back for a while, and return the longest gap between two redraws, in milliseconds."""
    point("timeline", EMPTY)
    press("space")
    time.sleep(SETTLE_SECONDS)
    since = time.time()
    time.sleep(SECONDS)
    longest = longest_gap("redraw", since, time.time())
    press("space")
    return longest


def with_job() -> float:
    """Return the same while a job runs; it is stopped, and goes on the next time."""
    click_strip(INDOOR)
    click_strip(OUTDOOR, "shift")
    click("side_bar", BUTTON)
    wait("a job runs", lambda s: any(job["state"] == "RUNNING" and job["frames"] > 1 for job in s["jobs"]))
    time.sleep(SETTLE_SECONDS)
    longest = longest_while_playing()
    if not any(job["state"] == "RUNNING" for job in newest()["jobs"]):
        raise SystemExit("FAILED: the jobs were done before the playback was")
    order("bpy.ops.rvm.cancel_all_jobs()")
    return longest


ask_for("FINE")
pairs = []
for number in range(PAIRS):
    pairs.append((longest_while_playing(), with_job()))
    print(f"  pair {number + 1}: {pairs[-1][0]:.0f} ms without a job, {pairs[-1][1]:.0f} ms with one", flush=True)
without, with_one = (statistics.median(one) for one in zip(*pairs, strict=True))
print(f"Longest gap between two redraws, median of {PAIRS}: {without:.0f} ms without, {with_one:.0f} ms with a job")
check_no_crash()
