"""Memory that is free goes back to the system, which Linux's C library leaves undone."""

import sys


def trim() -> None:
    """Give back what is free in the middle of the heaps; only glibc needs and knows this.

    Threads share a few heaps. A frame is read in one, drawn in others and freed by whoever is last, so that over some
    hundred frames each heap grows to the most that it ever had to hold.
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - not worth its time elsewhere, nor before the first frame

    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)  # Alpine's C library has none
    if give_back is not None:
        give_back(0)
