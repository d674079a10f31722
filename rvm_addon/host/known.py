"""The folders that results went to, and the jobs whose results are still to come there, whatever project is open.

Nothing here looks into a folder: a drive may be away, and a share that is out of reach keeps whoever asks it waiting.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import bpy

from ..engine import whole
from . import preferences, properties

log = logging.getLogger(__name__)

_FILE = "results.json"
"""Among the extension's own files of the user."""
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


def expect(job: Path) -> None:
    """Remember a job's folder, for its results are still to come, and the folder of results that it lies in."""
    known = _remembered()  # read anew each time: another Blender may have written it
    before = known.pop(str(job.parent), _Known(0.0))  # it becomes the newest
    jobs = tuple(dict.fromkeys((*before.jobs, job.name)))
    _remember(known | {str(job.parent): _Known(time.time(), jobs)})


def forget(job: Path) -> None:
    """Expect nothing of a job any more; the folder of results stays known."""
    known = _remembered()
    told = known.get(str(job.parent))
    if told is not None and job.name in told.jobs:
        left = tuple(name for name in told.jobs if name != job.name)
        _remember(known | {str(job.parent): replace(told, jobs=left)})


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


def _remembered() -> dict[str, _Known]:
    """Return what was remembered of each folder; nothing where the file is not there or cannot be read."""
    try:
        told = json.loads(_path().read_text(encoding="utf-8"))
        return {results: _Known(float(one["used"]), tuple(map(str, one["jobs"]))) for results, one in told.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _remember(known: dict[str, _Known]) -> None:
    """Write what is known of the newest folders; one that refuses only costs what this is for."""
    newest = {results: asdict(told) for results, told in list(known.items())[-_MOST:]}
    try:
        whole.write(_path(), json.dumps(newest).encode())
    except OSError as error:  # what waits there is found only while a project has that folder
        log.warning("%s: %s", _path(), error)


def _path() -> Path:
    """Return the file of the folders."""
    return Path(bpy.utils.extension_path_user(preferences.PACKAGE, create=True)) / _FILE
