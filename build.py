#!/usr/bin/env python3
"""The one door for people: set-up, demonstration, tests, weights and packages. `python3 build.py --help` lists them.

The steps are in `.ci/steps`. This file keeps to syntax that any Python can read, so that an old Python prints which
version is needed instead of a syntax error.
"""

import os
import sys

OLDEST = (3, 11)

if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit("build.py needs Python %d.%d or newer; this is Python %d.%d." % (OLDEST + tuple(sys.version_info[:2])))
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".ci"))
    from steps.door import main

    sys.exit(main(sys.argv[1:]))
