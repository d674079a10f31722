"""A queue moved along as Blender's timer does it."""

import time
from collections.abc import Callable

from rvm_addon.jobs.queue import JobQueue

PATIENCE_SECONDS = 60


def drive(queue: JobQueue, until: Callable[[], bool]) -> None:
    """Tick until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert time.monotonic() < deadline, [(job.state, job.frames_done, job.error) for job in queue.jobs]
        queue.tick()
        time.sleep(0.01)
