"""The folders that results went to, and the jobs whose results are still to come there, whatever project is open.

Nothing here looks into a folder: a drive may be away, and a share that is out of reach keeps whoever asks it waiting.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import bpy

from ..engine import locks, whole
from . import preferences, properties

log = logging.getLogger(__name__)

_FILE = "results.json"
"""Among the extension's own files of the user."""
_HELD_FILE = "results.held"
"""Beside it: the lock on it is had by the Blender that writes."""
_IN_TURN_SECONDS = 0.5
"""How long it may be another's; it takes a thousandth of a second, so whoever has it longer stands still."""
_MOST = 200
"""So many folders are remembered, those that results went to last: what is kept for changes is found in all of them."""
_DRAWER_SECONDS = 90 * 24 * 3600.0
"""For so long is a job expected that nobody finds: its disk may lie in a drawer. Afterwards it comes back only to a
project that still sends its results there."""


@dataclass(frozen=True)
class _Known:
    """What is known of a folder of results."""

    used: float
    """When results were sent there last, in seconds since 1970."""
    jobs: tuple[str, ...] = ()
    """The names of the jobs whose results, or movies, are still to come (`unfinished`)."""


_Folders = dict[str, _Known]


def expect(job: Path) -> None:
    """Remember a job's folder, for its results are still to come, and the folder of results that it lies in."""

    def more(known: _Folders) -> _Folders:
        before = known.pop(str(job.parent), _Known(0.0))  # it becomes the newest
        jobs = tuple(dict.fromkeys((*before.jobs, job.name)))
        return known | {str(job.parent): _Known(time.time(), jobs)}

    _change(more)


def forget(job: Path) -> None:
    """Expect nothing of a job any more; the folder of results stays known."""

    def fewer(known: _Folders) -> _Folders:
        told = known.get(str(job.parent), _Known(0.0))
        left = tuple(name for name in told.jobs if name != job.name)
        return known if left == told.jobs else known | {str(job.parent): replace(told, jobs=left)}

    _change(fewer)


def expected() -> list[Path]:
    """Return the folders of the jobs whose results are still to come, as far as is known."""
    since = time.time() - _DRAWER_SECONDS
    return [Path(results, name) for results, told in _remembered().items() if told.used > since for name in told.jobs]


def folders() -> list[Path]:
    """Return every folder of results that is known: where results went so far, and where this project's will go."""
    return list(dict.fromkeys([*map(Path, _remembered()), *of_this_project()]))


def of_this_project() -> list[Path]:
    """Return where the results of this project's scenes will go."""
    return [properties.output_folder(properties.chosen_folder(scene.rvm_matting)) for scene in bpy.data.scenes]


def _remembered() -> _Folders:
    """Return what was remembered of each folder; nothing where the file is not there or cannot be read."""
    try:
        return _read()
    except OSError:
        return {}


def _change(change: Callable[[_Folders], _Folders]) -> None:
    """Change what is known of each folder, and remember the newest of them; one Blender at a time.

    A file that refuses only costs what this is for: what waits there is found only while a project has that folder.
    """
    give_up_at = time.monotonic() + _IN_TURN_SECONDS
    try:
        while True:
            with locks.held(_path().parent, _HELD_FILE) as alone:
                if alone or time.monotonic() > give_up_at:
                    _write(change)
                    return
    except OSError as error:
        log.warning("%s: %s", _path(), error)


def _write(change: Callable[[_Folders], _Folders]) -> None:
    """Write what is known now, changed.

    Raises:
        OSError: the file refuses.
    """
    known = _read()
    changed = change(dict(known))
    if changed != known:
        newest = {results: asdict(told) for results, told in list(changed.items())[-_MOST:]}
        whole.write(_path(), json.dumps(newest).encode())


def _read() -> _Folders:
    """Return what was remembered of each folder; nothing where the file is not there yet, or is damaged.

    Raises:
        OSError: it is there and refuses, as while a virus scanner looks at it.
    """
    try:
        told = json.loads(_path().read_text(encoding="utf-8"))
        return {results: _Known(float(one["used"]), tuple(map(str, one["jobs"]))) for results, one in told.items()}
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _path() -> Path:
    """Return the file of the folders."""
    return Path(bpy.utils.extension_path_user(preferences.PACKAGE, create=True)) / _FILE
