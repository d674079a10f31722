"""The queue of this Blender and what goes in and comes out of it. In a window, `driver` calls `Runner.step`."""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ...engine.contract import locks
from ...engine.contract.errors import MattingError
from ...engine.contract.files import is_folder
from ...engine.contract.spec import RAW_FOLDER, JobSpec
from ...jobs.aside import discard
from ...jobs.finished import FinishedJobs
from ...jobs.job import Job, State
from ...jobs.left import done_in, job_in
from ...jobs.parts import MATTING, Kind, Part
from ...jobs.queue import JobQueue
from ..background import encoding, rendering
from ..language.translations import say
from ..settings import preferences
from ..strip.placements import Placement
from ..timeline import delivery
from . import libraries, rates, unfinished
from .arrivals import Arrivals
from .pending import Pending

TICK_SECONDS = 0.1
_TO_COME = frozenset({State.QUEUED, State.RUNNING})
"""The states of a job whose frames will be made without further action."""
_STOPPED = frozenset({State.FAILED, State.CANCELLED, State.INTERRUPTED})
"""The states of a job that was stopped and can go on."""


class Runner:
    """One queue and, for each job made from strips, where its results go."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self.queue = JobQueue(libraries.launcher())
        self._pending = Pending()
        self._arrivals = Arrivals(self._pending)
        self.batch: list[Job] = []
        """The jobs since the queue was last idle: what the user waits for, ended jobs included."""

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits, or a result is not on its timeline yet."""
        return self.queue.busy or bool(self._arrivals)

    @property
    def progress(self) -> float:
        """From 0 to 1, over all jobs that the user waits for, weighted by their numbers of frames."""
        total = sum(job.frames_total for job in self.batch)
        done = sum(job.frames_total * (1.0 if job.state.ended else job.progress) for job in self.batch)
        return done / total if total else 0.0

    def submit(
        self,
        spec: JobSpec,
        folder: Path,
        *places: Placement,
        project: rendering.ProjectCopy | None = None,
    ) -> Job:
        """Queue a job in `folder`; its result becomes a strip for each placement.

        If the strip is rendered first, the background Blender opens `project`, or else a copy of the job's own.

        Raises:
            SpecError, OutputFailed: the job cannot be taken.
        """
        first: list[Part] = []
        if places and spec.source.disposable:
            spec, *first = rendering.prepare(folder, spec, places[0], project or rendering.ProjectCopy())
        narrower = self._narrower(spec, places)
        known = (*spec.raws, *(str(one.folder / RAW_FOLDER) for one in narrower))
        spec = replace(spec, raws=tuple(dict.fromkeys(known)))
        job = Job(folder, spec, (*first, MATTING, *_movies(folder, places)))
        self._queue(job)
        self._pending.expect(job, list(places))
        for one in narrower:
            self._pending.hand_over(one, _strips(places))
            one.warn(say("A strip of it was pressed again: that one's result comes from the later job"))
        return job

    def _narrower(self, spec: JobSpec, places: Iterable[Placement]) -> list[Job]:
        """Return the jobs that will make results like those of `spec` for strips of these placements.

        Such a strip was trimmed outward and pressed again. Its one result comes of the new job, which goes on from what
        the model said in the first one.
        """
        strips = _strips(places)
        coming = (job for job in self.queue.jobs if job.state in _TO_COME or job.matted)
        for_them = (job for job in coming if _strips(self._pending.of(job)) & strips)
        return [job for job in for_them if job.spec.recipe == spec.recipe]

    def reuse(self, spec: JobSpec, place: Placement, finished: FinishedJobs) -> Job | None:
        """Return a job that makes or has made these frames, and let it serve `place`, too; None if there is none.

        A job that was stopped goes on.

        Raises:
            SpecError, JobHeld, OutputFailed: the job cannot go on.
        """
        job = self._serving(spec, place, finished)
        if job is None:
            return None
        self._take_over(job)
        is_there = job.state is State.DONE and delivery.is_there(job, place)
        others = [one for one in self._pending.of(job) if not one.is_same(place)]
        if job.state in _STOPPED:
            job = self._go_on(job, others)
        if place.movie and not encoding.is_ordered(job.folder, job.movies_coming, place, place.movie):
            job = self._with_movie(job, place)
        if job.state is State.DONE:
            self.queue.adopt(job)
        self._pending.expect(job, others if is_there else [*others, place])
        if job.matted:
            self._arrivals.add(job)
        return job

    def _serving(self, spec: JobSpec, place: Placement, finished: FinishedJobs) -> Job | None:
        """Return the job that makes or has made these frames, or can go on to make them; None if there is none.

        One that was stopped goes on only in the folder that is chosen now: another one may be the remedy for what
        stopped it.
        """
        alike = [job for job in self.queue.jobs if job.spec.covers(spec)]
        known = [job for job in alike if is_folder(job.folder)]
        coming = [job for job in known if job.state in _TO_COME]
        strip = (place.scene, place.strip)
        asked = (job for job in coming if any((one.scene, one.strip) == strip for one in self._pending.of(job)))
        made = finished.find(spec)
        writing = (job for job in coming if made is not None and job.folder == made.folder)  # a movie of these frames
        stopped = (job for job in known if job.state in _STOPPED and job.folder.parent == finished.parent)
        # A strip that waits for a job stays with it: two jobs would give it two results.
        return next(asked, None) or next(writing, None) or made or next(iter(coming), None) or next(stopped, None)

    def is_coming(self, place: Placement) -> bool:
        """Return whether a placement's strip will get its first result without further action."""
        jobs = [job for job in self.queue.jobs if job.state in _TO_COME or job.matted]
        places = [one for job in jobs for one in self._pending.of(job) if not one.replaces]
        return any((one.scene, one.strip) == (place.scene, place.strip) for one in places)

    def noted_together(self) -> contextlib.AbstractContextManager[None]:
        """Write what is pending to each job's folder only at the end of the block, however many strips concern it."""
        return self._pending.noted_together()

    def retry(self, job: Job) -> Job:
        """Queue a job again that was stopped or owes a movie; it goes on from the frames that it has.

        Raises:
            SpecError, JobHeld, OutputFailed: the job cannot be taken; the old one stays in the list.
        """
        if job.matted:
            again = job.again()
            self._queue(again)
            if job in self._pending:
                self._pending.expect(again, self._pending.of(job))
        else:
            places = self._pending.of(job)
            again = self._go_on(job, places)
            self._pending.expect(again, places)
            again.project_closed = job.project_closed
        return again

    def _go_on(self, job: Job, places: list[Placement]) -> Job:
        """Queue a job again whose frames are not all made, with the movies of these placements.

        Its device and threads are those of the preferences: another device may be the remedy, or the job may come
        from another machine.

        Raises:
            SpecError, JobHeld, OutputFailed: the job cannot be taken; the old one stays in the list.
        """
        before = [part for part in job.parts if part.kind is not Kind.ENCODING]
        spec = replace(
            job.spec, device=preferences.device(), threads=preferences.threads(), raw_limit=preferences.raw_limit()
        )
        again = Job(job.folder, spec, (*before, *_movies(job.folder, places, encoding.free_number(job.folder))))
        self._queue(again)
        return again

    def _take_over(self, job: Job) -> None:
        """Let a job that was found on the disk owe the movies of the job that it replaces in the list."""
        listed = next((one for one in self.queue.jobs if one.folder == job.folder), job)
        if listed is not job:
            job.owe(listed.movies_missing)

    def _with_movie(self, job: Job, place: Placement) -> Job:
        """Let a job write the movie of one more placement, and return it; an ended job is queued again for that."""
        try:
            movies = _movies(job.folder, [place], encoding.free_number(job.folder))
            if job.state.ended:
                again = Job.done_before(job.folder, job.spec, movies)
                again.owe(encoding.of_others(job.folder, job.movies_missing, place))
                self._queue(again)
                return again
        except MattingError as error:  # the strip gets its frames even so
            job.warn(f"{error}. {error.remedy}")
            return job
        for part in movies:
            job.add(part)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job at the user's request: no later session offers to go on with it.

        An ended job stays as it is, and a job whose frames are made still delivers its result.
        """
        if job.state.ended:
            return
        self.queue.cancel(job)
        if job.matted:
            self._pending.waive(job)
        else:
            self._pending.drop(job)
        if job.state is State.CANCELLED and not locks.is_held(job.folder):  # it waited; else `step` sees its end
            self._clean_up(job)

    def dismiss(self, job: Job) -> None:
        """Take an ended job off the list; no later session offers to go on with it. Its frames stay."""
        if not job.state.ended:
            return
        self.queue.dismiss(job)
        self._pending.dismiss(job)
        rendering.give_up(job.folder, libraries.launcher())

    def recall(self) -> bool:
        """List the jobs whose results this project still waits for, and return whether there are any.

        Jobs that an earlier session did not finish wait until the user lets them go on. Finished jobs deliver their
        results, including those that this session ran while another file was open.
        """
        found = list(unfinished.of_this_project())
        for one in found:
            listed = next((job for job in self.queue.jobs if job.folder == one.folder), None)
            if listed is None:
                self._take_up(one)
            elif one.pressed_here:
                self._come_back(listed, one)
        here = [job for job in self.queue.jobs if self._pending.of(job)]
        for job in here:
            job.project_closed = False
            if job.matted:
                self._arrivals.add(job)
        return bool(found or here)

    def _take_up(self, one: unfinished.Expected) -> None:
        """List a job that an earlier session left, if it can go on; if its frames are made, deliver its results."""
        job = done_in(one.folder) if one.pressed_here else None
        if job is not None:
            left = encoding.left_in(one.folder, one.movies)
            job.owe(left)
            unfinished.settle(one.folder, set(one.movies) - {part.name for part in left})
            self._conclude(job)
            job = job if left or one.places else None
        elif one.places:
            job = job_in(one.folder, rendering.left_in(one.folder))
            if job is not None and not one.pressed_here and delivery.is_there(job, one.places[0]):
                job = None  # this copy of a project got its results, which come together; the note is the original's
        if job is not None:
            self.queue.adopt(job)
            self._pending.recall(job, one)

    def _come_back(self, job: Job, one: unfinished.Expected) -> None:
        """Expect a job's results and movies again, for its project is open again."""
        # It may have gone on in another project, where nobody waits for these movies.
        ordered = {part.name for part in job.movies_ordered}
        left = encoding.left_in(job.folder, [name for name in one.movies if name not in ordered])
        if job.state is State.DONE:
            job.owe(left)
        elif job.state in _TO_COME:
            for part in left:
                job.add(part)
        self._pending.recall(job, one)

    def undone(self) -> None:
        """Deliver again what an undo took away in the middle of an arrival."""
        self._arrivals.undone()

    def follow_project(self) -> None:
        """Let pending results belong to the name under which the project was just saved."""
        self._pending.follow_project()

    def step(self) -> list[Job]:
        """Move the queue on, put results of finished jobs on their timelines, and return the jobs that changed."""
        changed = self.queue.tick()
        # Strips are delivered as soon as their frames are made, before any movie.
        for job in changed:
            if job.matted:
                self._arrivals.add(job)
            if job.state is State.CANCELLED:
                self._clean_up(job)
            elif job.state is State.DONE:
                self._conclude(job)
        changed += self._arrivals.deliver()
        return list(dict.fromkeys(changed))

    def run_to_end(self, tell: Callable[[Job], None]) -> None:
        """Work until no job is left, where no timer fires; `tell` is called with each job that changed.

        Ctrl-C cancels the remaining jobs; the frames made so far stay.
        """
        try:
            while self.busy:
                for job in self.step():
                    tell(job)
                time.sleep(TICK_SECONDS / 4)
        except KeyboardInterrupt:
            self.queue.shutdown()
            raise

    def forget_placements(self) -> None:
        """Forget where results go, for another file was opened; the jobs warn of it."""
        for job in self.queue.jobs:
            if self._pending.of(job):
                job.project_closed = True
        self._pending.forget_project()
        self._arrivals.clear()  # also those that wait for a render to end

    def _clean_up(self, job: Job) -> None:
        """Delete the folder of a cancelled job and take it off the list, if the preferences say so.

        A job without placements comes from the command line and keeps its frames. So does one for which another project
        waits.
        """
        if not self._pending.of(job) or not preferences.discards_cancelled() or unfinished.is_awaited(job.folder):
            return
        try:
            discard(job.folder, libraries.launcher())
        except OSError as error:
            job.warn(say("Its frames could not be deleted: {reason}", reason=error.strerror or ""))
        else:
            self.queue.dismiss(job)
            self._pending.dismiss(job)

    def _queue(self, job: Job) -> None:
        """Queue a job; if the queue was idle, a new batch begins with it. A job that goes on counts once.

        Raises:
            SpecError, JobHeld, OutputFailed: the job cannot be taken.
        """
        before = [one for one in self.batch if one.folder != job.folder] if self.busy else []
        self.queue.submit(job)
        self.batch = [*before, job]

    def _conclude(self, job: Job) -> None:
        """Learn from the movies of a finished job, and delete what only its making needed."""
        for movie in job.movies:
            rates.current().learn_movie(job.spec.look, movie)
        if not job.movies_missing:  # to write these later takes the sound from the copy of the project
            rendering.clean_up(job.folder)
        self._pending.settle(job)


