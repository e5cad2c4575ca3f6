"""Waiting for what others do: processes, threads, servers.

What belongs here: the one loop that asks again until it is so. Not letting time pass: where time is what a test is
about, a clock is handed in, or set with `os.utime`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

Answer = TypeVar("Answer")

_CHILD_SECONDS = 60


def wait_until(
    condition: Callable[[], Answer],
    seconds: float = 60,
    *,
    goes_on: Callable[[], object] = lambda: True,
    saying: Callable[[], object] = str,
    pause_seconds: float = 0.01,
) -> Answer:
    """The first true answer of `condition`.

    Args:
        seconds: How long it may take.
        goes_on: Whether whoever is to bring it about still can; else nobody waits longer.
        saying: What helps to understand why it did not come about.

    Raises:
        AssertionError: there was none in time, or there will be none.
    """
    deadline = time.monotonic() + seconds
    while True:
        hopeless = "it ended before" if not goes_on() else ""
        late = f"not within {seconds} s" if time.monotonic() >= deadline else ""
        if answer := condition():
            return answer
        assert not (hopeless or late), f"{hopeless or late}\n{saying()}"
        time.sleep(pause_seconds)


def wait_to_be_killed() -> NoReturn:
    """For a child process whose end comes from outside; should nobody end it, it does so itself."""
    time.sleep(_CHILD_SECONDS)
    os._exit(1)
