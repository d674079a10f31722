"""The one place where all timers catch unexpected errors."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

AFTER_A_BUG_SECONDS = 2.0
"""The delay after a step that raised: if every step raises, the log stays readable."""


def carefully(step: Callable[[], float | None]) -> float | None:
    """Run a timer's step, and return the seconds until the next one; None if there is none.

    Blender removes a timer that raises, and the work that it moves along would stop.
    """
    try:
        return step()
    except Exception:  # the only broad one, for all timers
        log.exception("unexpected")
        return AFTER_A_BUG_SECONDS
