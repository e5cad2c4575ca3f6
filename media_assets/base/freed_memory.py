"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back_freed_memory() -> None:
    """Give back to the system what this process has freed and still holds.

    The C library of most Linux systems keeps what lies between blocks that are in use, for each thread apart: after
    arrays of some MB that came and went, hundreds of MB. To give it back costs some milliseconds, so it is for the end
    of a work of seconds. Other C libraries have no such function and need none: they do not keep so much.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
