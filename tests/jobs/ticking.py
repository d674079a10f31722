"""A queue moved along as Blender's timer does it."""

from collections.abc import Callable

from rvm_addon.jobs.queue import JobQueue
from tests.waiting import wait


def drive(queue: JobQueue, until: Callable[[], bool]) -> None:
    """Tick until something holds."""
    wait(until, queue.tick, lambda: [(job.state, job.frames_done, job.error) for job in queue.jobs])
