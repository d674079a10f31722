"""Results that have arrived, on their way to their timelines."""

import bpy

from ...jobs.job import Job
from ..strip.placements import Placement
from ..timeline import delivery
from . import rates
from .pending import Pending

_HANDS = ("SEQUENCER_OT_", "TRANSFORM_OT_")
"""How the names of modal operators begin that hold strips while they run. Others, such as those of add-ons, may never
end."""


class Arrivals:
    """Jobs whose frames are made and whose results are not on their timelines yet."""

    def __init__(self, pending: Pending) -> None:
        """Begin with none; `pending` knows where their results go."""
        self._pending = pending
        self._jobs: list[Job] = []

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._jobs)

    def add(self, job: Job) -> None:
        """Deliver a job's results with the next `deliver`, unless they have nowhere to go."""
        if job not in self._jobs and self._pending.of(job):
            self._jobs.append(job)

    def clear(self) -> None:
        """Forget them: they are delivered when their project is open again."""
        self._jobs.clear()

    def deliver(self) -> list[Job]:
        """Put the results on their timelines, unless strips are in use, and return their jobs.

        All of them make one undo step: by default Blender keeps only 32, the user's own included.
        """
        jobs: list[Job] = []
        came: list[Placement] = []
        while self._jobs and not _in_use():
            job = self._jobs.pop(0)
            jobs.append(job)
            came += self._deliver(job)
        if came and not bpy.app.background:  # in background mode, the operator's own step covers it; none can be pushed
            bpy.ops.rvm.results_arrived("EXEC_DEFAULT", True)
        return jobs

    def _deliver(self, job: Job) -> list[Placement]:
        """Put a job's results on their timelines; return the placements whose timelines this may have changed."""
        places = self._pending.take(job)
        places = sorted(places, key=lambda place: not place.replaces)  # a strip that has its frames gets no second one
        coming = (place for place in (*places, *self._pending.awaiting()) if not place.replaces)
        awaiting = frozenset(place.strip for place in coming)
        touched = [place for place in places if delivery.put(job, place, awaiting)]
        if places:
            self._pending.settle(job, delivered=True)
            rates.current().learn(job)
        return touched


def _in_use() -> bool:
    """Return whether strips must not be changed, because a render reads them or the user is moving some.

    An undo step would fall in the middle of that, and Blender crashes if a strip is removed while it is dragged.
    """
    if bpy.app.is_job_running("RENDER"):
        return True
    modal = (operator.bl_idname for window in bpy.context.window_manager.windows for operator in window.modal_operators)
    return any(name.startswith(_HANDS) for name in modal)
