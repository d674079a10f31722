"""A job's folder is one process's; who only looks whose it is, is in nobody's way."""

import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from rvm_addon.engine.contract import locks
from tests.waiting import PATIENCE_SECONDS


def is_ours_meanwhile(folder: Path) -> bool:
    """Return whether the folder could be held for a moment."""
    with locks.held(folder) as free:
        return free


@pytest.mark.parametrize("hold", [locks.hold, is_ours_meanwhile])
def test_who_looks_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hold: Callable[[Path], bool]) -> None:
    """Another Blender asks whether the folder is held just when its worker begins: it has it for a moment only."""
    monkeypatch.setattr(locks, "_A_LOOK_SECONDS", PATIENCE_SECONDS)  # this machine may be busy
    with ExitStack() as looking:
        assert looking.enter_context(locks.held(tmp_path))
        threading.Timer(0.1, looking.close).start()
        assert hold(tmp_path)


@pytest.mark.parametrize("hold", [locks.hold, is_ours_meanwhile])
def test_who_stays_is_not_waited_for(tmp_path: Path, hold: Callable[[Path], bool]) -> None:
    """Whoever works in the folder keeps it, and everybody sees that."""
    assert not locks.is_held(tmp_path)
    with locks.held(tmp_path) as free:
        assert free
        assert locks.is_held(tmp_path)
        assert not hold(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there every lock excludes all others, and is waited for")
def test_two_who_look_do_not_see_each_other(tmp_path: Path) -> None:
    """Neither takes the other for one who works there."""
    import fcntl  # noqa: PLC0415  # there is none on Windows

    with (tmp_path / locks.HELD_FILE).open("w+b") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert not locks.is_held(tmp_path)
