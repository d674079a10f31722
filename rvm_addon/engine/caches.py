"""What jobs keep for later ones, in all folders of results together: how much it is, and how it gives way.

Run as `python -m engine.caches [--clear]`, beside Blender: it is told the folders on its standard input, as a list in
JSON, and prints how many bytes are kept in the end. Standard library only, so that it starts at once.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import locks
from .digests import DIGESTS_FILE
from .files import read_json
from .resume import MEMORY_FILE
from .spec import JOB_FILE, PARTIAL_SUFFIX, RAW_FOLDER, RAW_SUFFIX, holds_job

_BESIDE_RAWS = frozenset({DIGESTS_FILE, MEMORY_FILE, f"{MEMORY_FILE}{PARTIAL_SUFFIX}"})
_OF_MACS = "._"
"""Begins the names of what macOS lays beside each file on foreign drives."""


def prune(results: Path, limit: int) -> None:
    """Delete raw mattes of the jobs in a folder of results, the oldest first, until they take at most `limit` bytes.

    What a running job makes or uses counts, and stays.
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
    """Delete what jobs keep in these folders of results, all but what a running job makes or uses; frames stay."""
    jobs = list(_jobs(results))
    spared = _spared(jobs)
    for folder in [folder for job in jobs for folder in _kept(job)]:
        _give_up(folder, spared)


def _spared(jobs: Iterable[Path]) -> set[str]:
    """Return the folders that jobs make or use which run now, in whichever Blender."""
    return {
        os.path.realpath(used) for job in jobs if locks.is_held(job) for used in (*_kept(job), *_used_by(job))
    }  # Path.resolve() raises where links lead in a circle


def _give_up(folder: Path, spared: set[str]) -> None:
    """Delete what a job keeps in a folder, and the folder if nothing else lies there, unless it is spared.

    Under another name first: a job that begins meanwhile finds all of it or nothing. What is not ours, or does not go,
    stays, and the folder has its name again.
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
    """Delete our own files in a folder, and it as well if nothing is left."""
    for path in _own_files(folder):
        with contextlib.suppress(OSError):
            path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _age(folder: Path) -> float:
    """Return what grows with the time since a folder was used last; what disappears meanwhile is the oldest."""
    try:
        return -folder.stat().st_mtime
    except OSError:
        return 0.0


def _jobs(results: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders of jobs in these folders of results.

    What no job made, such as the user's own, is left out, and so is what may not be looked into.
    """
    for parent in results:
        yield from filter(holds_job, _entries(parent))


def _kept(job: Path) -> list[Path]:
    """Return the folders in which a job keeps something, also what an interrupted deletion left."""
    folders = (job / f"{RAW_FOLDER}{PARTIAL_SUFFIX}", job / RAW_FOLDER)
    return [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112  # Path's own raises


def _own_files(folder: Path) -> list[Path]:
    """Return what jobs have put into a folder in which they keep something."""
    return [path for path in _entries(folder) if _is_own(path.name.removeprefix(_OF_MACS))]


def _is_own(name: str) -> bool:
    """Return whether a job calls a file so: a frame's raw matte, by number, or what lies beside those."""
    return name in _BESIDE_RAWS or (name.endswith(RAW_SUFFIX) and name.removesuffix(RAW_SUFFIX).isdecimal())


def _entries(folder: Path) -> list[Path]:
    """Return what lies in a folder; nothing where that cannot be told."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _size(folder: Path) -> int:
    """Return how many bytes our files in a folder have; what disappears meanwhile has none."""
    total = 0
    for path in _own_files(folder):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _used_by(job: Path) -> list[Path]:
    """Return the folders of earlier jobs that a job reads."""
    return read_json(job / JOB_FILE, lambda told: [Path(folder) for folder in told["raws"]]) or []


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="engine.caches", description=__doc__)
    parser.add_argument("--clear", action="store_true", help="delete what no running job uses")
    arguments = parser.parse_args()
    results = [Path(folder) for folder in json.load(sys.stdin)]
    if arguments.clear:
        clear(results)
    sys.stdout.write(f"{size(results)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
