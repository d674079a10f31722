"""What earlier runs of the command line made: that alone gives way, and only to a run that makes something itself."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..engine import whole
from ..jobs.job import Job

_MADE_FILE = "made.json"
"""In a job's folder: what its runs made, by name, of which file each and how. `job.json` tells of the last run only."""
_APART = "earlier"
"""In a job's folder: frames that give way, until it is sure that they do."""


class Origin(NamedTuple):
    """How a file was made."""

    source: str
    """Absolute path of the file of which it was made."""
    settings: str
    """What tells the settings from others; empty where a version made it that did not note them."""


def made(folder: Path) -> dict[str, Origin]:
    """Return what the runs of a job's folder made, and how; nothing where that is not known."""
    try:
        told = json.loads((folder / _MADE_FILE).read_text(encoding="ascii"))
        return {str(name): Origin(how, "") if isinstance(how, str) else Origin(*how) for name, how in told.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


class EarlierFrames:
    """The frames of an earlier run, which would be left beside those of a shorter movie. Whoever begins closes it."""

    def __init__(
        self, job: Job, targets: Mapping[str, Origin], frames: Iterable[Path], standing: Callable[[], Collection[str]]
    ) -> None:
        """Note in the folder of `job` that it makes `targets`, and move `frames` of an earlier run there.

        `standing` tells which of the targets are there at the moment of asking.
        Until the job has a frame of its own nothing is deleted: a model or a movie may turn out to be unusable.

        Raises:
            OSError: a folder refuses; the frames are where they were.
        """
        self._job = job
        self._apart = job.folder / _APART
        self._targets, self._standing, self._before = dict(targets), standing, made(job.folder)
        self._note(self._before | self._targets)
        try:
            for path in frames:
                self._apart.mkdir(exist_ok=True)
                path.replace(self._apart / path.name)
        except OSError:
            self.close()
            raise

    def give_way(self) -> None:
        """Delete them, if the job has a frame of its own by now."""
        if self._job.frames_done and self._apart.is_dir():
            for path in self._apart.iterdir():
                path.unlink(missing_ok=True)  # macOS takes with a file what it has laid beside it on a foreign drive
            self._apart.rmdir()

    def close(self) -> None:
        """Put them back where the job has ended without a frame; what was not made is the user's to make.

        Raises:
            OSError: a folder refuses.
        """
        self.give_way()
        self._put_back()
        done = self._job.frames_done  # of an interrupted run nobody may have heard yet of its first frames
        new = {name: how for name, how in self._targets.items() if done or name not in self._before}
        unmade = self._targets.keys() - self._standing()
        self._note({name: how for name, how in (self._before | new).items() if name not in unmade})

    def _note(self, told: Mapping[str, Origin]) -> None:
        """Leave in the job's folder what its runs have made, or are about to.

        Raises:
            OSError: the folder refuses.
        """
        whole.write(self._job.folder / _MADE_FILE, json.dumps(told).encode("ascii"))

    def _put_back(self) -> None:
        """Let what is apart be where it was."""
        if self._apart.is_dir():
            for path in self._apart.iterdir():
                with suppress(FileNotFoundError):  # as above
                    path.replace(self._job.output / path.name)
            self._apart.rmdir()
