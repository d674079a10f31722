"""What jobs keep for later jobs, in all folders of results: how much it is, and how it is deleted.

Run as `python -m engine.kept.caches [--clear]`, beside Blender: it reads the folders from its standard input, as a JSON
list, and prints how many bytes are kept in the end. Standard library only, so that it starts at once.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..contract import locks
from ..contract.digests import DIGESTS_FILE
from ..contract.files import is_folder, read_json
from ..contract.resume import MEMORY_FILE
from ..contract.spec import JOB_FILE, PARTIAL_SUFFIX, RAW_FOLDER, RAW_SUFFIX, holds_job

_BESIDE_RAWS = frozenset({DIGESTS_FILE, MEMORY_FILE, f"{MEMORY_FILE}{PARTIAL_SUFFIX}"})
_OF_MACS = "._"
"""The prefix of the files that macOS puts beside each file on foreign drives."""


def prune(results: Path, limit: int) -> None:
    """Delete raw mattes of the jobs in a folder of results, the oldest first, until they take at most `limit` bytes.

    Those that a running or waiting job makes or uses count, too, but stay.
    """
    jobs = list(_jobs([results]))
    spared = _spared(jobs)
    for folder in sorted((folder for job in jobs for folder in _kept(job)), key=_age):
        limit -= _size(folder)
        if limit < 0:
            _give_up(folder, spared)


def size(results: Iterable[Path]) -> int:
    """Return how many bytes jobs keep in these folders of results."""
    return sum(_size(folder) for job in _jobs(results) for folder in _kept(job))


def clear(results: Iterable[Path]) -> None:
    """Delete what jobs keep in these folders of results, but for running and waiting jobs; frames stay."""
    jobs = list(_jobs(results))
    spared = _spared(jobs)
    for folder in [folder for job in jobs for folder in _kept(job)]:
        _give_up(folder, spared)


def _spared(jobs: Iterable[Path]) -> set[str]:
    """Return the folders that running and waiting jobs, of any Blender, make or use."""
    return {
        os.path.realpath(used) for job in jobs if locks.is_held(job) for used in (*_kept(job), *_used_by(job))
    }  # Path.resolve() raises where links lead in a circle


def _give_up(folder: Path, spared: set[str]) -> None:
    """Delete what a job keeps in a folder, and the folder if it is empty then, unless it is spared.

    The folder is renamed first, so that a job that begins meanwhile finds all of it or nothing. Files that are not ours
    or cannot be deleted stay, and the folder gets its name back.
    """
    if os.path.realpath(folder) in spared:
        return
    doomed = folder.with_name(f"{RAW_FOLDER}{PARTIAL_SUFFIX}")
    _empty(doomed)
    if folder != doomed:
        with contextlib.suppress(OSError):
            _empty(folder.replace(doomed))
    with contextlib.suppress(OSError):
        doomed.rename(folder.with_name(RAW_FOLDER))


def _empty(folder: Path) -> None:
    """Delete our own files in a folder, and the folder as well if it is empty then."""
    for path in _own_files(folder):
        with contextlib.suppress(OSError):
            path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _age(folder: Path) -> float:
    """Return a key that grows with the time since a folder's last use; one that disappears meanwhile is the oldest."""
    try:
        return -folder.stat().st_mtime
    except OSError:
        return 0.0


def _jobs(results: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders of jobs in these folders of results.

    Folders that no job made, such as the user's own, are left out, and so are folders that cannot be read.
    """
    for parent in results:
        yield from filter(holds_job, _entries(parent))


def _kept(job: Path) -> list[Path]:
    """Return the folders in which a job keeps something, including the rest of an interrupted deletion."""
    folders = (job / f"{RAW_FOLDER}{PARTIAL_SUFFIX}", job / RAW_FOLDER)
    return [folder for folder in folders if is_folder(folder)]


def _own_files(folder: Path) -> list[Path]:
    """Return the files that jobs have put into one of these folders."""
    return [path for path in _entries(folder) if _is_own(path.name.removeprefix(_OF_MACS))]


def _is_own(name: str) -> bool:
    """Return whether a name is one that jobs use: of a numbered raw matte, or of a file kept beside those."""
    return name in _BESIDE_RAWS or (name.endswith(RAW_SUFFIX) and name.removesuffix(RAW_SUFFIX).isdecimal())


def _entries(folder: Path) -> list[Path]:
    """Return the contents of a folder; an empty list where it cannot be read."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _size(folder: Path) -> int:
    """Return how many bytes our files in a folder have; files that disappear meanwhile do not count."""
    total = 0
    for path in _own_files(folder):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _used_by(job: Path) -> list[Path]:
    """Return the folders of earlier jobs that a job reads."""
    return read_json(job / JOB_FILE, lambda spec: [Path(folder) for folder in spec["raws"]]) or []


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="engine.kept.caches", description=__doc__)
    parser.add_argument("--clear", action="store_true", help="delete what no running job uses")
    arguments = parser.parse_args()
    results = [Path(folder) for folder in json.load(sys.stdin)]
    if arguments.clear:
        clear(results)
    sys.stdout.write(f"{size(results)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
