"""How a process does its part of a job: in a folder that is its own, telling of itself. Standard library only.

The worker goes this way, and so does the other Blender.
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
"""How a process ends that finds another at work in its job's folder. (With 2 ends a Python that does not understand its
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
    """Do a part's work and tell of it in the file `events` of the job's folder; return the status to end with.

    What is told of an error that nobody has foreseen, `unforeseen` says. One that works `beside` another process of the
    job leaves the folder to that.
    """
    with contextlib.ExitStack() as opened:

        @cache  # once the folder is held, or an error must be told: until then, the file may be another process's
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
            stream()  # that it is there says that the work has begun
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
