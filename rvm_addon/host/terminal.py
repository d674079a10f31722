"""Progress where there is no window: one line on the terminal, or a line now and then in a log."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO
from unicodedata import east_asian_width

from ..jobs.job import Job, State
from . import words

_BAR_CELLS = 24
_LOG_SECONDS = 5.0
"""Between two lines where the output is not a terminal."""


class ProgressLine:
    """Shows the job that runs; used as a context manager, so that the line is ended."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        """Write to `stream` (standard error by default); if `quiet`, only what went wrong."""
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = self._stream.isatty()
        self._open = False
        self._cells = 0
        """How wide the line is that stands."""
        self._next_line = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _tb: TracebackType | None
    ) -> None:
        """End the line."""
        self._end_line()

    def show(self, job: Job) -> None:
        """Show how the job stands."""
        if job.state.ended and not (self._quiet and job.state is State.DONE):
            self._say(f"{job.spec.name}: {self._ending(job)}", last=True)
        elif job.state is State.RUNNING:
            self.bar(job.spec.name, job.progress, words.progress(job))

    def bar(self, name: str, progress: float, text: str) -> None:
        """Show a bar; `progress` is from 0 to 1. A log gets one now and then."""
        if self._quiet:
            return
        if not self._live and time.monotonic() < self._next_line:
            return
        self._next_line = time.monotonic() + _LOG_SECONDS
        full = round(progress * _BAR_CELLS)
        self._say(f"{name} [{'#' * full}{'.' * (_BAR_CELLS - full)}] {progress:4.0%} {text}", last=not self._live)

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self._say(text, last=True)

    def note(self, text: str) -> None:
        """Write a line that stays, of which the quiet have no need."""
        if not self._quiet:
            self.say(text)

    def _ending(self, job: Job) -> str:
        """Return how the job ended, in words."""
        if job.found:  # whether a movie is still to come, the job does not know here
            return f"{words.frames(job.frames_done)}, matted before"
        if job.state is State.DONE:
            rate = f", {job.frames_per_second:.1f} per second" if job.frames_per_second else ""
            return " · ".join([f"{words.ending(job)}{rate}", *words.movies(job)])
        if job.state is State.FAILED:
            return f"failed. {job.error}. {job.remedy}"
        return f"cancelled after {words.frames(job.frames_done)}; they are in “{job.output}”"

    def _say(self, text: str, *, last: bool) -> None:
        """Write `text` over the line that stands, and end it if it is the last to stand there.

        Blanks take what is left of it: a console of Windows shows escape sequences as they are, unless told otherwise.
        """
        cells = _cells(text)
        self._stream.write(f"\r{text}{' ' * (self._cells - cells)}" if self._live else text)
        self._open, self._cells = True, cells
        if last:
            self._end_line()
        self._stream.flush()

    def _end_line(self) -> None:
        """Go to the next line, once."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
        self._open, self._cells = False, 0


def _cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: letters of some scripts take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
