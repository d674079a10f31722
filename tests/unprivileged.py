"""What nobody may look into, also for tests that run as root, whom the mode of a folder does not stop."""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_RIGHTS = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: to pass over the modes of files."""
_VERSION = 0x20080522
_PR_CAPBSET_DROP = 24


@contextlib.contextmanager
def as_anybody() -> Iterator[None]:
    """Let this thread, and those that it starts, meanwhile have no right that the modes of files do not give."""
    if not _is_root():
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    head, sets = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(head, sets) == 0
    before = sets[0]
    sets[0] = before & ~sum(1 << right for right in _RIGHTS)
    assert libc.capset(head, sets) == 0
    try:
        yield
    finally:
        sets[0] = before
        assert libc.capset(head, sets) == 0


def give_up_rights() -> None:
    """Let this process, which is about to run another program, and all that it starts be as anybody; for good."""
    if _is_root():
        libc = ctypes.CDLL(None)
        for right in _RIGHTS:
            libc.prctl(_PR_CAPBSET_DROP, right, 0, 0, 0)


@contextlib.contextmanager
def closed(folder: Path) -> Iterator[Path]:
    """Make a folder that nobody may look into or enter; give it back at the end, for whoever deletes it."""
    if sys.platform == "win32" or (_is_root() and sys.platform != "linux"):
        pytest.skip("a folder's mode stops nobody here")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0)
    try:
        yield folder
    finally:
        folder.chmod(0o700)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
