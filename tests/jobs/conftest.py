"""What the tests of jobs share."""

from collections.abc import Iterator

import pytest

from rvm_addon.jobs.queue import JobQueue
from rvm_addon.jobs.worker import Launcher


@pytest.fixture
def queue() -> Iterator[JobQueue]:
    """A queue that leaves no process behind."""
    queue = JobQueue(Launcher())
    yield queue
    queue.shutdown()
