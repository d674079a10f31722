"""A line of progress for slow steps: a bar or a spinner on a terminal, a plain line every 20 seconds elsewhere.

It goes to standard error, so that standard output holds only results and can be piped.
"""

import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

REDRAW_SECONDS = 0.1
"""The least time between two drawings on a terminal: it looks smooth and costs nearly nothing."""
PLAIN_SECONDS = 20.0
"""The least time between two lines in a log: often enough to show life, rarely enough to read."""
BAR_WIDTH = 24
SPINNER = "|/-\\"


class Progress:
    """One slow step with a title. Use it in a `with`, at whose end it says how the step ended, and after how long."""

    def __init__(self, title: str, total: int | None = None, stream: TextIO | None = None) -> None:
        """Name the step; `total` is its number of parts, None if unknown."""
        self.title = title
        self.total = total
        self.done = 0
        self.note = ""
        self._stream = stream or sys.stderr
        self._width = 0
        self._live = self._stream.isatty()
        self._started = time.monotonic()
        self._shown = self._started

    def __enter__(self) -> Self:
        """Start the clock and show the title."""
        if self._live:
            self._draw()
        else:
            self._print(f"{self.title} ...")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave one lasting line that says whether it worked."""
        if self._live:
            self._write_over("")
            self._stream.write("\r")
        self._print(f"{self.title}: {'done' if kind is None else 'failed'} after {self._clock()}")

    def update(self, done: int | None = None, note: str | None = None) -> None:
        """Store new values, and show them if the last drawing is long enough ago. Cheap, so call it often."""
        self.done = self.done if done is None else done
        self.note = self.note if note is None else note
        now = time.monotonic()
        if now - self._shown < (REDRAW_SECONDS if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        if self._live:
            self._draw()
        else:
            self._print(self._text())

    def _text(self) -> str:
        parts = f", {self.done} of {self.total}" if self.total else ""
        note = f": {self.note}" if self.note else ""
        return f"{self.title} ({self._clock()}{parts}){note}"

    def _draw(self) -> None:
        if self.total:
            filled = min(BAR_WIDTH, BAR_WIDTH * self.done // self.total)
            gauge = f"[{'#' * filled:-<{BAR_WIDTH}}]"
        else:
            gauge = SPINNER[int((time.monotonic() - self._started) / REDRAW_SECONDS) % len(SPINNER)]
        # One column stays free: a line that fills the last one wraps, and then `\r` does not return to its start.
        columns = shutil.get_terminal_size().columns - 1
        self._write_over(f"{gauge} {self._text()}"[:columns])
        self._stream.flush()

    def _write_over(self, line: str) -> None:
        """Write a line over the last one; blanks cover its rest, for consoles of Windows show escape sequences."""
        self._stream.write("\r" + line.ljust(self._width))
        self._width = len(line)

    def _print(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    def _clock(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
