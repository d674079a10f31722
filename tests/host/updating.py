"""What tests of *Update Result* share: the press, and what its result shows."""

import os
from pathlib import Path
from typing import Any

import bpy

from tests.host.timeline import Timeline


def update(timeline: Timeline, result: Any) -> Any:
    """Press "Update Result" and return the job that did it."""
    timeline.select([result])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    job = timeline.addon.runner.current().queue.jobs[-1]
    assert (job.state.name, job.error) == ("DONE", "")
    return job


def shown_alone(timeline: Timeline, result: Any, frame: int) -> Any:
    """Return what a result shows at a frame, rendered alone: H x W x 4, BGRA."""
    for strip in timeline.strips:
        strip.mute = strip.name != result.name
    return timeline.render(frame)


def alpha(timeline: Timeline, result: Any, frame: int) -> Any:
    """Return the alpha of a result at a frame, rendered alone."""
    return shown_alone(timeline, result, frame)[..., 3].astype(int)


def frames_of(strip: Any) -> Path:
    """Return the folder of a strip's pictures; in a project that is saved, Blender keeps it relative to that."""
    return Path(os.path.normpath(bpy.path.abspath(strip.directory)))


def raws_of(job: Any) -> int:
    """Return how many frames of a job the model has looked at to make a matte."""
    return len(list(job.folder.joinpath("raw").glob("*.raw")))
