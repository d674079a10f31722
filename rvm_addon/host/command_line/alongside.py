"""The command line's movie: the background Blender writes it while the worker still makes the frames.

It starts together with the worker and waits for each frame, so that only the last few are left to write when matting
ends. In a window, strips must not wait for a movie; there, it is the job's last part (`encoding`).
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from ...engine.contract.errors import CONTINUE, MattingError, MovieFailed
from ...engine.contract.events import Encoded, Failed, MovieWritten
from ...engine.contract.files import read_json
from ...jobs.job import Job
from ...jobs.worker import PartProcess
from ..background import encoding, movies
from ..blender.encoders import MovieFormat
from ..blender.movie_output import check_room
from ..strip.soundtrack import Soundtrack

_NAME = "movie"
"""The stem of the order's, the events' and the log's file in the job's folder."""
_LOOK_SECONDS = 0.02
"""The interval at which the process is polled."""
_END_SECONDS = 2.0
"""How long to wait for the end of a process that was killed."""


def clear(folder: Path) -> None:
    """Delete the unfinished movie of a command that was killed, and the order in the job's folder that tells of it."""
    path = encoding.order_file(folder, _NAME)
    order = read_json(path, encoding.MovieOrder.from_dict)
    if order is not None:
        with contextlib.suppress(OSError, ValueError):
            _delete_unfinished(order)
            path.unlink()


def _delete_unfinished(order: encoding.MovieOrder) -> None:
    """Delete the unfinished files of an ordered movie.

    Raises:
        OSError: a folder refuses.
    """
    unfinished = encoding.unfinished(order, Path(order.target))
    for path in (unfinished, movies.scratch(unfinished)):
        path.unlink(missing_ok=True)


class MovieNotWritten(MattingError):
    """The background Blender reported an error, in its words, or is gone."""

    def __init__(self, message: str, remedy: str) -> None:
        """Remember the message and the remedy."""
        super().__init__(message)
        self.remedy = remedy


class MovieAlongside:
    """A movie that is being written. Whoever creates one calls `close`."""

    def __init__(self, job: Job, clip: Path, kind: MovieFormat, target: Path) -> None:
        """Begin to write `target`, with the sound of `clip`; the job's frames need not exist yet.

        Raises:
            MattingError, OSError: the job's folder refuses or is another process's, or Blender cannot be started.
        """
        self._job = job
        self.target = target
        shown = tuple(range(job.frames_done)) if job.matted else job.spec.source.frames or ()
        self._order = order = encoding.MovieOrder(
            scene="",
            strip="",
            # The unfinished movie lies beside the target: in the job's folder, it would be taken for the worker's.
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
        self._process = PartProcess(job.folder, part, beside=order.waits)

    def finish(self, tell: Callable[[int], None]) -> MovieWritten:
        """Wait for the movie, whose frames all stand, and return its event; `tell` gets the number of frames written.

        Raises:
            MovieNotWritten: in the user's words.
            MovieCutShort: the disk is full, and the other Blender is gone.
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
        check_room(self.target)
        gone = MovieFailed(self.target, f"Blender stopped unexpectedly; its log is “{self._job.folder / _NAME}.log”")
        raise MovieNotWritten(str(gone), f"To try again, {CONTINUE}; the frames are kept.")

    def close(self) -> None:
        """End the process; delete the files of an unfinished movie, and then its order."""
        if self._process.poll()[1] is None:
            self._process.kill()
            self._process.wait(_END_SECONDS)
        self._process.close()
        _delete_unfinished(self._order)
        encoding.order_file(self._job.folder, _NAME).unlink(missing_ok=True)
