"""Running the product's command line inside an environment that has Blender and the libraries."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from . import weights
from .commands import INTERRUPTED, Command
from .environment import BLENDERS, default_blender, prepare
from .layout import ROOT

GOODBYE_SECONDS = 10
"""How long an interrupted product may take before it is killed: it ends its worker and reports the frames."""


def matte(arguments: Sequence[str]) -> int:
    """Hand all `arguments` to the product's own command line; return its exit status.

    Only the product writes to standard output, for programs read its `--json`. The working directory stays the
    caller's, so that relative paths hold; `-P` prevents imports from that directory. On POSIX, the product takes this
    process's place, and this does not return: whatever ends the process, a signal too, ends the product.

    Raises:
        StepError: the environment or the weights could not be prepared.
    """
    python = prepare(BLENDERS[default_blender()])
    weights.ensure(python)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command: Command = [python, "-P", "-m", "rvm_addon.host", *arguments]
    environment = {**os.environ, "PYTHONPATH": path}
    if os.name == "posix":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(python, tuple(command), environment)  # noqa: S606  # as meant: no shell between
    return run_beside(command, environment)


def run_beside(command: Command, environment: Mapping[str, str]) -> int:
    """Run the product as a process of its own, for Windows cannot replace one; return its exit status."""
    product = subprocess.Popen(command, env=environment)
    try:
        return abs(product.wait())
    except KeyboardInterrupt:  # the product gets Ctrl-C, too
        with contextlib.suppress(subprocess.TimeoutExpired):
            product.wait(GOODBYE_SECONDS)
        return INTERRUPTED
    finally:
        product.kill()  # does nothing if it has ended
