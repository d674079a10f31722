"""Jobs that an earlier session left unfinished, found again in their folders."""

import os
from collections.abc import Iterable
from pathlib import Path

from ..engine.contract import locks
from ..engine.contract.errors import SpecError
from ..engine.contract.events import last_event
from ..engine.contract.spec import JobSpec
from .finished import finished_job, has_frames
from .job import Job
from .parts import MATTING, Part


def done_in(folder: Path) -> Job | None:
    """Return the job of a folder if all its frames are made; None if not, or while a process or a queue holds it."""
    job = None if locks.is_held(folder) else finished_job(folder)
    return job if job is not None and has_frames(job, job.spec) else None


def job_in(folder: Path, rendering: Part | None) -> Job | None:
    """Return the job of a folder so that it can go on; None if there is none, or while another holds it.

    `rendering` is the part that renders its pictures, if it has one that can still run.
    """
    try:
        spec = JobSpec.read(folder)
    except (OSError, ValueError, SpecError):  # missing, incomplete, or of another version
        return None
    unprepared = spec.source.disposable and rendering is None
    if unprepared or not _minds_its_own(folder, spec) or locks.is_held(folder):
        return None
    first = [] if rendering is None else [rendering]
    return Job.left_behind(folder, spec, (*first, MATTING), last_event(folder))


def _minds_its_own(folder: Path, spec: JobSpec) -> bool:
    """Return whether a job writes and deletes only in its folder: one that came with a project may name any path."""
    frames = [folder / spec.output / spec.stem]
    return lie_within(folder, [*map(str, frames), *(spec.source.paths if spec.source.disposable else ())])


def lie_within(folder: Path, paths: Iterable[str]) -> bool:
    """Return whether all files lie in a folder or below it, once the links in their folders' paths are resolved."""
    real = os.path.realpath(folder)
    parents = {os.path.dirname(os.path.normpath(path)) for path in paths}  # noqa: PTH120  # of 10,000 pictures
    return all(Path(os.path.realpath(parent)).is_relative_to(real) for parent in parents)
