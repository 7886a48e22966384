"""Gives memory back to the system: many instances share a machine."""

import ctypes

_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_THRESHOLD_BYTES = 1024 * 1024
_ARENAS = 2


def return_memory_early() -> None:
    """Make glibc return large blocks when they are freed, and keep few arenas for many threads.

    Without this the 19 MiB of one password check stay with the process for good: glibc raises its own
    threshold to the size of the first large block freed. Does nothing where the C library is another.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _THRESHOLD_BYTES)
        mallopt(_M_ARENA_MAX, _ARENAS)
