"""Progress without a window: one line on the terminal, or a line every few seconds in a log."""

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO
from unicodedata import east_asian_width

from ...jobs.job import Job, State
from . import words

_BAR_CELLS = 24
_LEAST_BAR_CELLS = 4
"""The width of the bar where the terminal is narrow."""
_LOG_SECONDS = 5.0
"""The least time between two lines if the output is not a terminal."""


class ProgressLine:
    """Shows the running job; used as a context manager, so that the line is ended."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        remedy: Callable[[Job], str] = lambda job: job.remedy,
    ) -> None:
        """Write to `stream` (standard error by default); if `quiet`, show no progress and no successful ends.

        `remedy` returns what to do about a job that failed, in the words of whoever reads it.
        """
        self._remedy = remedy
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = self._stream.isatty()
        self._open = False
        self._cells = 0
        """The width of the unfinished line."""
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
        """Show the job's progress, or how it ended."""
        if job.state.ended and not (self._quiet and job.state is State.DONE):
            self._say(f"{job.spec.name}: {self._ending(job)}", last=True)
        elif job.state is State.RUNNING:
            self.bar(job.spec.name, job.progress, words.progress(job))

    def bar(self, name: str, progress: float, text: str) -> None:
        """Show a bar; `progress` is from 0 to 1. A log gets one every `_LOG_SECONDS` at most."""
        if self._quiet:
            return
        if not self._live and time.monotonic() < self._next_line:
            return
        self._next_line = time.monotonic() + _LOG_SECONDS
        state = f"{progress:4.0%} {text}"
        room = self._columns() - _cells(f" [] {state}")
        cells = min(max(room - _cells(name), _LEAST_BAR_CELLS), _BAR_CELLS)
        full = round(progress * cells)
        shown = f"{_fitting(name, room - cells)} [{'#' * full}{'.' * (cells - full)}] {state}"
        self._say(_fitting(shown, self._columns()), last=not self._live)

    def _columns(self) -> int:
        """Return how many cells a line may fill: one that wraps cannot be written over."""
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except OSError:  # no terminal; those without a file raise this, too
            columns = 0
        return columns - 1 if columns else sys.maxsize

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self._say(text, last=True)

    def note(self, text: str) -> None:
        """Write a line that stays, unless `quiet`."""
        if not self._quiet:
            self.say(text)

    def _ending(self, job: Job) -> str:
        """Return how the job ended, in words."""
        if job.found:  # the command line writes movies after this, so the job knows nothing of them
            return f"{words.frames(job.frames_done)}, matted before"
        if job.state is State.DONE:
            rate = f", {job.frames_per_second:.1f} per second" if job.frames_per_second else ""
            return " · ".join([f"{words.ending(job)}{rate}", *words.movies(job)])
        if job.state is State.FAILED:
            return f"failed. {job.error}. {self._remedy(job)}"
        return f"cancelled after {words.frames(job.frames_done)}; they are in “{job.output}”"

    def _say(self, text: str, *, last: bool) -> None:
        """Write `text` over the unfinished line, and end the line if `last`.

        Blanks cover the rest of the old text: by default, a Windows console does not understand escape sequences.
        """
        cells = _cells(text)
        self._stream.write(f"\r{text}{' ' * (self._cells - cells)}" if self._live else text)
        self._open, self._cells = True, cells
        if last:
            self._end_line()
        self._stream.flush()

    def _end_line(self) -> None:
        """End the unfinished line, if there is one."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
        self._open, self._cells = False, 0


def _fitting(text: str, cells: int) -> str:
    """Return a text, cut at its end if it fills more cells."""
    if _cells(text) <= cells:
        return text
    while text and _cells(text) >= cells:
        text = text[:-1]
    return f"{text}…"


def _cells(text: str) -> int:
    """Return how many cells of a terminal a text fills: letters of some scripts fill two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
