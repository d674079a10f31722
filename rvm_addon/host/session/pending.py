"""Where the results of this Blender's jobs still have to go, and which movies they owe.

Kept here while the project is open, and noted in the jobs' folders (`unfinished`) for later sessions.
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import bpy

from ...jobs.job import Job
from ...jobs.parts import Part
from ..strip.placements import Placement
from . import unfinished


class Pending:
    """The placements of the open project, by job folder."""

    def __init__(self) -> None:
        """Begin with nothing pending."""
        self._places: dict[Path, list[Placement]] = {}
        """An empty list if only movies are pending."""
        self._project = bpy.data.filepath
        """The file of the open project."""
        self._late: dict[Path, Job] | None = None
        """The jobs whose notes are written at the end of a `noted_together`."""
        self._former: dict[Path, str] = {}
        """The name under which the open project noted a job, by job folder, if it was moved since."""
        self._dropped: set[Path] = set()
        """The folders of jobs that no folder notes any more, but that the user may still let go on in this session."""
        self._aside: dict[str, dict[Path, list[Placement]]] = {}
        """The placements of such jobs by project, for those that are not open."""

    def __contains__(self, job: Job) -> bool:
        """Return whether anything of a job is pending in the open project."""
        return job.folder in self._places

    def of(self, job: Job) -> list[Placement]:
        """Return where a job's results still have to go."""
        return self._places.get(job.folder, [])

    def awaiting(self) -> Iterator[Placement]:
        """Yield every placement that is pending."""
        for places in self._places.values():
            yield from places

    def expect(self, job: Job, places: list[Placement]) -> None:
        """Remember where a job's results go and which movies it owes, here and in its folder."""
        if not places and not job.movies_owed:
            self._places.pop(job.folder, None)
            return
        self._dropped.discard(job.folder)
        self._places[job.folder] = places
        if self._late is None:
            self._note(job)
        else:
            self._late[job.folder] = job

    def hand_over(self, job: Job, strips: Collection[tuple[str, str]]) -> None:
        """Expect nothing more of a job for these strips, by scene and name: another job makes their first results."""
        self.expect(job, [one for one in self.of(job) if one.replaces or (one.scene, one.strip) not in strips])
        if job not in self:
            unfinished.forget(job.folder, self._former.get(job.folder))

    @contextlib.contextmanager
    def noted_together(self) -> Iterator[None]:
        """Write the note of each folder only at the end of the block: hundreds of strips may share a job."""
        self._late = {}
        try:
            yield
        finally:
            late, self._late = self._late, None
            for job in late.values():
                self._note(job)

    def _note(self, job: Job) -> None:
        """Note in a job's folder what is pending.

        A movie that was cancelled stays out of it, so that no later session offers it.
        """
        failed = unfinished.movies_owed(job.folder) if job.movies_missing else frozenset()
        missing = [name for name in _names(job.movies_missing) if name in failed]
        places, movies = self.of(job), [*missing, *_names(job.movies_coming)]
        if places or movies:
            unfinished.note(job.folder, places, movies, self._former.get(job.folder))

    def recall(self, job: Job, noted: unfinished.Expected) -> None:
        """Remember what a job's folder already notes."""
        self._places[job.folder] = noted.places
        if noted.former is not None:
            self._former[job.folder] = noted.former

    def take(self, job: Job) -> Placement | None:
        """Return the next placement where a job's result has to go, and forget it here; None if there is none.

        Results that are replaced come first: a strip that has its frames gets no second one.
        """
        places = self.of(job)
        if not places:
            return None
        taken = next((place for place in places if place.replaces), places[0])
        self._places[job.folder] = [place for place in places if place is not taken]
        return taken

    def settle(self, job: Job, *, delivered: bool = False) -> None:
        """Note what a job whose frames are made still owes; forget the job if that is nothing."""
        self._end(job, _names(job.movies_owed), delivered=delivered)

    def waive(self, job: Job) -> None:
        """Let no later session write the movies of a job whose frames are made; the user may still retry it here."""
        unfinished.settle(job.folder, _names(job.movies_ordered))

    def dismiss(self, job: Job) -> None:
        """Forget a job that was taken off the list: its movies and, unless its frames are all made, its results."""
        if job.matted:
            self._end(job, [])
        else:
            self.drop(job)
            self._dropped.discard(job.folder)
            self._places.pop(job.folder, None)

    def drop(self, job: Job) -> None:
        """Let no later session of this project offer to go on with a job; in this one, the user may."""
        self._dropped.add(job.folder)
        unfinished.forget(job.folder, self._former.get(job.folder))

    def follow_project(self) -> None:
        """Let everything belong to the name under which the project was just saved."""
        before, self._project = self._project, bpy.data.filepath
        if self._project != before:
            for folder in self._places:
                unfinished.follow(folder, before)

    def forget_project(self) -> None:
        """Forget everything here, for another file was opened; the folders' notes stay.

        What no folder notes is put aside until its project is open again, also at once, if the user reverts.
        """
        dropped = {folder: self._places[folder] for folder in self._dropped & self._places.keys()}
        if self._project and dropped:
            self._aside[self._project] = dropped
        self._project = bpy.data.filepath
        self._places = self._aside.pop(self._project, {})
        self._former.clear()

    def _end(self, job: Job, owed: Iterable[str], *, delivered: bool = False) -> None:
        """Note that a job owes only these movies, by the names of their parts."""
        owed = set(owed)
        ended = (name for name in _names(job.movies_ordered) if name not in owed)
        unfinished.settle(job.folder, ended, delivered=delivered)
        if not owed and not self.of(job):
            self._places.pop(job.folder, None)


def _names(parts: Iterable[Part]) -> list[str]:
    """Return the names of parts."""
    return [part.name for part in parts]
