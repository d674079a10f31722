"""How a process lives and ends: behind those that somebody looks at, with its parent, at once.

Standard library only.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

log = logging.getLogger(__name__)

_INTERRUPTED_STATUS = 130
"""How a program ends at which the user has pressed Ctrl-C."""
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


def end_after(main: Callable[[], int]) -> NoReturn:
    """Do what a program is for and end this process with the status that comes of it, whatever that is."""
    try:
        status = main()
    except SystemExit as asked:  # the command line is not understood, or only its help is wanted
        status = asked.code if isinstance(asked.code, int) else 1
    except KeyboardInterrupt:
        status = _INTERRUPTED_STATUS
    except BaseException:
        log.exception("unexpected")
        status = 1
    end(status)


def end(status: int) -> NoReturn:
    """End this process at once, all that it printed being written: at an orderly end, a library may hang."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
