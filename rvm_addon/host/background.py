"""Another Blender, without window, for what only Blender can do: how it is started, and its way in and out.

It runs in a process of its own, which the queue starts and ends; never in the user's.
"""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from ..engine import lifeline
from ..engine.errors import MattingError
from ..engine.events import Event, Failed, encode
from ..jobs.parts import Part
from . import versions

log = logging.getLogger(__name__)

Emit = Callable[[Event], None]


def command(module: str, folder: Path, name: str) -> tuple[str, ...]:
    """Return the command line of a Blender that runs `main` of a module of this package, on a part of a job."""
    package = Path(__file__).resolve().parents[1]
    # By its path: the bpy module has nothing of this extension enabled, and a Blender another copy of it.
    return versions.background_command(
        f"import sys; sys.path.insert(0, {str(package.parent)!r}); "
        f"from {package.name}.host import {module}; {module}.main({str(folder)!r}, {name!r})"
    )


def run(folder: Path, part: Part, work: Callable[[Emit], None], failing: str, *, beside: bool = False) -> None:
    """Do the work of a part, tell of it, and end this process; its status is 0 if all went well.

    `failing` begins the sentence about an error that nobody has foreseen. One that works `beside` another process of
    the job leaves the folder to that.
    """
    lifeline.yield_to_others()
    lifeline.end_with_parent()
    if not beside and not lifeline.hold(folder):
        os._exit(lifeline.HELD_STATUS)
    status = 1
    with (folder / part.events).open("w", encoding="utf-8") as stream:

        def emit(event: Event) -> None:
            stream.write(encode(event))
            stream.flush()

        try:
            work(emit)
            status = 0
        except MattingError as error:
            log.info("%s", error, exc_info=True)
            emit(Failed(str(error), error.remedy))
        except Exception as error:  # the process's one broad door: whatever it is must reach the user
            log.exception("unexpected")
            emit(Failed(f"{failing} ({str(error).strip()})", f"Look into its log “{folder / part.log}”."))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # Blender's own end can hang or crash after all is done
