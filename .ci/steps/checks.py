"""The checks: tests inside a Blender, and everything that can be checked without running the product."""

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from . import weights
from .commands import Command, StepError
from .environment import BLENDERS, lint_environment, oldest_environment, prepare
from .layout import ROOT

WINDOWED = ("trixie", "sid")
"""The Debian releases whose Blender `tests/gui/run.sh` knows: 4.3 and 5.2."""
DRIVERS = ("drive", "living")
"""The scripts that drive it."""
OLDEST_ARGUMENTS = ("tests/engine", "--ignore", "tests/engine/test_real.py", "-k", "not a_hundred_frames")
"""All tests but those that take minutes: the scores of real clips do not depend on a library's version."""
TYPED = ("rvm_addon", ".ci", "build.py")


PATIENCE_SECONDS = 3600.0
"""How long a check may go on after the first of its group has ended: a suite takes minutes, and checks run in
parallel."""


def test(blenders: Sequence[str], arguments: Sequence[str]) -> int:
    """Run pytest with `arguments` inside each of these Blenders; return the worst exit status.

    Raises:
        StepError: an environment or the weights could not be prepared.
    """
    checks: dict[str, Command] = {}
    for name in blenders:
        python = prepare(BLENDERS[name])
        weights.ensure(python)
        checks[f"Tests in Blender {name}"] = [python, "-m", "pytest", *arguments]
    return side_by_side(checks, os.cpu_count() or 1)


def side_by_side(checks: Mapping[str, Command], at_once: int, patience: float = PATIENCE_SECONDS) -> int:
    """Run checks, given by title, in groups of `at_once` in parallel; return the worst exit status.

    A check that outlasts the first of its group by `patience` seconds is killed and has failed.

    The output of the first check of a group goes straight to the person; that of the others follows in order. Tests
    wait so often that two suites in parallel take hardly longer than one.
    """
    worst = 0
    titles = list(checks)
    for first in range(0, len(titles), at_once):
        shown, *later = titles[first : first + at_once]
        with contextlib.ExitStack() as running:
            waiting = [(title, running.enter_context(_heard_later(checks[title]))) for title in later]
            worst = max(worst, _check(shown, checks[shown]))
            for title, (process, output) in waiting:
                is_over = _wait(process, patience)
                worst = max(worst, abs(process.returncode))
                _announce(title)
                output.seek(0)
                shutil.copyfileobj(output, sys.stdout)
                sys.stdout.flush()
                if not is_over:
                    _announce(f"{title}: ended, for it was still at work after {patience:.0f} s more")
    return worst


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Wait for a check to end, kill it after `seconds`, and return whether it ended by itself."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


@contextlib.contextmanager
def _heard_later(command: Command) -> Iterator[tuple[subprocess.Popen[bytes], TextIO]]:
    """Start a check at the root, and yield its process and the file with its output; kill it at the end."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield process, output
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def test_oldest(arguments: Sequence[str]) -> int:
    """Run the engine's tests, or pytest with `arguments`, on the oldest libraries of any zip; return the status.

    Raises:
        StepError: the environment or the weights could not be prepared.
    """
    python = prepare(oldest_environment())
    weights.ensure(python)
    _announce("Tests on the oldest libraries, those of a Mac with an Intel processor")
    return _status([python, "-m", "pytest", *(arguments or OLDEST_ARGUMENTS)])


def window() -> int:
    """Drive every windowed Blender that is set up here with mouse and keyboard; return the worst exit status.

    Raises:
        StepError: none is set up, or this user is not root.
    """
    suites = [suite for suite in WINDOWED if Path(f"/opt/blender-{suite}/.ready").is_file()]
    if not suites or not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise StepError(
            f"a windowed Blender needs root, and ../shared/blender-gui/setup.sh {'|'.join(WINDOWED)} before"
        )
    worst = 0
    for suite, driver in itertools.product(suites, DRIVERS):
        _announce(f"A real window, {suite}: {driver}")
        worst = max(worst, _status([ROOT / "tests" / "gui" / "run.sh", suite, driver]))
    return worst


def lint() -> int:
    """Run every check that needs no Blender, even if one fails; return the worst exit status.

    Raises:
        StepError: the environment could not be prepared.
    """
    python = prepare(lint_environment())
    results = [
        _check("ruff check", [python, "-m", "ruff", "check"]),
        _check("ruff format", [python, "-m", "ruff", "format", "--check"]),
        _check("types", [python, "-m", "mypy", *TYPED]),
        # Without the fixtures, which need Blender.
        _check("import law", [python, "-m", "pytest", "--quiet", "--noconftest", "tests/test_layers.py"]),
    ]
    return max(results)


def _check(title: str, command: Command) -> int:
    _announce(title)
    return _status(command)


def _status(command: Command) -> int:
    """Run a check at the root with its output going straight to the person; return its exit status, never negative."""
    ended = subprocess.run(command, cwd=ROOT, check=False)
    # A process that was ended by a signal has a negative status, which `max` would ignore.
    return abs(ended.returncode)


def _announce(title: str) -> None:
    print(f"== {title}", file=sys.stderr, flush=True)
