"""Running the product's worker, or any other program, and measuring its time, processor time and memory."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rvm_addon.engine.contract.events import EVENTS_FILE, Event, decode
from rvm_addon.engine.contract.spec import RAW_GIGABYTES, JobSpec, Source, SourceKind
from rvm_addon.engine.contract.view import View
from rvm_addon.jobs.job import Job
from rvm_addon.jobs.worker import Launcher, matting

from . import cost


@dataclass(frozen=True)
class Cost:
    """The time and memory of one process, from its start to its end."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    """Peak of resident memory in 10^6 bytes."""
    printed: str = ""


def cost_of(command: Sequence[str | Path], environment: dict[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run a program to its end, and return its cost.

    Raises:
        SystemExit: it failed; the text carries its output.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "printed")
        between: list[str | Path] = [sys.executable, "-I", "-S", cost.__file__, output]
        told = subprocess.run(
            [*between, *command], env=environment, cwd=cwd, stdout=subprocess.PIPE, check=True, text=True
        )
        printed = output.read_text(encoding="utf-8", errors="replace")
    took = json.loads(told.stdout)
    if (status := took.pop("status")) != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed with status {status}:\n{printed[-2000:]}")
    return Cost(**took, printed=printed)


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
    """Return a job over a clip's first frames, like a strip's with raw mattes kept; `settings` override its fields."""
    source = Source(SourceKind.MOVIE, (str(clip),), tuple(range(frames)))
    spec = JobSpec(clip.stem, source, "frames", clip.stem, str(model), raw_limit=int(RAW_GIGABYTES * 1e9))
    return replace(spec, **settings)


def matted(spec: JobSpec, folder: Path, view: View | None = None) -> Matted:
    """Run a job in `folder` the way the queue does, with the live picture if `view` is given; return its cost.

    Raises:
        SystemExit: the worker failed.
    """
    Job(folder, spec).write()
    if view is not None:
        view.write(folder)
    part = matting(folder, Launcher())
    cost = cost_of(part.command, part.environment, folder)
    (folder / part.log).write_text(cost.printed, encoding="utf-8")
    lines = (folder / EVENTS_FILE).read_text(encoding="utf-8").splitlines()
    return Matted(cost, folder / spec.output, tuple(map(decode, lines)))


def complain(text: str) -> None:
    """Print a warning of the engine's where it does not mix with what is measured."""
    sys.stderr.write(f"{text}\n")
