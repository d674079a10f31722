"""Finished jobs, found again in their folders so that nothing is matted twice.

Of a job that does not match, only the digests of its recipe are read: a project may have hundreds of jobs.
"""

from collections import defaultdict
from pathlib import Path

from ..engine.contract.errors import SpecError
from ..engine.contract.events import Finished, last_event
from ..engine.contract.files import is_folder, names_in, stamps
from ..engine.contract.spec import JOB_FILE, RAW_FOLDER, JobSpec
from ..engine.contract.whole import is_whole
from .job import RECIPE_FILE, Job

_KEPT_BACK_NANOSECONDS = 120_000_000_000
"""A file of this age has reached the disk: Linux writes after half a minute, on battery after up to two minutes."""


class FinishedJobs:
    """The jobs in one folder of results, as found when this object is created."""

    def __init__(self, parent: Path) -> None:
        """Index the job folders in `parent`, which need not exist."""
        self.parent = parent
        self._folders: dict[str, list[Path]] = defaultdict(list)
        self._matted: dict[str, list[Path]] = defaultdict(list)
        self._jobs: dict[Path, Job | None] = {}
        # A folder whose name begins with a dot is being deleted (`aside.discard`).
        for folder in (parent / name for name in sorted(names_in(parent)) if not name.startswith(".")):
            digests = _text(folder / RECIPE_FILE).split()
            if digests:
                self._folders[digests[0]].append(folder)
            for matting in set(digests[1:]):
                self._matted[matting].append(folder)

    def find(self, spec: JobSpec) -> Job | None:
        """Return a finished job whose frames are those that `spec` would make, all of them whole; None without one."""
        folders = self._folders.get(spec.recipe_digest, ()) if spec.reusable else ()
        jobs = (self._job(folder) for folder in folders)
        return next((job for job in jobs if job and job.spec.covers(spec) and has_frames(job, spec)), None)

    def raws(self, spec: JobSpec) -> tuple[str, ...]:
        """Return the folders of raw mattes that `spec` can use, the newest last, those of unfinished jobs included.

        If the model file of `spec` is gone, the raw mattes of any file that had its name are used: no better exist.
        """
        if not (spec.source.stamps or spec.source.disposable):
            return ()
        folders = [folder / RAW_FOLDER for folder in self._matted.get(spec.matting_digest, ())]
        there = [folder for folder in folders if is_folder(folder)]
        return tuple(str(folder) for folder in sorted(there, key=lambda folder: folder.stat().st_mtime))

    def _job(self, folder: Path) -> Job | None:
        """Return the job of a folder if it ended well; each call returns the same object."""
        if folder not in self._jobs:
            self._jobs[folder] = finished_job(folder)
        return self._jobs[folder]


def finished_job(folder: Path) -> Job | None:
    """Return the job of a folder if it ended well."""
    if not _is_finished(folder):
        return None
    try:
        return Job.done_before(folder, JobSpec.from_json(_text(folder / JOB_FILE)))
    except SpecError:  # changed by hand, or by another version
        return None


def _is_finished(folder: Path) -> bool:
    """Return whether the worker's last event in a job's folder says that the job is done."""
    return isinstance(last_event(folder), Finished)


def has_frames(job: Job, wanted: JobSpec) -> bool:
    """Return whether every frame that `wanted` asks for is in the job's output folder, and whole.

    A power cut may leave files that are empty, or of full length but all zeros, even of a job that reported its end.
    Systems delay writes only for a short time, so only the newest frames are opened: the user's click waits for this,
    and a hard disk opens a hundred files a second.
    """
    paths = [job.output / job.spec.file_name(frame) for frame in wanted.source.frames or ()]
    stamped = stamps(map(str, paths))
    if any(size <= 0 for size, _ in stamped):  # missing or empty
        return False
    unsure = max((written for _, written in stamped), default=0) - _KEPT_BACK_NANOSECONDS
    return all(is_whole(path) for path, (_, written) in zip(paths, stamped, strict=True) if written >= unsure)


def _text(path: Path) -> str:
    """Return a file's text; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
