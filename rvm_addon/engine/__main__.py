"""The worker: `python -m engine FOLDER` runs the job of one folder.

`job.json` goes in; `events.jsonl` and the frames come out; whatever is printed lands in `worker.log` through the pipe
that the parent made. With `--stop-with-parent` the worker ends when its standard input does, so that a Blender that was
killed leaves no process behind. Frames of an earlier run stay, and the worker goes on from there. If another process
works in the folder, the worker leaves it alone.

`python -m engine --standby` loads what every job needs, which takes a third of the time until its first frame. Then it
waits on its standard input for a `standby.order`, which names the folder, and goes on as the same worker.
"""

import argparse
import logging
import re
import sys
from functools import partial
from pathlib import Path

from .contract import lifeline, process, standby
from .contract.errors import OPENCV, LibraryUnusable
from .contract.events import EVENTS_FILE, Emit, Failed
from .contract.spec import LOG_FILE, JobSpec
from .dlls import load_stable_interface

load_stable_interface()

_unusable: ImportError | None = None
"""Why the libraries cannot be imported, if so; reported once there is a job to report it to."""
try:
    from . import pipeline  # this and the next import OpenCV, so after `load_stable_interface`
    from .drawing import viewing
except ImportError as error:
    _unusable = error

_LIBRARIES = {"cv2": OPENCV, "isal": "ISA-L", "numpy": "NumPy"}
"""The libraries that the two modules import, by the names of the libraries' modules."""


def main() -> int:
    """Run the job; 0 if it finished."""
    parser = argparse.ArgumentParser(prog="engine", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="the folder that holds job.json")
    parser.add_argument("--standby", action="store_true", help="be told the folder on standard input")
    parser.add_argument("--redraw", action="store_true", help="only draw the view of the job's newest frame anew")
    parser.add_argument("--stop-with-parent", action="store_true", help="end when standard input ends")
    arguments = parser.parse_args()
    if arguments.redraw:
        _check_libraries()
        viewing.redraw(arguments.folder)
        return 0
    lifeline.yield_to_others()
    if arguments.standby:
        arguments.folder = standby.ordered()
        if arguments.folder is None:
            return 0
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    folder = arguments.folder
    work, unforeseen = partial(_run, folder), partial(_unforeseen, folder)
    return process.run(folder, EVENTS_FILE, work, unforeseen, stops_with_parent=arguments.stop_with_parent)


def _run(folder: Path, emit: Emit) -> None:
    """Run the job.

    Raises:
        MattingError, OSError: with words for the user, or the system's.
        ImportError: an unexpected module cannot be imported.
    """
    _check_libraries()
    spec = JobSpec.read(folder)
    pipeline.run(spec, folder, emit)


def _check_libraries() -> None:
    """Return if all modules that every job needs are imported.

    Raises:
        LibraryUnusable: the system cannot load a library.
        ImportError: another module cannot be imported.
    """
    if _unusable is None:
        return
    message = f"{_unusable.name} {_unusable}"  # NumPy names itself in the message only
    for module, library in _LIBRARIES.items():
        if re.search(rf"\b{module}", message):
            raise LibraryUnusable(library, str(_unusable)) from _unusable
    raise _unusable


def _unforeseen(folder: Path, error: Exception) -> Failed:
    """Return the event that reports an unexpected error."""
    remedy = f"Send the log “{folder / LOG_FILE}” to the developers."
    return Failed(f"The worker stopped unexpectedly ({type(error).__name__}: {error})", remedy)


if __name__ == "__main__":
    lifeline.end_after(main)
