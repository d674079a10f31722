"""How tests wait for asynchronous results, and for how long."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 300.0
"""The time after which a wait fails; even a machine that runs other suites as well needs only a tenth of it."""
_LOOK_SECONDS = 0.005


def wait(
    ready: Callable[[], Any], step: Callable[[], object] | None = None, about: Callable[[], object] | None = None
) -> Any:
    """Wait until `ready` returns something true, and return that; sleep in between, to leave the processor to others.

    `step` is called in between, for work that needs a driver. `about` returns the message of a failed wait.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (told := ready()):
        assert time.monotonic() < deadline, about() if about is not None else "it never came"
        if step is not None:
            step()
        time.sleep(_LOOK_SECONDS)
    return told
