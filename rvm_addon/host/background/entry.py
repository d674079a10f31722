"""The background Blender, without window, does what only Blender can do: its command line, its start and its end.

`command` is called where a job is ordered; all else runs in a process of its own, which the queue or the command line
starts and ends.
"""

import importlib
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

import bpy

from ...engine.contract import lifeline, process
from ...engine.contract.events import Emit, Failed
from ...jobs.parts import events_file, log_file
from ..blender import leaving

_FAILING = {
    "background_rendering": "The strip could not be rendered",
    "background_encoding": "The movie could not be written",
}
"""The start of the message about an unforeseen error, for each module that does a part's work."""

_WAY_IN = """
import os, sys, traceback
try:
    sys.path.insert(0, {place!r})
    from {package}.host.background import entry
    entry.main({module!r}, {folder!r}, {name!r}, beside={beside!r})
except BaseException:
    traceback.print_exc()
    os._exit(1)
"""
"""What the background Blender executes. Any failure, also before `main`, ends the process at once: Blender's own end
could hang."""


def command(module: str, folder: Path, name: str, *, beside: bool = False) -> tuple[str, ...]:
    """Return the command line of a Blender that does the job's part `name`, by the `work` of this module.

    With `beside`, another process of the job holds the folder's lock. Whether Python in the project runs there, the
    preferences decide: nobody can ask Blender whether the user has trusted a file.
    """
    package = Path(__file__).resolve().parents[2]
    # By path: in the bpy module this extension is not enabled, and a Blender may have enabled another copy of it.
    code = _WAY_IN.format(
        place=str(package.parent),
        package=package.name,
        module=module,
        folder=str(folder),
        name=name,
        beside=beside,
    )
    expression = f"exec({code!r})"  # one line: systems differ in how they pass several
    if bpy.app.binary_path:
        return (bpy.app.binary_path, "--background", "--python-exit-code", "1", "--python-expr", expression)
    return (sys.executable, "-P", "-c", expression)  # the bpy module; nothing is imported from the job's folder


def main(module: str, folder: str, name: str, *, beside: bool) -> NoReturn:
    """Do a part's work and end this process."""
    leaving.end_after(partial(_run, module, Path(folder), name, beside=beside))


def _run(module: str, folder: Path, name: str, *, beside: bool) -> int:
    """Do a part's work and write its events; return the process's exit status, 0 on success."""
    lifeline.yield_to_others()

    def work(emit: Emit) -> None:
        importlib.import_module(f".{module}", __package__).work(folder, name, emit)

    def unforeseen(error: Exception) -> Failed:
        remedy = f"Look into its log “{folder / log_file(name)}”."
        return Failed(f"{_FAILING[module]} ({str(error).strip()})", remedy)

    return process.run(folder, events_file(name), work, unforeseen, beside=beside)
