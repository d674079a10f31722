"""Measure one program: `cost.py OUTPUT PROGRAM…` runs it and prints a JSON object with its time and memory.

It is a process of its own, small and without libraries, because the system counts the parent's memory at the moment of
the fork as the child's. POSIX only: `wait4` tells what one child used. What the program prints goes to the file OUTPUT.
Standard library only.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

_UNIT = 1 if sys.platform == "darwin" else 1024
"""The unit of `ru_maxrss` in bytes: Darwin counts bytes, every other system KiB."""


def main(output: Path, command: list[str]) -> dict[str, float]:
    """Run the program to its end; return seconds, processor seconds, peak of resident memory in 10^6 bytes, status."""
    begun = time.perf_counter()
    with output.open("wb") as printed:
        # Standard input stays open, for a worker ends at its end of file.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=printed, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "seconds": seconds,
        "processor_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss * _UNIT / 1e6,
        "status": process.returncode,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2:])))
