"""What jobs keep for later ones, in all folders of results together: how much it is, and how it gives way.

Run as `python -m engine.caches [--clear]`, beside Blender: it is told the folders on its standard input, as a list in
JSON, and prints how many bytes are kept in the end. Standard library only, so that it starts at once.
"""

import argparse
import contextlib
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import lifeline
from .spec import JOB_FILE, PARTIAL_SUFFIX, RAW_FOLDER


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


def _spared(jobs: Iterable[Path]) -> set[Path]:
    """Return the folders that jobs make or use which run now, in whichever Blender."""
    return {used.resolve() for job in jobs if lifeline.is_held(job) for used in (*_kept(job), *_used_by(job))}


def _give_up(folder: Path, spared: set[Path]) -> None:
    """Delete a folder in which a job keeps something, unless it is spared.

    Under another name first: a job that begins meanwhile finds all of it or nothing.
    """
    if folder.resolve() in spared:
        return
    doomed = folder.with_name(f"{RAW_FOLDER}{PARTIAL_SUFFIX}")
    shutil.rmtree(doomed, ignore_errors=True)
    if folder != doomed:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder.replace(doomed), ignore_errors=True)


def _age(folder: Path) -> float:
    """Return what grows with the time since a folder was used last; what disappears meanwhile is the oldest."""
    try:
        return -folder.stat().st_mtime
    except OSError:
        return 0.0


def _jobs(results: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders of jobs in these folders of results; what no job made, such as the user's own, is left out."""
    for parent in results:
        yield from (folder for folder in parent.glob("*") if (folder / JOB_FILE).is_file())


def _kept(job: Path) -> list[Path]:
    """Return the folders in which a job keeps something, also what an interrupted deletion left."""
    folders = (job / f"{RAW_FOLDER}{PARTIAL_SUFFIX}", job / RAW_FOLDER)
    return [folder for folder in folders if folder.is_dir()]


def _size(folder: Path) -> int:
    """Return how many bytes the files of a folder have; what disappears meanwhile has none."""
    total = 0
    for path in folder.glob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _used_by(job: Path) -> list[Path]:
    """Return the folders of earlier jobs that a job reads."""
    try:
        return [Path(folder) for folder in json.loads((job / JOB_FILE).read_text(encoding="utf-8"))["raws"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


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
