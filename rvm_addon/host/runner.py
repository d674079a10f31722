"""The queue of this Blender, and what happens when a job is done. `driver` moves it along in a window."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import bpy

from ..engine import locks
from ..engine.errors import MattingError
from ..engine.spec import JobSpec
from ..jobs.aside import discard
from ..jobs.finished import FinishedJobs
from ..jobs.job import Job, State
from ..jobs.left import done_in, job_in
from ..jobs.parts import MATTING, Kind, Part
from ..jobs.queue import JobQueue
from . import delivery, encoding, libraries, preferences, rates, rendering, unfinished
from .placements import Placement
from .translations import say

TICK_SECONDS = 0.1
_TO_COME = frozenset({State.QUEUED, State.RUNNING})
"""Where a job stands whose frames will be there without anybody's doing."""
_STOPPED = frozenset({State.FAILED, State.CANCELLED, State.INTERRUPTED})
"""Where a job stands that can go on."""

_HANDS = ("SEQUENCER_OT_", "TRANSFORM_OT_")
"""How the names of operators begin that hold strips as long as they run; others, such as add-ons', may run for ever."""


class Runner:
    """One queue and, for each job made from strips, where its results go."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self.queue = JobQueue(libraries.launcher())
        self._placements: dict[Path, list[Placement]] = {}
        """By a job's folder, where results of the open project's jobs are still to come; none where only movies are."""
        self._project = bpy.data.filepath
        """The open one's file."""
        self._arrived: list[Job] = []
        self.batch: list[Job] = []
        """The jobs since the queue was idle last: what the user waits for, ended or not."""

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits, or a result has not been put on its timeline yet."""
        return self.queue.busy or bool(self._arrived)

    @property
    def progress(self) -> float:
        """From 0 to 1, over everything that the user waits for; a job counts by its frames."""
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
        """Queue a job in `folder`; for each placement, its result becomes a strip.

        Where the strip is rendered first, that is done from `project`, or a copy of the job's own.

        Raises:
            SpecError, OutputFailed: the job cannot be taken.
        """
        first: list[Part] = []
        if places and spec.source.disposable:
            spec, *first = rendering.prepare(folder, spec, places[0], project or rendering.ProjectCopy())
        job = Job(folder, spec, (*first, MATTING, *_movies(folder, places)))
        self._queue(job)
        self._expect(job, list(places))
        return job

    def reuse(self, spec: JobSpec, place: Placement, finished: FinishedJobs) -> Job | None:
        """Return a job that makes these frames, or has made them, and let it serve `place` too; None if none does.

        One that was stopped goes on.

        Raises:
            SpecError, JobHeld, OutputFailed: it cannot.
        """
        alike = [job for job in self.queue.jobs if job.spec.covers(spec)]
        known = [job for job in alike if os.path.isdir(job.folder)]  # noqa: PTH112  # Path's own raises
        coming = next((job for job in known if job.state in _TO_COME), None)
        job = coming or finished.find(spec) or next((job for job in known if job.state in _STOPPED), None)
        if job is None:
            return None
        self._take_over(job)
        is_there = job.state is State.DONE and delivery.is_there(job, place)
        others = [one for one in self._placements.get(job.folder, []) if not one.is_same(place)]
        if job.state in _STOPPED:
            job = self._go_on(job, others)
        if place.movie and not encoding.is_ordered(job.folder, job.movies_coming, place, place.movie):
            job = self._with_movie(job, place)
        if job.state is State.DONE:
            self.queue.adopt(job)
        if is_there:
            return job
        if job.matted and job not in self._arrived:
            self._arrived.append(job)
        self._expect(job, [*others, place])
        return job

    def retry(self, job: Job) -> Job:
        """Queue a job that was stopped, or owes a movie: it goes on from the frames that it has, as it was meant to.

        Raises:
            SpecError, JobHeld, OutputFailed: the job cannot be taken; the old one stays in the list.
        """
        if job.matted:
            again = job.again()
            self._queue(again)
            if job.folder in self._placements:
                self._expect(again, self._placements[job.folder])
        else:
            places = self._placements.get(job.folder, [])
            again = self._go_on(job, places)
            self._expect(again, places)
        return again

    def _go_on(self, job: Job, places: list[Placement]) -> Job:
        """Queue a job whose frames do not all stand once more, with the movies of these placements.

        It runs on what the preferences say now: another device may be the remedy, and it may be another's machine.

        Raises:
            SpecError, JobHeld, OutputFailed: the job cannot be taken; the old one stays in the list.
        """
        before = [part for part in job.parts if part.kind is not Kind.ENCODING]
        spec = replace(
            job.spec, device=preferences.device(), threads=preferences.threads(), raw_limit=preferences.raw_limit()
        )
        again = Job(job.folder, spec, (*before, *_movies(job.folder, places)))
        self._queue(again)
        return again

    def _take_over(self, job: Job) -> None:
        """Let a job that was found on the disk owe what the one owes that is listed for its folder, and gives way."""
        listed = next((one for one in self.queue.jobs if one.folder == job.folder), job)
        if listed is not job:
            job.owe(listed.movies_missing)

    def _with_movie(self, job: Job, place: Placement) -> Job:
        """Let a job write the movie of one more placement, and return it; one that was done gets up again for that."""
        try:
            movies = _movies(job.folder, [place], encoding.free_number(job.folder))
            if job.state.ended:
                again = Job.done_before(job.folder, job.spec, movies)
                again.owe(encoding.of_others(job.folder, job.movies_missing, place))
                self._queue(again)
                return again
        except MattingError as error:  # the strip gets its frames all the same
            job.warnings.append(f"{error}. {error.remedy}")
            return job
        for part in movies:
            job.add(part)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job on the user's word: no later session offers to go on with it.

        One that has ended stays as it is, and so does the result of one whose frames stand.
        """
        if job.state.ended:
            return
        self.queue.cancel(job)
        if job.matted:
            unfinished.settle(job.folder, movies=())
        else:
            unfinished.forget(job.folder)
        if job.state is State.CANCELLED and not locks.is_held(job.folder):  # it waited; else a step sees its end
            self._clean_up(job)

    def dismiss(self, job: Job) -> None:
        """Take a job that has ended off the list; no later session offers to go on with it. Its frames stay."""
        if not job.state.ended:
            return
        self.queue.dismiss(job)
        if job.state in _STOPPED:
            unfinished.forget(job.folder)
        else:
            self._settle(job, movies=())
        rendering.give_up(job.folder, libraries.launcher())

    def recall(self) -> bool:
        """List the jobs whose results this project still waits for, and return whether there are any.

        Those that an earlier session has not brought to their end wait for the user's word to go on. The others put
        their results where they belong, as do those that this one has run while another file was open.
        """
        found = list(unfinished.of_this_project())
        for one in found:
            listed = next((job for job in self.queue.jobs if job.folder == one.folder), None)
            if listed is None:
                self._take_up(one)
            elif one.pressed_here:
                self._come_back(listed, one.places)
        return bool(found)

    def _take_up(self, one: unfinished.Expected) -> None:
        """List a job that an earlier session left, if it can go on; where its frames stand, its results come now."""
        job = done_in(one.folder) if one.pressed_here else None
        if job is not None:
            job.owe(encoding.left_in(one.folder, one.movies))
            self._conclude(job)
            self._arrived += [job] if one.places else []
        elif one.places:
            job = job_in(one.folder, rendering.left_in(one.folder))
        if job is not None:
            self.queue.adopt(job)
            self._placements[one.folder] = one.places

    def _come_back(self, job: Job, places: list[Placement]) -> None:
        """The project of a job is open again."""
        if _elsewhere(job) in job.warnings:
            job.warnings.remove(_elsewhere(job))
        self._placements[job.folder] = places
        if places and job.matted and job not in self._arrived:
            self._arrived.append(job)

    def follow_project(self) -> None:
        """The project was saved, perhaps under another name: what is to come belongs to that."""
        before, self._project = self._project, bpy.data.filepath
        if self._project != before:
            for folder in self._placements:
                unfinished.follow(folder, before)

    def step(self) -> list[Job]:
        """Move the queue on, put results of finished jobs on their timelines, and return the jobs that changed."""
        changed = self.queue.tick()
        # The strips do not wait for movies.
        ready = (job for job in changed if job.matted and self._placements.get(job.folder))
        self._arrived += [job for job in ready if job not in self._arrived]
        for job in changed:
            if job.state is State.CANCELLED:
                self._clean_up(job)
            elif job.state is State.DONE:
                self._conclude(job)
        changed += self._deliver_all()
        return list(dict.fromkeys(changed))

    def run_to_end(self, tell: Callable[[Job], None]) -> None:
        """Work until nothing waits, where no timer fires; `tell` is given each job that changed.

        Ctrl-C cancels what is left; the frames made so far stay.
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
        """Another file was opened: results no longer belong on this timeline."""
        for job in self.queue.jobs:
            if self._placements.get(job.folder):
                job.warnings.append(_elsewhere(job))
        self._project = bpy.data.filepath
        self._placements.clear()
        self._arrived.clear()  # what waits for the end of a render comes when its project is open again

    def _clean_up(self, job: Job) -> None:
        """Delete what a cancelled job has made and take it off the list, where the preferences say so.

        What no strip asked for, a command line did: that keeps its frames.
        """
        if not self._placements.get(job.folder) or not preferences.discards_cancelled():
            return
        try:
            discard(job.folder, libraries.launcher())
        except OSError as error:
            job.warnings.append(say("Its frames could not be deleted: {reason}", reason=error.strerror or ""))
        else:
            self.queue.dismiss(job)

    def _queue(self, job: Job) -> None:
        """Queue a job, and count anew if nothing is left of what the user waited for.

        Raises:
            SpecError, JobHeld, OutputFailed: the job cannot be taken.
        """
        if not self.busy:
            self.batch = []
        self.queue.submit(job)
        self.batch.append(job)

    def _expect(self, job: Job, places: list[Placement]) -> None:
        """Remember where a job's results go, here and in its folder."""
        self._placements[job.folder] = places
        if places or job.movies_owed:
            unfinished.note(job.folder, places, _names(job.movies_owed))

    def _settle(self, job: Job, movies: Iterable[str], *, delivered: bool = False) -> None:
        """Note what is still to come of a job whose frames stand; where that is nothing, no save asks for it again."""
        movies = list(movies)
        unfinished.settle(job.folder, movies, delivered=delivered)
        if not movies and not self._placements.get(job.folder):
            self._placements.pop(job.folder, None)

    def _conclude(self, job: Job) -> None:
        """Learn from the movies of a finished job, and delete what it needs no more."""
        for movie in job.movies:
            rates.current().learn_movie(job.spec.look, movie)
        if not job.movies_missing:  # whoever writes them later hears the project's sound
            rendering.clean_up(job.folder)
        self._settle(job, _names(job.movies_owed))

    def _deliver_all(self) -> list[Job]:
        """Put what has arrived on the timeline, unless its strips are in use, and return the jobs that it came from.

        It is one step that can be undone, however much it is: Blender keeps 32 of them, of the user's own, too.
        """
        jobs: list[Job] = []
        came: list[Placement] = []
        while self._arrived and not _in_use():
            job = self._arrived.pop(0)
            jobs.append(job)
            came += self._deliver(job)
        if came and not bpy.app.background:  # there the operator's own step covers it, and none can be pushed
            bpy.ops.rvm.results_arrived("EXEC_DEFAULT", True)
        return jobs

    def _deliver(self, job: Job) -> list[Placement]:
        """Put the results of a job whose frames stand on the timeline, and return where it may have changed."""
        if job.folder not in self._placements:  # another project's
            return []
        places, self._placements[job.folder] = self._placements[job.folder], []
        places = sorted(places, key=lambda place: not place.replaces)  # who finds its frames there gets them once
        to_come = (place for others in self._placements.values() for place in others)
        awaiting = frozenset(place.strip for place in (*places, *to_come) if not place.replaces)
        touched = [place for place in places if delivery.put(job, place, awaiting)]
        if places:
            self._settle(job, _names(job.movies_owed), delivered=True)
            rates.current().learn(job)
        return touched


