"""`python -m rvm_addon.host …`: the command line in a Python that has the `bpy` module."""

import sys
from functools import partial

from ..engine.lifeline import end_after
from .cli import main

if __name__ == "__main__":
    # The bpy module hangs (4.5) or crashes (5.0) now and then when the interpreter tears it down, after all is done.
    end_after(partial(main, sys.argv[1:]))
