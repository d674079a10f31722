"""The one broad door of all timers."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

AFTER_A_BUG_SECONDS = 2.0
"""Until the next step after one that raised: should that go on, the log still can be read."""


def carefully(step: Callable[[], float | None]) -> float | None:
    """Do a timer's step, and return when the next is due; None if none is.

    Blender drops a timer that raises, and what it moves along would stand still.
    """
    try:
        return step()
    except Exception:  # every timer's one broad door
        log.exception("unexpected")
        return AFTER_A_BUG_SECONDS
