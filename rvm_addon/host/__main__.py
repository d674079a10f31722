"""`python -m rvm_addon.host …`: the command line in a Python that has the `bpy` module."""

import sys
from functools import partial

from ..engine.contract.lifeline import end_after
from .command_line.cli import main

if __name__ == "__main__":
    # The bpy module sometimes hangs (4.5) or crashes (5.0) at the interpreter's shutdown, after all work is done.
    end_after(partial(main, sys.argv[1:]))
