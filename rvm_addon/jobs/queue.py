"""The queue: one process at a time, moved along by `tick`."""

import contextlib
import logging
import math
import os
import subprocess
import time
from pathlib import Path

from ..engine.contract import locks
from ..engine.contract.errors import JobHeld, MattingError, OutputRefused
from .job import KILLED_STATUS, Job, State
from .parts import Kind
from .worker import Launcher, PartProcess, Standby, matting

KILL_AFTER_SECONDS = 2.0
"""How long a process may take to end when it is asked to."""
GONE_AFTER_SECONDS = 10.0
"""How long a process may take to end after its final event: its work is done, but a library may hang on unloading."""
LEFT_AFTER_SECONDS = 1.0
"""How long a job waits for a process that was killed after that; then the process is left to the system."""
FREE_AFTER_SECONDS = 2.0
"""How long to retry while another process seems to hold the job's folder: Windows releases a lock a little after its
process has ended, and the job's next part would be refused."""
_MOST_LOCKS = 64
"""How many jobs, those that come next, are locked for other Blenders: macOS lets a program open 256 files."""

_AT_WORK = frozenset({State.RUNNING, State.CANCELLING})

log = logging.getLogger(__name__)


class JobQueue:
    """The jobs in the order of submission, ended ones included until they are dismissed."""

    def __init__(self, launcher: Launcher) -> None:
        """Begin empty; `launcher` starts the workers."""
        self.jobs: list[Job] = []
        self._launcher = launcher
        self._running: Job | None = None
        self._process: PartProcess | None = None
        """The process of the running job; None while that waits for another process to leave its folder."""
        self._waiting: Standby | None = None
        self._leaving: list[subprocess.Popen[bytes]] = []
        """Ended or killed processes that the system may not have released yet."""
        self._kill_deadline = 0.0
        """When the process of a cancelled job is killed if it has not ended by itself."""
        self._exit_deadline = math.inf
        """When the running process is killed if it has not ended after its final event."""
        self._lock_deadline = 0.0
        """Until when a job whose folder another process holds is tried again."""
        self._locks: dict[Path, int | None] = {}
        """The open locks by which another Blender knows, by its folder, that a job has not ended here."""

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return any(not job.state.ended for job in self.jobs)

    def stand_by(self) -> None:
        """Start loading a worker for a job that is about to come, unless a job runs: then there is time enough."""
        self._see_off()
        if self._running is None and self._waiting is None:
            try:
                self._waiting = Standby(self._launcher)
            except OSError:
                log.exception("no worker could be started ahead")  # the job's own worker will tell the user

    def stand_down(self) -> None:
        """Dismiss the worker that stands by, if there is one."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._leaving.append(waiting.dismiss())

    def submit(self, job: Job) -> None:
        """Add a job; a later tick starts it. It replaces an ended job of the same folder.

        Raises:
            SpecError: the job's spec is invalid.
            JobHeld: another process works in its folder, or it is in another queue.
            OutputRefused: its folder cannot be written to.
        """
        job.spec.validate()
        if locks.is_held(job.folder):
            raise JobHeld(job.folder)
        try:
            job.write()
        except OSError as error:
            raise OutputRefused(job.folder, error) from error
        self.adopt(job)

    def adopt(self, job: Job) -> None:
        """Add a job without writing its folder; it replaces a job of the same folder."""
        self.jobs = [*(other for other in self.jobs if other.folder != job.folder), job]
        self._keep_locks()

    def cancel(self, job: Job) -> None:
        """Stop a running job, or drop a waiting one; an ended one stays as it is."""
        if job.state is State.QUEUED:
            job.drop()
        elif job.state is State.RUNNING:
            job.move(State.CANCELLING)
            if self._process is not None:
                self._process.terminate()
            self._kill_deadline = time.monotonic() + KILL_AFTER_SECONDS
        self._keep_locks()
        if not self.busy:
            self.stand_down()

    def dismiss(self, job: Job) -> None:
        """Forget a job that has ended; its folder stays."""
        if job.state.ended:
            self.jobs.remove(job)

    def tick(self) -> list[Job]:
        """Move everything one step, without waiting for any process, and return the jobs that changed."""
        changed = [*self._follow(), *self._abandon()]
        if self._running is None:
            changed += self._start_next()
        self._keep_locks()
        self._see_off()
        return changed

    def shutdown(self) -> None:
        """End the running process and cancel all jobs, for the program ends; this blocks for a few seconds at most."""
        self.stand_down()
        for job in self.jobs:
            self.cancel(job)
        if self._process is not None and not self._process.wait(KILL_AFTER_SECONDS):
            self._process.kill()
            self._process.wait(KILL_AFTER_SECONDS)
        self._follow()
        self._keep_locks()
        for process in self._leaving:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(KILL_AFTER_SECONDS)
        self._see_off()

    def _keep_locks(self) -> None:
        """Hold the locks of the jobs that have not ended, and let go of the others."""
        coming = [job.folder for job in self.jobs if not job.state.ended][:_MOST_LOCKS]
        for folder in self._locks.keys() - set(coming):
            lock = self._locks.pop(folder)
            if lock is not None:
                os.close(lock)
        for folder in coming:
            if folder not in self._locks:
                self._locks[folder] = locks.hold_queued(folder)

    def _see_off(self) -> None:
        """Forget the processes that are gone; polling them lets the system release them, too."""
        self._leaving = [process for process in self._leaving if process.poll() is None]

    def _follow(self) -> list[Job]:
        """Apply the new events of the running job's process, and its end, to its job."""
        job, process = self._running, self._process
        if job is None:
            return []
        if process is None:
            return self._try_again(job)
        before = job.state
        events, status = process.poll()
        for event in events:
            job.apply(event)
        if status is None and job.said_all:
            status = self._await_exit(process)
        if status is not None:
            self._running = self._process = None  # first, so that the next job gets its turn whatever fails below
            self._exit_deadline = math.inf
            self._leaving.append(process.close())
            if not (process.took_nothing and job.state is State.RUNNING):  # else a new worker tries, which has a log
                job.end_part(status)
            if not job.state.ended:
                self._start(job)
        elif job.state is State.CANCELLING and time.monotonic() > self._kill_deadline:
            process.kill()
        return [job] if events or status is not None or job.state is not before else []

    def _await_exit(self, process: PartProcess) -> int | None:
        """Kill a process that is still there long after its final event; a later tick sees its end.

        Returns the exit status to assume if the process survives even that, else None.
        """
        now = time.monotonic()
        self._exit_deadline = min(self._exit_deadline, now + GONE_AFTER_SECONDS)
        if now > self._exit_deadline:
            process.kill()
        return KILLED_STATUS if now > self._exit_deadline + LEFT_AFTER_SECONDS else None

    def _abandon(self) -> list[Job]:
        """End jobs that count as running but have no process: an error came between its end and the job's."""
        alone = [job for job in self.jobs if job is not self._running and job.state in _AT_WORK]
        for job in alone:
            job.abandon()
        return alone

    def _start_next(self) -> list[Job]:
        """Start the first waiting job."""
        job = next((job for job in self.jobs if job.state is State.QUEUED), None)
        if job is None:
            return []
        job.move(State.RUNNING)
        self._start(job)
        return [job]

    def _try_again(self, job: Job) -> list[Job]:
        """Try again to start a part of a job whose folder another process held; end the job if it was cancelled."""
        if job.state is State.CANCELLING:
            self._running = None
            job.drop()
            if not self.busy:
                self.stand_down()
        else:
            self._launch(job)
        return [job] if self._process is not None or job.state.ended else []

    def _start(self, job: Job) -> None:
        """Start the current part of a job; if another process holds its folder, later ticks try again."""
        self._lock_deadline = time.monotonic() + FREE_AFTER_SECONDS
        self._launch(job)

    def _launch(self, job: Job) -> None:
        """Start the current part of a job, if its folder is free."""
        part, waiting = job.part, None
        if part.kind is Kind.MATTING:
            part = matting(job.folder, self._launcher)
            waiting, self._waiting = self._waiting, None
        else:  # a worker that stands by would wait too long
            self.stand_down()
        self._running = None
        try:
            self._process = PartProcess(job.folder, part, waiting)
        except MattingError as error:
            if isinstance(error, JobHeld) and time.monotonic() < self._lock_deadline:
                self._running, self._waiting = job, waiting
                return
            self._waiting = waiting
            self.stand_down()
            job.fail(str(error), error.remedy)
        except OSError as error:
            remedy = "Install the extension again."
            if part.kind is not Kind.MATTING:  # the program is this Blender's own file
                remedy = "Quit Blender and start it again: it may have been updated or moved meanwhile."
            job.fail(f"“{part.command[0]}” could not be started ({error})", remedy)
        else:
            self._running = job
