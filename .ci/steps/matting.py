"""The command-line door to the product, run inside an environment that has Blender and the libraries."""

import contextlib
import os
import subprocess
from collections.abc import Sequence

from . import weights
from .commands import INTERRUPTED, Command
from .environment import BLENDERS, default_blender, prepare
from .layout import ROOT

GOODBYE_SECONDS = 10
"""Until the product is killed that was interrupted: it ends its worker first, and says what became of the frames."""


def matte(arguments: Sequence[str]) -> int:
    """Hand all `arguments` to the product's own command line; return its exit status.

    Standard output is the product's alone: `--json` is read by programs. Relative paths stay the caller's, so the
    working folder does not change; `-P` keeps that folder from offering modules of its own.

    Raises:
        StepError: the environment or the weights could not be made ready.
    """
    python = prepare(BLENDERS[default_blender()])
    weights.ensure(python)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command: Command = [python, "-P", "-m", "rvm_addon.host", *arguments]
    product = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})
    try:
        return abs(product.wait())
    except KeyboardInterrupt:  # the product has heard Ctrl-C, too
        with contextlib.suppress(subprocess.TimeoutExpired):
            product.wait(GOODBYE_SECONDS)
        return INTERRUPTED
    finally:
        product.kill()  # does nothing where it has ended