def _in_use() -> bool:
    """Return whether strips must be left as they are: a render reads them, or the user has some in hand.

    An undo step would end up in the middle of it; and Blender crashes where a strip that is dragged is removed.
    """
    if bpy.app.is_job_running("RENDER"):
        return True
    modal = (operator.bl_idname for window in bpy.context.window_manager.windows for operator in window.modal_operators)
    return any(name.startswith(_HANDS) for name in modal)


def _movies(folder: Path, places: Iterable[Placement], first: int = 1) -> list[Part]:
    """Return the parts that write the movies of a job's placements, where these want any; `first` is their number.

    Raises:
        OutputFailed: the folder refuses.
    """
    wanted = [(place, place.movie) for place in places if place.movie is not None]
    return [encoding.prepare(folder, *one, number) for number, one in enumerate(wanted, first)]


def _names(parts: Iterable[Part]) -> list[str]:
    """Return what the files of parts are called."""
    return [part.name for part in parts]


def _elsewhere(job: Job) -> str:
    """Return what the user is told of a job whose project was closed."""
    return f"Another file was opened; the frames go to “{job.output}”"


_runner: Runner | None = None


def current() -> Runner:
    """Return this Blender's runner."""
    global _runner  # noqa: PLW0603  # one per Blender: the window's timer, its operators and its panel share it
    if _runner is None:
        _runner = Runner()
    return _runner


def end() -> None:
    """End what runs, and let go of the runner.

    What is not done stays noted in its folder (`unfinished`): the next session, or the extension once it is enabled,
    offers to go on with it. What the user has cancelled goes on no more.
    """
    global _runner  # as above
    runner, _runner = _runner, None
    if runner is not None:
        cancelled = [job for job in runner.queue.jobs if job.state is State.CANCELLED]
        runner.queue.shutdown()
        for job in cancelled:
            rendering.give_up(job.folder, libraries.launcher())
