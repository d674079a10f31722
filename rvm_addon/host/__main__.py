"""`python -m rvm_addon.host …`: the command line in a Python that has the `bpy` module."""

import os
import sys

from .cli import main

if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # The bpy module hangs (4.5) or crashes (5.0) now and then when the interpreter tears it down, after all is done.
    os._exit(status)
