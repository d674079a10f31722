"""The queue: one process at a time, moved along by `tick`."""

import contextlib
import logging
import math
import subprocess
import time

from ..engine import locks
from ..engine.errors import JobHeld, MattingError, OutputFailed
from .job import KILLED_STATUS, Job, State
from .parts import Kind
from .worker import Launcher, Standby, WorkerProcess, matting

KILL_AFTER_SECONDS = 2.0
"""How long a worker may take to end when it is asked to."""
GONE_AFTER_SECONDS = 10.0
"""How long a process may take to end after its last word: what it had to do is done, but a library's end may hang."""
LEFT_AFTER_SECONDS = 1.0
"""How long a job lasts whose process, given up then, was killed and does not go; then it is left to the system."""
FREE_AFTER_SECONDS = 2.0
"""How long a job's folder may seem to be another process's: Windows lets go of a lock a little after its process has
ended, and a job's next part would be refused."""

_AT_WORK = frozenset({State.RUNNING, State.CANCELLING})

log = logging.getLogger(__name__)


class JobQueue:
    """The jobs in the order they came, the ended ones included until they are dismissed."""

    def __init__(self, launcher: Launcher) -> None:
        """Begin empty; `launcher` starts the workers."""
        self.jobs: list[Job] = []
        self._launcher = launcher
        self._running: Job | None = None
        self._worker: WorkerProcess | None = None
        self._waiting: Standby | None = None
        self._leaving: list[subprocess.Popen[bytes]] = []
        """Processes that were killed, and that the system has not let go yet."""
        self._kill_at = 0.0
        self._gone_at = math.inf
        """When the running worker, which has said its last word, is given up."""
        self._give_up_at = 0.0

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return any(not job.state.ended for job in self.jobs)

    def stand_by(self) -> None:
        """Let a worker load meanwhile, for a job is about to come; where one runs already, there is time enough."""
        self._see_off()
        if self._running is None and self._waiting is None:
            try:
                self._waiting = Standby(self._launcher)
            except OSError:
                log.exception("no worker could be started ahead")  # the job's own will say so to the user

    def stand_down(self) -> None:
        """Let go of the worker that waits, if there is one."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._leaving.append(waiting.dismiss())

    def submit(self, job: Job) -> None:
        """Add a job; a later tick starts it. An ended one of its folder gives way to it.

        Raises:
            SpecError: the job makes no sense.
            JobHeld: another process works in its folder.
            OutputFailed: its folder cannot be written.
        """
        job.spec.validate()
        if locks.is_held(job.folder):
            raise JobHeld(job.folder)
        try:
            job.write()
        except OSError as error:
            raise OutputFailed(job.folder, error.strerror or "") from error
        self.adopt(job)

    def adopt(self, job: Job) -> None:
        """Add a job as it is; one of its folder that is here already gives way to it."""
        self.jobs = [*(other for other in self.jobs if other.folder != job.folder), job]

    def cancel(self, job: Job) -> None:
        """Stop a job that runs, or drop one that waits; one that has ended stays as it is."""
        if job.state is State.QUEUED:
            job.drop()
        elif job.state is State.RUNNING:
            job.move(State.CANCELLING)
            if self._worker is not None:
                self._worker.terminate()
            self._kill_at = time.monotonic() + KILL_AFTER_SECONDS
        if not self.busy:
            self.stand_down()

    def dismiss(self, job: Job) -> None:
        """Forget a job that has ended; its folder stays."""
        if job.state.ended:
            self.jobs.remove(job)

    def tick(self) -> list[Job]:
        """Move everything one step without waiting, and return the jobs that changed."""
        changed = [*self._follow(), *self._abandon()]
        if self._running is None:
            changed += self._start_next()
        self._see_off()
        return changed

    def shutdown(self) -> None:
        """End the worker at once and cancel what waits; for the moment when the program goes: it waits a little."""
        self.stand_down()
        for job in self.jobs:
            self.cancel(job)
        if self._worker is not None and not self._worker.wait(KILL_AFTER_SECONDS):
            self._worker.kill()
            self._worker.wait(KILL_AFTER_SECONDS)
        self._follow()
        for process in self._leaving:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(KILL_AFTER_SECONDS)
        self._see_off()

    def _see_off(self) -> None:
        """Forget the processes that were killed and are gone by now; to ask them lets the system forget them, too."""
        self._leaving = [process for process in self._leaving if process.poll() is None]

    def _follow(self) -> list[Job]:
        """Fold the running worker's news into its job."""
        job, worker = self._running, self._worker
        if job is None:
            return []
        if worker is None:
            return self._try_again(job)
        before = job.state
        events, status = worker.poll()
        for event in events:
            job.apply(event)
        if status is None and job.said_all:
            status = self._give_up(worker)
        if status is not None:
            self._running = self._worker = None  # first of all: whatever comes, the next job gets its turn
            self._gone_at = math.inf
            self._leaving.append(worker.close())
            if not (worker.took_nothing and job.state is State.RUNNING):  # else another does it, which has a log
                job.end_part(status)
            if not job.state.ended:
                self._start(job)
        elif job.state is State.CANCELLING and time.monotonic() > self._kill_at:
            worker.kill()
        return [job] if events or status is not None or job.state is not before else []

    def _give_up(self, worker: WorkerProcess) -> int | None:
        """End a process that is there long after its last word; a later tick sees its end.

        Returns the exit status to take for its, where it does not even go then.
        """
        now = time.monotonic()
        self._gone_at = min(self._gone_at, now + GONE_AFTER_SECONDS)
        if now > self._gone_at:
            worker.kill()
        return KILLED_STATUS if now > self._gone_at + LEFT_AFTER_SECONDS else None

    def _abandon(self) -> list[Job]:
        """End what seems to run and does not: an error came between a worker's end and its job's."""
        alone = [job for job in self.jobs if job is not self._running and job.state in _AT_WORK]
        for job in alone:
            job.abandon()
        return alone

    def _start_next(self) -> list[Job]:
        """Start the first job that waits."""
        job = next((job for job in self.jobs if job.state is State.QUEUED), None)
        if job is None:
            return []
        job.move(State.RUNNING)
        self._start(job)
        return [job]

    def _try_again(self, job: Job) -> list[Job]:
        """Start the part of a job whose folder was another process's; or end the job, if the user wants that."""
        if job.state is State.CANCELLING:
            self._running = None
            job.drop()
            if not self.busy:
                self.stand_down()
        else:
            self._launch(job)
        return [job] if self._worker is not None or job.state.ended else []

    def _start(self, job: Job) -> None:
        """Start the part of a job whose turn it is; where its folder is another process's, later ticks try again."""
        self._give_up_at = time.monotonic() + FREE_AFTER_SECONDS
        self._launch(job)

    def _launch(self, job: Job) -> None:
        """Start the part of a job whose turn it is, if its folder is free."""
        part, waiting = job.part, None
        if part.kind is Kind.MATTING:
            part = matting(job.folder, self._launcher)
            waiting, self._waiting = self._waiting, None
        else:  # it would wait for long
            self.stand_down()
        self._running = None
        try:
            self._worker = WorkerProcess(job.folder, part, waiting)
        except MattingError as error:
            if isinstance(error, JobHeld) and time.monotonic() < self._give_up_at:
                self._running, self._waiting = job, waiting
                return
            self._waiting = waiting
            self.stand_down()
            job.fail(str(error), error.remedy)
        except OSError as error:
            remedy = "Install the extension again."
            if part.kind is not Kind.MATTING:  # that program is this very Blender's
                remedy = "Quit Blender and start it again: it may have been updated or moved meanwhile."
            job.fail(f"“{part.command[0]}” could not be started ({error})", remedy)
        else:
            self._running = job
