"""How a process runs its part of a job: it locks the job's folder and emits events. Standard library only.

The worker and the background Blender both run this way.
"""

import contextlib
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TextIO

from . import lifeline, locks
from .errors import MattingError
from .events import Emit, Event, Failed, encode

log = logging.getLogger(__name__)

HELD_STATUS = 4
"""The exit status of a process that finds another one at work in its job's folder. (2 is Python's status for a wrong
command line.)"""


def run(
    folder: Path,
    events: str,
    work: Callable[[Emit], None],
    unforeseen: Callable[[Exception], Failed],
    *,
    stops_with_parent: bool = True,
    beside: bool = False,
) -> int:
    """Do a part's work and write its events to the file `events` in the job's folder; return the exit status.

    `unforeseen` turns an unexpected error into the event that reports it. A process that works `beside` another one of
    the same job does not lock the folder.
    """
    with contextlib.ExitStack() as opened:

        @cache  # opened once the folder is held or an error must be told: before, the file may be another process's
        def stream() -> TextIO:
            return opened.enter_context((folder / events).open("w", encoding="utf-8"))

        def emit(event: Event) -> None:
            stream().write(encode(event))
            stream().flush()

        try:
            if stops_with_parent:
                lifeline.end_with_parent()
            if not beside and not locks.hold(folder):
                log.error("another process works in %s", folder)
                return HELD_STATUS
            stream()  # the file's existence shows that the work has begun
            work(emit)
        except MattingError as error:
            log.info("%s", error, exc_info=True)
            emit(Failed(str(error), error.remedy))
            return 1
        except Exception as error:  # the process's one broad door: a bug must reach the user
            log.exception("unexpected")
            emit(unforeseen(error))
            return 1
    return 0
