"""A process that ends with its parent, and holds its job's folder while it lives. Standard library only.

Every process that runs a part of a job uses it.
"""

import contextlib
import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

log = logging.getLogger(__name__)

HELD_FILE = "held"
"""In a job's folder. The lock on it, not the file, says that a process works there: it ends with the process, killed or
not."""
HELD_STATUS = 4
"""How a process ends that finds another at work in its job's folder. (With 2 ends a Python that does not understand its
command line.)"""
_INTERRUPTED_STATUS = 130
"""How a program ends at which the user has pressed Ctrl-C."""
_REFUSALS = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""How a system says that another process has a lock; anything else says that this drive knows none."""

_ALL_LOCKS_EXCLUDE = sys.platform == "win32"
"""Whether the system knows no lock that several have at once."""
_A_LOOK_SECONDS = 0.05
"""How long a lock may be one's who only looks. Blender waits for that, too, and no longer."""
_TRY_AGAIN_SECONDS = 0.005

_NICENESS = 5
"""Of 19: behind Blender when both want a core, at full speed when nothing else does."""


def yield_to_others() -> None:
    """Lower this process's priority, so that a playing timeline stays smooth. On Windows the parent does it."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def end_with_parent() -> None:
    """End this process when its standard input ends, which the parent holds open for as long as it lives."""
    threading.Thread(target=_stop_at_end_of, args=(_standard_input_apart(),), daemon=True).start()


def _standard_input_apart() -> int:
    """Return standard input's descriptor under another number, and leave an empty input in its place.

    On Windows, a library that is loaded while a thread reads standard input waits for that read for ever.
    """
    descriptor = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return descriptor


def _stop_at_end_of(descriptor: int) -> None:
    """Wait for the end of an input that the parent holds open for as long as it lives, and end this process.

    Read from the descriptor: a buffered reader would hold its lock at the interpreter's own, orderly end.
    """
    while os.read(descriptor, 1):
        pass
    os._exit(3)


def end_after(main: Callable[[], int]) -> NoReturn:
    """Do what a program is for and end this process with the status that comes of it, whatever that is."""
    try:
        status = main()
    except SystemExit as asked:  # the command line is not understood, or only its help is wanted
        status = asked.code if isinstance(asked.code, int) else 1
    except KeyboardInterrupt:
        status = _INTERRUPTED_STATUS
    except BaseException:
        log.exception("unexpected")
        status = 1
    end(status)


def end(status: int) -> NoReturn:
    """End this process at once, all that it printed being written: at an orderly end, a library may hang."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


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
