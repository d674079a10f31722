"""The folders that results went to, and the jobs whose results are still to come there, whatever project is open.

Nothing here accesses these folders: a drive may be away, and a share that is out of reach blocks whoever asks it.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import bpy

from ...engine.contract import locks
from ...engine.contract.files import write_json
from ..settings import preferences, properties

log = logging.getLogger(__name__)

_FILE = "results.json"
"""In the extension's own folder of the user."""
_MOST = 200
"""How many folders are remembered, the latest used first of all: the caches are measured and cleared in all of them."""
_DRAWER_SECONDS = 90 * 24 * 3600.0
"""How long jobs stay expected after results were last sent to their folder: its disk may lie in a drawer. Afterwards
only a project that still sends its results there finds them."""


@dataclass(frozen=True)
class _Known:
    """What is known of a folder of results."""

    used: float
    """When results were sent there last, in seconds since 1970."""
    jobs: tuple[str, ...] = ()
    """The names of the jobs whose results, or movies, are still to come (`unfinished`)."""


_Folders = dict[str, _Known]


def expect(job: Path) -> None:
    """Remember a job whose results are still to come, and the folder of results that it lies in."""

    def more(known: _Folders) -> _Folders:
        before = known.pop(str(job.parent), _Known(0.0))  # it becomes the newest
        jobs = tuple(dict.fromkeys((*before.jobs, job.name)))
        return known | {str(job.parent): _Known(time.time(), jobs)}

    _change(more)


def forget(job: Path) -> None:
    """Remove a job from those whose results are to come; its folder of results stays known."""

    def fewer(known: _Folders) -> _Folders:
        entry = known.get(str(job.parent), _Known(0.0))
        left = tuple(name for name in entry.jobs if name != job.name)
        return known if left == entry.jobs else known | {str(job.parent): replace(entry, jobs=left)}

    _change(fewer)


def expected() -> list[Path]:
    """Return the folders of the jobs that are known to have results to come."""
    since = time.time() - _DRAWER_SECONDS
    return [Path(results, name) for results, one in _remembered().items() if one.used > since for name in one.jobs]


def folders() -> list[Path]:
    """Return every known folder of results: where results went so far, and where this project's will go."""
    return list(dict.fromkeys([*map(Path, _remembered()), *of_this_project()]))


def of_this_project() -> list[Path]:
    """Return the folders that the results of this project's scenes will go to."""
    return [properties.output_folder(properties.chosen_folder(scene.rvm_matting)) for scene in bpy.data.scenes]


def _remembered() -> _Folders:
    """Return what is remembered of each folder; empty where the file is missing or cannot be read."""
    try:
        path = _path()
        return {} if path is None else _read(path)
    except OSError:
        return {}


def _change(change: Callable[[_Folders], _Folders]) -> None:
    """Change what is known of each folder, and write the newest of them; one Blender at a time.

    Nothing is done on a checkout's command line, which has no extension whose folder could hold the file.
    An error of the file is only logged: results in a folder that is not known are found by a project that uses it.
    """
    path = _path()
    if path is None:
        return
    try:
        with locks.in_turn(path):
            _write(path, change)
    except OSError as error:
        log.warning("%s: %s", path, error)


def _write(path: Path, change: Callable[[_Folders], _Folders]) -> None:
    """Read what is known, change it, and write it if that makes a difference.

    Raises:
        OSError: the file refuses.
    """
    known = _read(path)
    changed = change(dict(known))
    if changed != known:
        newest = {results: asdict(one) for results, one in list(changed.items())[-_MOST:]}
        write_json(path, newest)


def _read(path: Path) -> _Folders:
    """Return what is remembered of each folder; empty where the file is missing or damaged.

    Raises:
        OSError: the file exists but cannot be read, as while a virus scanner has it open.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {results: _Known(float(one["used"]), tuple(map(str, one["jobs"]))) for results, one in content.items()}
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _path() -> Path | None:
    """Return the path of the file that remembers the folders; None where no extension is installed (a checkout)."""
    try:
        return Path(bpy.utils.extension_path_user(preferences.PACKAGE, create=True)) / _FILE
    except ValueError:
        return None
