"""What the work of a thread is asked while it waits: whether it is to stop.

Stores and their clients wait in many places: for a service that is busy, for a lock, for what another machine does.
They ask here, so that a run that is stopped ends within a moment wherever it is. Who does the work says what is asked;
for a thread that nobody said it for, nothing is. The time that a file may take is no matter of this: what it is to hold
for is given its own `check`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TypeVar

from filelock import BaseFileLock, Timeout

Item = TypeVar("Item")
Result = TypeVar("Result")

# How long it may take to notice.
_NAP_SECONDS = 0.5


def _nothing() -> None:
    """The check of those who are not to be stopped."""


_asked: ContextVar[Callable[[], None]] = ContextVar("interruption", default=_nothing)


@contextmanager
def asking(check: Callable[[], None]) -> Iterator[None]:
    """Within the context, what this thread waits for is ended by what `check` raises."""
    token = _asked.set(check)
    try:
        yield
    finally:
        _asked.reset(token)


def ask() -> None:
    """Stop here if the run is to stop: called before each request and each step of a wait.

    Raises:
        Cancelled: the work is to end.
    """
    _asked.get()()


def pause(seconds: float, check: Callable[[], None] = _nothing) -> None:
    """Sleep for so many seconds, unless the work is to end.

    Args:
        check: Asked too.

    Raises:
        Cancelled: the work is to end.
    """
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _NAP_SECONDS))
        check()
        ask()
    check()
    ask()


@contextmanager
def holding(lock: BaseFileLock) -> Iterator[None]:
    """Hold a lock, and wait for it no longer than the work goes on.

    Raises:
        Cancelled: the work is to end.
    """
    waits = True
    while waits:
        ask()
        with suppress(Timeout):
            lock.acquire(timeout=_NAP_SECONDS)
            waits = False
    try:
        yield
    finally:
        lock.release()


@contextmanager
def held_if_free(lock: BaseFileLock) -> Iterator[bool]:
    """Hold a lock if nobody else does at this moment, which is what comes back."""
    is_free = False
    with suppress(Timeout):
        lock.acquire(blocking=False)
        is_free = True
    try:
        yield is_free
    finally:
        if is_free:
            lock.release()


def carried(function: Callable[[Item], Result]) -> Callable[[Item], Result]:
    """The same function for threads that work for this one: they are asked what this one is."""
    check = _asked.get()

    def run(item: Item) -> Result:
        with asking(check):
            return function(item)

    return run
