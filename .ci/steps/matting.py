"""Running the product's command line inside an environment that has Blender and the libraries."""

import contextlib
import os
import subprocess
from collections.abc import Sequence

from . import weights
from .commands import INTERRUPTED, Command
from .environment import BLENDERS, default_blender, prepare
from .layout import ROOT

GOODBYE_SECONDS = 10
"""How long an interrupted product may take before it is killed: it ends its worker and reports the frames."""


def matte(arguments: Sequence[str]) -> int:
    """Hand all `arguments` to the product's own command line; return its exit status.

    Only the product writes to standard output, for programs read its `--json`. The working directory stays the
    caller's, so that relative paths hold; `-P` prevents imports from that directory.

    Raises:
        StepError: the environment or the weights could not be prepared.
    """
    python = prepare(BLENDERS[default_blender()])
    weights.ensure(python)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command: Command = [python, "-P", "-m", "rvm_addon.host", *arguments]
    product = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})
    try:
        return abs(product.wait())
    except KeyboardInterrupt:  # the product gets Ctrl-C, too
        with contextlib.suppress(subprocess.TimeoutExpired):
            product.wait(GOODBYE_SECONDS)
        return INTERRUPTED
    finally:
        product.kill()  # does nothing if it has ended
