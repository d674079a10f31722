"""`python -m rvm_addon.host …`: the command line in a Python that has the `bpy` module."""

import sys
from functools import partial

from .blender.leaving import end_after
from .command_line.cli import main

if __name__ == "__main__":
    end_after(partial(main, sys.argv[1:]))
