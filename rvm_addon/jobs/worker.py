"""The process that runs one part of a job."""

import contextlib
import logging
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..engine.contract import locks, standby
from ..engine.contract.errors import JobGone, JobHeld, OutputFailed
from ..engine.contract.events import Event, decode
from ..engine.contract.files import exists
from .parts import MATTING, Part

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""For numpy's small matrix products, which several threads of the worker compute at once; ONNX Runtime manages its own
threads."""

MEMORY_IS_KEPT = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_ARENA_MAX": "2",
}
"""For glibc, which otherwise returns each picture's memory to the system and fetches it again page by page: 5 % of a
frame's time. It would also keep a heap per thread, and each grows to the most that it ever held; `engine.heap` trims
them."""

log = logging.getLogger(__name__)

_PACKAGE_FOLDER = Path(__file__).resolve().parents[1]

NEUTRAL_FOLDER = sys.prefix
"""The working directory of a process that has no job yet. Windows cannot delete a folder while a process works in it;
nobody deletes Python's own, and no project lies there."""


@dataclass(frozen=True)
class Launcher:
    """How a worker is started on this machine."""

    python: str = sys.executable
    """The interpreter; inside Blender `sys.executable` is Blender's own Python."""
    libraries: tuple[str, ...] = ()
    """Folders that hold numpy, OpenCV and ONNX Runtime, if the interpreter does not find them by itself."""

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Return the command line of an interpreter that imports no module from its working directory."""
        return (self.python, "-P", *arguments)


def matting(folder: Path, launcher: Launcher) -> Part:
    """Return the part that runs the worker on `folder`, which holds `job.json`."""
    command = launcher.command("-m", "engine", str(folder), "--stop-with-parent")
    return replace(MATTING, command=command, environment=environment(launcher))


class Standby:
    """A worker that loads before its job is known."""

    def __init__(self, launcher: Launcher) -> None:
        """Start the worker.

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
        """Let the worker begin on the job in `folder`, and return its process; None if it has ended."""
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
        """Kill the worker, which has done nothing yet; return its process, whose end the caller must await."""
        self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._process


class PartProcess:
    """A running process, whose events are read from the job's folder as they come; only `wait` waits for it."""

    def __init__(self, folder: Path, part: Part, waiting: Standby | None = None, *, beside: bool = False) -> None:
        """Start the process in the job's `folder`, or let the worker that is `waiting` do the part.

        A process that works `beside` another one of the same job does not need the folder's lock to be free.

        Raises:
            JobHeld: another process works in the folder; nothing in it is touched.
            JobGone, OutputFailed: the folder is missing, or cannot be written to.
            OSError: the program cannot be started.
        """
        self._events = folder / part.events
        try:
            with contextlib.nullcontext(True) if beside else locks.held(folder) as free:
                if not free:
                    raise JobHeld(folder)
                self._events.unlink(missing_ok=True)  # an earlier run's
                (folder / part.log).write_bytes(b"")
        except FileNotFoundError:
            raise JobGone(folder) from None
        except OSError as error:
            raise OutputFailed(folder, error) from error
        self._offset = 0
        handed_over = waiting.send(folder) if waiting is not None else None
        self._process = handed_over or _started(folder, part)
        self._was_waiting = handed_over is not None

    @property
    def took_nothing(self) -> bool:
        """Whether the process stood by and has not begun; if it has ended, no log says why."""
        return self._was_waiting and not exists(self._events)

    def poll(self) -> tuple[list[Event], int | None]:
        """Return the events since the last call, and the exit status once the process has ended; none follow it."""
        status = self._process.poll()
        return self._new_events(), status

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the process."""
        self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for the process to end; return whether it has."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> "subprocess.Popen[bytes]":
        """Close the process's input, and return the process: after a kill it may exist a little longer."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._process

    def _new_events(self) -> list[Event]:
        """Return the events of the complete new lines."""
        try:
            with self._events.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except OSError:  # not there yet, or on a network drive that is disconnected for a while
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
    with (folder / part.log).open("ab") as log:  # append: by now, another process may hold the folder and its log
        return subprocess.Popen(
            part.command,
            stdin=subprocess.PIPE,  # open, never written: end of file tells the worker that this process died
            stdout=log,
            stderr=log,
            env=part.environment,
            cwd=folder,
            **apart(),
        )


def environment(launcher: Launcher) -> dict[str, str]:
    """Return the worker's environment: it finds the engine and its libraries, without the user's Python settings."""
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
    """Return the `Popen` arguments that spare a process console windows and Ctrl-C meant for its parent."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}  # it lowers its priority itself: code between fork and exec is unsafe in Blender
