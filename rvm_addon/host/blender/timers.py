"""How timers are started and stopped, and the one place where all of them catch unexpected errors."""

import logging
from collections.abc import Callable
from functools import wraps

import bpy

log = logging.getLogger(__name__)

AFTER_A_BUG_SECONDS = 2.0
"""The delay after a step that raised: if every step raises, the log stays readable."""

_Tick = Callable[[], float | None]
"""Does a step, and returns the seconds until the next one; None if there is none."""


def carefully(tick: _Tick) -> _Tick:
    """Return a timer's function that goes on after an unexpected error.

    Blender removes a timer that raises, and the work that it moves along would stop.
    """

    @wraps(tick)
    def careful() -> float | None:
        try:
            return tick()
        except Exception:  # the only broad one, for all timers
            log.exception("unexpected")
            return AFTER_A_BUG_SECONDS

    return careful


def start(tick: _Tick) -> None:
    """Let Blender's event loop call `tick`, also after another file is opened, if it does not already."""
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, persistent=True)


def stop(*ticks: _Tick) -> None:
    """Let Blender's event loop call these no more."""
    for tick in ticks:
        if bpy.app.timers.is_registered(tick):
            bpy.app.timers.unregister(tick)
