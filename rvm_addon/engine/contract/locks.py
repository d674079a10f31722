"""File locks: which process owns a job's folder, or anything else that one process at a time may own.

A lock ends with the process that holds it. Standard library only.
"""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

HELD_FILE = "held"
"""In a job's folder. Not the file but the lock on it says that a process works there: the lock ends with the process,
killed or not."""
QUEUED_FILE = "queued"
"""In a job's folder. The lock on it says that a job runs or waits in a queue, whose process holds the lock."""
_REFUSALS = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""The errors when another process holds a lock; any other error means that this drive has no locks."""

_ALL_LOCKS_EXCLUDE = sys.platform == "win32"
"""Whether the system has no shared locks."""
_A_LOOK_SECONDS = 0.05
"""How long to retry: a process that only looks (`is_held`) may hold the lock for a moment. Blender, too, waits at most
this long."""
_IN_TURN_SECONDS = 0.5
"""How long `in_turn` respects another lock: writing takes a millisecond, so a process that holds it longer hangs."""
_TRY_AGAIN_SECONDS = 0.005


def hold(folder: Path) -> bool:
    """Lock a job's folder for as long as this process lives; return False if another process holds it.

    Raises:
        OSError: the folder refuses.
    """
    return _soon_locked(os.open(folder / HELD_FILE, os.O_RDWR | os.O_CREAT), _A_LOOK_SECONDS)


@contextlib.contextmanager
def held(folder: Path, name: str = HELD_FILE) -> Iterator[bool]:
    """Lock a job's folder inside the block; yield False if another process holds it.

    `name` is the file that is locked. A process that starts others which lock the folder needs a different file.

    Raises:
        OSError: the folder refuses.
    """
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT)
    try:
        yield _soon_locked(descriptor, _A_LOOK_SECONDS)
    finally:
        os.close(descriptor)


def hold_queued(folder: Path) -> int | None:
    """Lock a job's folder for a queue until the descriptor that this returns is closed, or this process ends.

    The job's own processes may lock the folder all the same. None where another queue holds it, or the folder refuses.
    """
    try:
        descriptor = os.open(folder / QUEUED_FILE, os.O_RDWR | os.O_CREAT)
    except OSError:
        return None
    if _soon_locked(descriptor, _A_LOOK_SECONDS):
        return descriptor
    os.close(descriptor)
    return None


@contextlib.contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Let one process at a time change a small file inside the block; the lock is on a file beside it, `*.held`.

    One that hangs holds the others up for half a second each; then they go on beside it.

    Raises:
        OSError: the folder refuses.
    """
    descriptor = os.open(path.with_suffix(".held"), os.O_RDWR | os.O_CREAT)
    try:
        _soon_locked(descriptor, _IN_TURN_SECONDS)
        yield
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Return whether a process, of this Blender or another one, works in a job's folder, or its job is in a queue."""
    return any(_is_locked(folder / name) for name in (HELD_FILE, QUEUED_FILE))


def _is_locked(path: Path) -> bool:
    """Return whether a process holds the lock on a file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not (
            _soon_locked(descriptor, _A_LOOK_SECONDS) if _ALL_LOCKS_EXCLUDE else _locked(descriptor, beside_others=True)
        )
    finally:
        os.close(descriptor)


def _soon_locked(descriptor: int, seconds: float) -> bool:
    """Lock a file, with retries for so long, and return whether that worked or the drive has no locks."""
    give_up_at = time.monotonic() + seconds
    while not _locked(descriptor):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(_TRY_AGAIN_SECONDS)
    return True


def _locked(descriptor: int, *, beside_others: bool = False) -> bool:
    """Lock a file without waiting, and return whether that worked or the drive has no locks.

    `beside_others` takes a shared lock, so that processes that only look (`is_held`) do not see each other.
    """
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if beside_others else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _REFUSALS
    return True
