"""The worker: `python -m engine FOLDER` runs the job of one folder.

`job.json` goes in; `events.jsonl` and the frames come out; whatever is printed lands in `worker.log` through the pipe
that the parent made. With `--stop-with-parent` the worker ends when its standard input does, so that a Blender that was
killed leaves no process behind.
"""

import argparse
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TextIO

from . import pipeline
from .errors import MattingError
from .events import Event, Failed, encode
from .spec import JobSpec

log = logging.getLogger(__name__)

_NICENESS = 5
"""Of 19: behind Blender when both want a core, at full speed when nothing else does."""


def main() -> int:
    """Run the job; 0 if it finished."""
    parser = argparse.ArgumentParser(prog="engine", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds job.json")
    parser.add_argument("--stop-with-parent", action="store_true", help="end when standard input ends")
    arguments = parser.parse_args()
    _yield_to_others()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if arguments.stop_with_parent:
        threading.Thread(target=_stop_at_end_of, args=(_standard_input_apart(),), daemon=True).start()
    with (arguments.folder / "events.jsonl").open("w", encoding="utf-8", buffering=1) as stream:
        return _run(arguments.folder, stream)


def _run(folder: Path, stream: TextIO) -> int:
    """Run the job, and tell of its end whatever that is."""

    def emit(event: Event) -> None:
        stream.write(encode(event))
        stream.flush()

    try:
        spec = JobSpec.from_json((folder / "job.json").read_text(encoding="utf-8"))
        pipeline.run(spec, folder, emit)
    except MattingError as error:
        log.info("%s", error, exc_info=True)
        emit(Failed(str(error), error.remedy))
        return 1
    except Exception as error:  # the worker's one broad door: a bug must reach the user with the log's place
        log.exception("unexpected")
        remedy = f"Send the log “{folder / 'worker.log'}” to the developers."
        emit(Failed(f"The worker stopped unexpectedly ({type(error).__name__}: {error})", remedy))
        return 1
    return 0


def _yield_to_others() -> None:
    """Lower this process's priority, so that a playing timeline stays smooth. On Windows the parent does it."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


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


if __name__ == "__main__":
    sys.exit(main())
