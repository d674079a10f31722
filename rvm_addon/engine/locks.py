"""Whose a job's folder is, and whatever else one process at a time may have: the lock on a file says so.

It ends with the process that has it. Standard library only.
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
"""In a job's folder. The lock on it, not the file, says that a process works there: it ends with the process, killed or
not."""
_REFUSALS = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""How a system says that another process has a lock; anything else says that this drive knows none."""

_ALL_LOCKS_EXCLUDE = sys.platform == "win32"
"""Whether the system knows no lock that several have at once."""
_A_LOOK_SECONDS = 0.05
"""How long a lock may be one's who only looks. Blender waits for that, too, and no longer."""
_TRY_AGAIN_SECONDS = 0.005


def hold(folder: Path) -> bool:
    """Let a job's folder be this process's for as long as it lives; False if it is another's.

    Raises:
        OSError: the folder refuses.
    """
    return _soon_locked(os.open(folder / HELD_FILE, os.O_RDWR | os.O_CREAT))


@contextlib.contextmanager
def held(folder: Path, name: str = HELD_FILE) -> Iterator[bool]:
    """Hold a job's folder meanwhile; yields False if it is another process's.

    `name` is the file that is locked: who starts others that hold the folder holds it by another one than they.

    Raises:
        OSError: the folder refuses.
    """
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT)
    try:
        yield _soon_locked(descriptor)
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Return whether a process, of this Blender or another, works in a job's folder."""
    try:
        descriptor = os.open(folder / HELD_FILE, os.O_RDWR)
    except OSError:
        return False
    try:
        return not (_soon_locked(descriptor) if _ALL_LOCKS_EXCLUDE else _locked(descriptor, beside_others=True))
    finally:
        os.close(descriptor)


def _soon_locked(descriptor: int) -> bool:
    """Lock a file, and return whether nobody else has; one who only looks (`is_held`) has it for a moment."""
    give_up_at = time.monotonic() + _A_LOOK_SECONDS
    while not _locked(descriptor):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(_TRY_AGAIN_SECONDS)
    return True


def _locked(descriptor: int, *, beside_others: bool = False) -> bool:
    """Lock a file without waiting, and return whether nobody else has; those who only look do not see each other."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if beside_others else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _REFUSALS
    return True
