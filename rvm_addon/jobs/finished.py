"""Jobs that are done already, found again in their folders, so that nothing is matted twice.

Of each job that does not match, the digests of its recipe are read and nothing else: a project may have hundreds.
"""

import os
from collections import defaultdict
from pathlib import Path

from ..engine.errors import SpecError
from ..engine.events import Finished, last_event
from ..engine.files import names_in, stamps
from ..engine.spec import JOB_FILE, RAW_FOLDER, JobSpec
from ..engine.whole import is_whole
from .job import RECIPE_FILE, Job

_KEPT_BACK_NANOSECONDS = 120_000_000_000
"""What is as old as this has reached the disk: Linux writes after half a minute, on batteries up to two."""


class FinishedJobs:
    """The jobs that were made in one folder of results, as they are at the moment of looking."""

    def __init__(self, parent: Path) -> None:
        """Look through the job folders in `parent`, which need not be there."""
        self._folders: dict[str, list[Path]] = defaultdict(list)
        self._matted: dict[str, list[Path]] = defaultdict(list)
        self._jobs: dict[Path, Job | None] = {}
        # What begins with a dot is being deleted (`aside.discard`).
        for folder in (parent / name for name in sorted(names_in(parent)) if not name.startswith(".")):
            recipe, *mattings = _text(folder / RECIPE_FILE).split("\n")
            self._folders[recipe].append(folder)
            for matting in set(mattings):
                self._matted[matting].append(folder)

    def find(self, spec: JobSpec) -> Job | None:
        """Return a job that ended well and whose frames, all there and whole, are what `spec` would make; or None."""
        folders = self._folders.get(spec.recipe_digest, ()) if spec.reusable else ()
        jobs = (self._job(folder) for folder in folders)
        return next((job for job in jobs if job and job.spec.covers(spec) and has_frames(job, spec)), None)

    def raws(self, spec: JobSpec) -> tuple[str, ...]:
        """Return the folders of raw mattes that `spec` can use, the newest last; unfinished jobs' serve, too.

        Where its model is gone, those of whichever file had that name serve: they are all that there is.
        """
        if not (spec.source.stamps or spec.source.disposable):
            return ()
        folders = [folder / RAW_FOLDER for folder in self._matted.get(spec.matting_digest, ())]
        there = [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112  # Path's own raises
        return tuple(str(folder) for folder in sorted(there, key=lambda folder: folder.stat().st_mtime))

    def _job(self, folder: Path) -> Job | None:
        """Return the job of a folder if it ended well; the same one each time."""
        if folder not in self._jobs:
            self._jobs[folder] = finished_job(folder)
        return self._jobs[folder]


def finished_job(folder: Path) -> Job | None:
    """Return the job of a folder if it ended well."""
    if not is_finished(folder):
        return None
    try:
        return Job.done_before(folder, JobSpec.from_json(_text(folder / JOB_FILE)))
    except SpecError:  # changed by hand, or by another version
        return None


def is_finished(folder: Path) -> bool:
    """Return whether the last thing that the worker said in a job's folder is that all is done."""
    return isinstance(last_event(folder), Finished)


def has_frames(job: Job, wanted: JobSpec) -> bool:
    """Return whether every frame that `wanted` asks for stands whole in the job's output folder.

    A power cut may have left files that are empty, also of a job that had told that all is done, or long enough and
    nought. Systems keep back for a minute what is to be written, so only the newest frames are opened: the button waits
    for this, and a disk that turns opens a hundred files a second.
    """
    paths = [job.output / job.spec.file_name(frame) for frame in wanted.source.frames or ()]
    told = stamps(map(str, paths))
    if any(size <= 0 for size, _ in told):  # not there, or empty
        return False
    unsure = max((written for _, written in told), default=0) - _KEPT_BACK_NANOSECONDS
    return all(is_whole(path) for path, (_, written) in zip(paths, told, strict=True) if written >= unsure)


def _text(path: Path) -> str:
    """Return what a file says; nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
