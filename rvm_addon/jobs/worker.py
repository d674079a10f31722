"""The process that runs one part of a job."""

import contextlib
import logging
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..engine import locks, standby
from ..engine.errors import JobGone, JobHeld, OutputFailed
from ..engine.events import Event, decode
from .parts import MATTING, Part

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""For numpy's small matrix products, which several threads of the worker do at once; ONNX Runtime minds its own."""

MEMORY_IS_KEPT = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_ARENA_MAX": "2",
}
"""For glibc, which hands each picture's memory back and then fetches it anew, page by page: 5 % of a frame's time. And
it would have a heap for each thread, and each grows to the most that it ever holds; `engine.heap` trims them."""

log = logging.getLogger(__name__)

_PACKAGE_FOLDER = Path(__file__).resolve().parents[1]

NEUTRAL_FOLDER = sys.prefix
"""Where a process works that has no job yet: nobody's project lies there. A folder that is worked in cannot be deleted
on Windows; Python's own is not going to be."""


@dataclass(frozen=True)
class Launcher:
    """How a worker is started on this machine."""

    python: str = sys.executable
    """The interpreter; inside Blender `sys.executable` is Blender's own Python."""
    libraries: tuple[str, ...] = ()
    """Folders that hold numpy, OpenCV and ONNX Runtime, where the interpreter does not find them by itself."""

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Return the command line of an interpreter that takes no module from the folder that it works in."""
        return (self.python, "-P", *arguments)


def matting(folder: Path, launcher: Launcher) -> Part:
    """Return the worker on `folder`, which holds `job.json`."""
    command = launcher.command("-m", "engine", str(folder), "--stop-with-parent")
    return replace(MATTING, command=command, environment=environment(launcher))


class Standby:
    """A worker that loads while it is not known yet what it will do."""

    def __init__(self, launcher: Launcher) -> None:
        """Start it.

        Raises:
            OSError: the program cannot be started.
        """
        self._process = subprocess.Popen(
            launcher.command("-m", "engine", "--standby", "--stop-with-parent"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(launcher),
            cwd=NEUTRAL_FOLDER,
            **apart(),
        )

    def send(self, folder: Path) -> "subprocess.Popen[bytes] | None":
        """Let it work in `folder`, and hand it over; None if it has ended."""
        stdin = self._process.stdin
        if self._process.poll() is not None or stdin is None:
            return None
        try:
            stdin.write(standby.order(folder))
            stdin.flush()
        except OSError:
            return None
        return self._process

    def dismiss(self) -> "subprocess.Popen[bytes]":
        """End it, at once, for it has done nothing yet; hand it over to whoever sees that it goes."""
        self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._process


class WorkerProcess:
    """A running process: its events are read from the job's folder, a few at a time. Only `wait` waits."""

    def __init__(self, folder: Path, part: Part, waiting: Standby | None = None, *, beside: bool = False) -> None:
        """Start it in the job's `folder`, or let the worker do it that is `waiting`.

        One that works `beside` another process of the job does not ask whose the folder is.

        Raises:
            JobHeld: another process works there; nothing of it is touched.
            JobGone, OutputFailed: the folder is not there, or refuses.
            OSError: the program cannot be started.
        """
        self._events = folder / part.events
        try:
            with contextlib.nullcontext(True) if beside else locks.held(folder) as free:
                if not free:
                    raise JobHeld(folder)
                self._events.unlink(missing_ok=True)  # what an earlier run has said
                (folder / part.log).write_bytes(b"")
        except FileNotFoundError:
            raise JobGone(folder) from None
        except OSError as error:
            raise OutputFailed(folder, error.strerror or "") from error
        self._offset = 0
        handed_over = waiting.send(folder) if waiting is not None else None
        self._process = handed_over or _started(folder, part)
        self._was_waiting = handed_over is not None

    @property
    def took_nothing(self) -> bool:
        """Whether it was waiting and has not begun: should it have ended, no log says why."""
        return self._was_waiting and not os.path.exists(self._events)  # noqa: PTH110  # Path's own raises

    def poll(self) -> tuple[list[Event], int | None]:
        """Return the events since the last call, and the exit status once the process has ended: then all are told."""
        status = self._process.poll()
        return self._new_events(), status

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the process."""
        self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, `seconds` at most, and return whether it came."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> "subprocess.Popen[bytes]":
        """Let go of a process, and hand it over: one that was killed may be there a little longer."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._process

    def _new_events(self) -> list[Event]:
        """Return the events of the lines that are whole."""
        try:
            with self._events.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except OSError:  # not there yet, or a network drive that will be back
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        events = []
        for line in whole.splitlines():
            try:
                events.append(decode(line.decode("utf-8")))
            except ValueError:
                log.exception("not an event, in %s", self._events)
        return events


def _started(folder: Path, part: Part) -> "subprocess.Popen[bytes]":
    """Start a part's process in the job's folder.

    Raises:
        OSError: the program cannot be started, or the log cannot be written.
    """
    with (folder / part.log).open("ab") as log:  # should another process have the folder by now, it is that one's
        return subprocess.Popen(
            part.command,
            stdin=subprocess.PIPE,  # held open, never written: its end tells the worker that this process died
            stdout=log,
            stderr=log,
            env=part.environment,
            cwd=folder,
            **apart(),
        )


def environment(launcher: Launcher) -> dict[str, str]:
    """Return the worker's environment: the engine and its libraries found, the user's own Python settings not."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = os.pathsep.join([str(_PACKAGE_FOLDER), *launcher.libraries])
    return {
        **inherited,
        "PYTHONPATH": path,
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        **_ONE_THREAD,
        **MEMORY_IS_KEPT,
    }


def apart() -> dict[str, Any]:
    """Return what keeps the worker apart: no console window, no Ctrl-C that was meant for its parent."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}  # its priority it lowers itself: code between fork and exec is unsafe in Blender
