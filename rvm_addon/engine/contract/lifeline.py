"""How a process lives and ends: at low priority, with its parent, and at once.

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
"""The exit status of a program that the user has interrupted with Ctrl-C."""
_NICENESS = 5
"""From 0 to 19: Blender goes first when both want a core; alone, the process runs at full speed."""


def yield_to_others() -> None:
    """Lower this process's priority, so that a playing timeline stays smooth. On Windows the parent does this."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def end_with_parent() -> None:
    """End this process when its standard input ends; the parent holds that open for as long as it lives."""
    threading.Thread(target=_stop_at_end_of, args=(_standard_input_apart(),), daemon=True).start()


def _standard_input_apart() -> int:
    """Return standard input's descriptor under another number, and leave an empty input in its place.

    On Windows, loading a library while a thread reads standard input would wait for that read for ever.
    """
    descriptor = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return descriptor


def _stop_at_end_of(descriptor: int) -> None:
    """Wait for the end of an input that the parent holds open for as long as it lives, and end this process.

    Read from the descriptor: a buffered reader would still hold its lock when the interpreter ends in the normal way.
    """
    while os.read(descriptor, 1):
        pass
    os._exit(3)


def end_after(main: Callable[[], int]) -> NoReturn:
    """Run `main` and end this process with the status that it returns, or that its exception stands for."""
    try:
        status = main()
    except SystemExit as asked:  # argparse: the command line is wrong, or only its help is wanted
        status = asked.code if isinstance(asked.code, int) else 1
    except KeyboardInterrupt:
        status = _INTERRUPTED_STATUS
    except BaseException:
        log.exception("unexpected")
        status = 1
    end(status)


def end(status: int) -> NoReturn:
    """Write out all that was printed and end this process at once: in a normal exit, a library may hang."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
