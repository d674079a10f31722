"""The command-line door to the product, run inside an environment that has Blender and the libraries."""

import os
import subprocess
from collections.abc import Sequence

from . import weights
from .commands import Command
from .environment import BLENDERS, default_blender, prepare
from .layout import ROOT


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
    return abs(subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False).returncode)
