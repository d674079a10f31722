"""How long tests have patience with what comes by itself, and how they wait for it."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 300.0
"""What is not there by then never comes: a machine that runs other suites beside takes a tenth of it."""
_LOOK_SECONDS = 0.005


def wait(
    ready: Callable[[], Any], step: Callable[[], object] | None = None, about: Callable[[], object] | None = None
) -> Any:
    """Wait until `ready` tells something, and return that; sleep between, for what is waited for needs the processor.

    What does not go by itself is moved along by `step`; what `about` tells is read where patience ends.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (told := ready()):
        assert time.monotonic() < deadline, about() if about is not None else "it never came"
        if step is not None:
            step()
        time.sleep(_LOOK_SECONDS)
    return told