def _strips(places: Iterable[Placement]) -> set[tuple[str, str]]:
    """Return the strips, by scene and name, that get their first results with these placements."""
    return {(one.scene, one.strip) for one in places if not one.replaces}


def _movies(folder: Path, places: Iterable[Placement], first: int = 1) -> list[Part]:
    """Return the parts that write the movies that a job's placements ask for, numbered from `first`.

    Raises:
        OutputFailed: the folder cannot be written to.
    """
    wanted = [(place, place.movie) for place in places if place.movie is not None]
    return [encoding.prepare(folder, *one, number) for number, one in enumerate(wanted, first)]


_runner: Runner | None = None


def current() -> Runner:
    """Return this Blender's runner."""
    global _runner  # noqa: PLW0603  # one per Blender: the window's timer, its operators and its panel share it
    if _runner is None:
        _runner = Runner()
    return _runner


def end() -> None:
    """End the running job, and drop the runner.

    An unfinished job stays noted in its folder (`unfinished`): the next session, or the extension when it is enabled
    again, offers to go on with it. A job that the user cancelled does not go on.
    """
    global _runner  # as above
    runner, _runner = _runner, None
    if runner is not None:
        cancelled = [job for job in runner.queue.jobs if job.state is State.CANCELLED]
        runner.queue.shutdown()
        for job in cancelled:
            rendering.give_up(job.folder, libraries.launcher())
