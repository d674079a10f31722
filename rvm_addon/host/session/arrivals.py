"""Results that have arrived, on their way to their timelines."""

import time

import bpy

from ...jobs.job import Job
from ..strip.placements import Placement
from ..timeline import delivery
from . import rates
from .pending import Pending

_HANDS = ("SEQUENCER_OT_", "TRANSFORM_OT_")
"""How the names of modal operators begin that hold strips while they run. Others, such as those of add-ons, may never
end."""
_MOMENT_SECONDS = 0.05
"""How long results are put on timelines before Blender gets its turn again, at least one at a time. Of 400 pieces of
one clip, each result takes Blender 0.07 s."""


class Arrivals:
    """Jobs whose frames are made and whose results are not on their timelines yet."""

    def __init__(self, pending: Pending) -> None:
        """Begin with none; `pending` knows where their results go."""
        self._pending = pending
        self._jobs: list[Job] = []
        self._came: list[tuple[Job, Placement]] = []
        """What has come since the last undo step; empty when all has."""

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._jobs)

    def add(self, job: Job) -> None:
        """Deliver a job's results with the next `deliver`, unless they have nowhere to go.

        If the job was found again on the disk meanwhile, it takes the place of the one before: warnings go to it.
        """
        if not self._pending.of(job):
            return
        folders = [one.folder for one in self._jobs]
        at = folders.index(job.folder) if job.folder in folders else len(folders)
        self._jobs[at : at + 1] = [job]

    def clear(self) -> None:
        """Forget them: they are delivered when their project is open again."""
        self._jobs.clear()
        self._came.clear()

    def deliver(self) -> list[Job]:
        """Put results on their timelines for a moment, unless strips are in use; return the jobs whose last one came.

        All that come until none is left make one undo step: by default Blender keeps only 32, the user's own included.
        """
        jobs: list[Job] = []
        begun = time.monotonic()
        while self._jobs and not _in_use():
            if not self._put_next(self._jobs[0]):
                jobs.append(self._jobs.pop(0))
            if time.monotonic() - begun > _MOMENT_SECONDS:
                break
        if not self._jobs and self._came:
            self._came.clear()
            if not bpy.app.background:  # in background mode, the operator's own step covers it; none can be pushed
                bpy.ops.rvm.results_arrived("EXEC_DEFAULT", True)
        return jobs

    def _put_next(self, job: Job) -> bool:
        """Put a job's next result on its timeline, and return whether more of its results are to come."""
        place = self._pending.take(job)
        if place is None:
            return False
        others = (*self._pending.awaiting(), *(other for _, other in self._came))
        coming = frozenset(one.strip for one in (place, *others) if not one.replaces)
        if delivery.put(job, place, coming):
            self._came.append((job, place))
        if self._pending.of(job):
            return True
        self._pending.settle(job, delivered=True)
        rates.current().learn(job)
        return False

    def undone(self) -> None:
        """Deliver again what an undo took away in the middle of an arrival, which has no step of its own yet."""
        came, self._came = self._came, []
        with self._pending.noted_together():
            for job, place in came:
                self._pending.expect(job, [*self._pending.of(job), place])
                self.add(job)


def _in_use() -> bool:
    """Return whether strips must not be changed, because a render reads them or the user is moving some.

    An undo step would fall in the middle of that, and Blender crashes if a strip is removed while it is dragged.
    """
    if bpy.app.is_job_running("RENDER"):
        return True
    modal = (operator.bl_idname for window in bpy.context.window_manager.windows for operator in window.modal_operators)
    return any(name.startswith(_HANDS) for name in modal)
