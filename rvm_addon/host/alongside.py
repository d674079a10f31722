"""The command line's movie: another Blender writes it while the worker still makes its frames.

It starts together with the worker and waits for each frame, so that only the last of them is left to write when matting
ends. In a window, where the strips must not wait for it, it is the job's last part instead (`encoding`).
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from ..engine.errors import MattingError, MovieFailed
from ..engine.events import Encoded, Failed, MovieWritten
from ..engine.files import read_json
from ..jobs.job import Job
from ..jobs.worker import WorkerProcess
from . import encoding, movies
from .encoders import MovieFormat
from .soundtrack import Soundtrack

_NAME = "movie"
"""Of the order's, the events' and the log's file in the job's folder."""
_LOOK_SECONDS = 0.02
"""Between two looks at how far it is."""
_END_SECONDS = 2.0
"""How long a process that was killed may take to be gone."""


def clear(folder: Path) -> None:
    """Delete what a command that was killed has left of a movie: the job's folder still has its order."""
    path = encoding.order_file(folder, _NAME)
    order = read_json(path, encoding.MovieOrder.from_dict)
    if order is not None:
        with contextlib.suppress(OSError, ValueError):
            _delete_unfinished(order)
            path.unlink()


def _delete_unfinished(order: encoding.MovieOrder) -> None:
    """Delete what there is of a movie that was ordered.

    Raises:
        OSError: a folder refuses.
    """
    unfinished = encoding.unfinished(order, Path(order.target))
    for path in (unfinished, movies.scratch(unfinished)):
        path.unlink(missing_ok=True)


class MovieNotWritten(MattingError):
    """What the other Blender said went wrong, as it said it."""

    def __init__(self, message: str, remedy: str) -> None:
        """Remember its words."""
        super().__init__(message)
        self.remedy = remedy


class MovieAlongside:
    """A movie on its way. Whoever begins one closes it."""

    def __init__(self, job: Job, clip: Path, kind: MovieFormat, target: Path) -> None:
        """Begin to write `target`, with the sound of `clip`; the frames of the job need not stand yet.

        Raises:
            MattingError, OSError: the job's folder refuses or is another's, or Blender cannot be started.
        """
        self._job = job
        self.target = target
        shown = job.spec.source.frames or tuple(range(job.frames_done))
        self._order = order = encoding.MovieOrder(
            scene="",
            strip="",
            # What is not whole yet lies beside the target: in the job's folder it would be taken for the worker's.
            name=f"{os.getpid()}_{_NAME}",
            format=kind,
            fps=movies.frame_rate(clip),
            start=1,
            shown=shown,
            sound=Soundtrack(str(clip), begins=1.0),
            target=str(target),
            waits=not job.matted,
        )
        self.frames = len(shown)
        part = encoding.ordered(job.folder, _NAME, order)
        self._process = WorkerProcess(job.folder, part, beside=order.waits)

    def finish(self, tell: Callable[[int], None]) -> MovieWritten:
        """Wait for the movie, whose frames all stand by now, and return what it is; `tell` is given the frames so far.

        Raises:
            MovieNotWritten, MovieFailed: in the user's words.
        """
        status = None
        while status is None:
            events, status = self._process.poll()
            for event in events:
                match event:
                    case Encoded(frame=done):
                        tell(done)
                    case MovieWritten():
                        return event
                    case Failed(message=message, remedy=remedy):
                        raise MovieNotWritten(message, remedy)
            time.sleep(_LOOK_SECONDS)
        raise MovieFailed(self.target, f"Blender stopped unexpectedly; its log is “{self._job.folder / _NAME}.log”")

    def close(self) -> None:
        """End the process, and delete what there is of a movie that was not finished; then its order has been met."""
        if self._process.poll()[1] is None:
            self._process.kill()
            self._process.wait(_END_SECONDS)
        self._process.close()
        _delete_unfinished(self._order)
        encoding.order_file(self._job.folder, _NAME).unlink(missing_ok=True)
