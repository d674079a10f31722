"""Running other programs behind a progress line, with their output kept in a log."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from .layout import LOGS
from .progress import REDRAW_SECONDS, Progress

Command = Sequence[str | Path]

INTERRUPTED = 130
"""The status that shells give to a program ended by Ctrl-C."""
TAIL_LINES = 15
"""How many lines of a failed program's log a person is shown."""


class StepError(Exception):
    """A step cannot go on, for a reason that a person can act on. Its text is the whole message."""


def follow(
    command: Command,
    progress: Progress,
    log_name: str,
    read_line: Callable[[str], None] = lambda _: None,
) -> None:
    """Run `command` to its end while `progress` moves; its output goes to the log `build/logs/<log_name>.log`.

    `read_line` is given each finished line of the output, soon after it is written.

    Raises:
        StepError: its exit status is not 0. The text carries the end of the log.
    """
    log = LOGS / f"{log_name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # A log file instead of a pipe: reading it needs no thread, even on Windows, and it remains after a failure.
    with log.open("w", encoding="utf-8") as output, log.open(encoding="utf-8", errors="replace") as written:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        lines = _finished_lines(written)
        try:
            running = True
            while running:
                # Polled before reading, so that the last reading comes after the end.
                running = process.poll() is None
                for line in next(lines):
                    read_line(line)
                progress.update()
                time.sleep(REDRAW_SECONDS if running else 0)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])
        raise StepError(f"{progress.title} failed with status {process.returncode}. The end of {log}:\n{tail}")


def _finished_lines(stream: TextIO) -> Iterator[list[str]]:
    """Yield, at each step, the lines that were finished since the last; an unfinished line waits for its rest."""
    rest = ""
    while True:
        *lines, rest = (rest + stream.read()).split("\n")
        yield lines
