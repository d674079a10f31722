"""Running things and taking their measure: time, processor time, memory; the product's worker, and any other program.

POSIX only: `wait4` tells what one child used.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rvm_addon.engine.events import EVENTS_FILE, Event, decode
from rvm_addon.engine.spec import JobSpec, Source, SourceKind
from rvm_addon.jobs.job import LOG_FILE, Job
from rvm_addon.jobs.worker import Launcher, matting

_KIB_IN_MAXRSS = 1024 if sys.platform == "darwin" else 1
"""Darwin counts `ru_maxrss` in bytes, everybody else in KiB."""


@dataclass(frozen=True)
class Cost:
    """What one process took, from its start to its end."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    """Of resident memory, in 10^6 bytes."""
    printed: str = ""


def cost_of(command: Sequence[str | Path], environment: dict[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run a program to its end.

    Raises:
        SystemExit: it failed; the text carries what it said.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,  # held open: a worker ends with it
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=cwd,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout is not None  # noqa: S101  # for the reader's eye: PIPE was asked for
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed with status {process.returncode}:\n{printed[-2000:]}")
    peak = usage.ru_maxrss * 1024 / _KIB_IN_MAXRSS / 1e6
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak, printed)


@dataclass(frozen=True)
class Matted:
    """One run of the product's worker."""

    cost: Cost
    frames: Path
    """The folder of results."""
    events: tuple[Event, ...]

    @property
    def rate(self) -> float:
        """Frames per second of the whole process, its start included."""
        return len(list(self.frames.iterdir())) / self.cost.seconds


def job_spec(clip: Path, model: Path, frames: int, **settings: Any) -> JobSpec:
    """Return the job of a clip's first frames, with the product's defaults but for `settings`."""
    source = Source(SourceKind.MOVIE, (str(clip),), tuple(range(frames)))
    spec = JobSpec(clip.stem, source, "frames", clip.stem, str(model))
    return replace(spec, **settings)


def matted(spec: JobSpec, folder: Path) -> Matted:
    """Run a job in `folder` the way the queue does, and return what it took.

    Raises:
        SystemExit: the worker failed.
    """
    Job(folder, spec).write()
    part = matting(folder, Launcher())
    cost = cost_of(part.command, part.environment, folder)
    (folder / LOG_FILE).write_text(cost.printed, encoding="utf-8")
    lines = (folder / EVENTS_FILE).read_text(encoding="utf-8").splitlines()
    return Matted(cost, folder / spec.output, tuple(map(decode, lines)))
