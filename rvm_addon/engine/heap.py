"""Giving free memory back to the system, which glibc does not do by itself."""

import sys


def trim() -> None:
    """Give back free memory in the middle of the heaps; only glibc needs and offers this.

    Threads share a few heaps. A frame is read in one, drawn in others and freed by the last thread to use it, so over
    some hundred frames each heap grows to the most that it ever had to hold.
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - imported only where it is used, and not before the first frame

    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)  # Alpine's C library has none
    if give_back is not None:
        give_back(0)
