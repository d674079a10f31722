"""Jobs that an earlier session left undone, found again in their folders."""

from pathlib import Path

from ..engine import lifeline
from ..engine.errors import SpecError
from ..engine.events import last_event
from ..engine.spec import JOB_FILE, JobSpec
from .finished import finished_job, has_frames
from .job import Job
from .parts import MATTING, Part


def done_in(folder: Path) -> Job | None:
    """Return the job of a folder if all its frames stand; None if not, or while a process works on it."""
    job = None if lifeline.is_held(folder) else finished_job(folder)
    return job if job is not None and has_frames(job, job.spec) else None


def job_in(folder: Path, rendering: Part | None) -> Job | None:
    """Return the job of a folder, to go on with; None where that is none, or a process works on it now.

    `rendering` is its first part, where it has one that can be done.
    """
    try:
        spec = JobSpec.from_json((folder / JOB_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, SpecError):  # not there, half, or of another version
        return None
    unprepared = spec.source.disposable and rendering is None
    if unprepared or lifeline.is_held(folder):
        return None
    first = [] if rendering is None else [rendering]
    return Job.left_behind(folder, spec, (*first, MATTING), last_event(folder))
