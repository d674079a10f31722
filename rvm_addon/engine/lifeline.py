"""A process that ends with its parent. Standard library only: every process that runs a part of a job uses it."""

import os
import threading
from pathlib import Path

_NICENESS = 5
"""Of 19: behind Blender when both want a core, at full speed when nothing else does."""


def yield_to_others() -> None:
    """Lower this process's priority, so that a playing timeline stays smooth. On Windows the parent does it."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def end_with_parent() -> None:
    """End this process when its standard input ends, which the parent holds open for as long as it lives."""
    threading.Thread(target=_stop_at_end_of, args=(_standard_input_apart(),), daemon=True).start()


def _standard_input_apart() -> int:
    """Return standard input's descriptor under another number, and leave an empty input in its place.

    On Windows, a library that is loaded while a thread reads standard input waits for that read for ever.
    """
    descriptor = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return descriptor


def _stop_at_end_of(descriptor: int) -> None:
    """Wait for the end of an input that the parent holds open for as long as it lives, and end this process.

    Read from the descriptor: a buffered reader would hold its lock at the interpreter's own, orderly end.
    """
    while os.read(descriptor, 1):
        pass
    os._exit(3)
