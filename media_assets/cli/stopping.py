"""How a command is stopped: SIGINT, SIGTERM and a closed terminal (SIGHUP) end it alike, wherever it was started.

What a shell starts in the background ignores interrupts, and so would all that it starts; `nohup` alone is left its
wish. While Dagster executes a run it has handlers of its own; which signal came is told by a pipe that no handler
stands in front of. Who calls a command from Python has their own handlers back when it ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any

from media_assets.cli import exit_codes

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SOON_SECONDS = 0.02
_arrived: list[int] = []
"""The end of the pipe that is read; of the command that is at work."""


@contextmanager
def heeded_signals() -> Iterator[None]:
    """Within it each of them raises KeyboardInterrupt in the main thread, or what Dagster raises within a run."""
    handlers = {number: signal.getsignal(number) for number in _STOPS}
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    waker = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    _arrived.append(reading)
    unraisable = sys.unraisablehook
    try:
        sys.unraisablehook = partial(_raise_again, unraisable)
        if logging.lastResort:
            logging.lastResort.addFilter(_is_of_no_stop)
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGTERM, _interrupt)
        if handlers[signal.SIGHUP] is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, _hang_up)
        yield
    finally:
        for number, handler in handlers.items():
            if handler is not None:  # one that was not set from Python cannot be set from there
                signal.signal(number, handler)
        if logging.lastResort:
            logging.lastResort.removeFilter(_is_of_no_stop)
        sys.unraisablehook = unraisable
        signal.set_wakeup_fd(waker)
        _arrived.pop()
        os.close(reading)
        os.close(writing)


def exit_code() -> int:
    """The exit code of this command, which was stopped: it tells the first signal that came."""
    try:
        numbers = os.read(_arrived[-1], 512) if _arrived else b""
    except BlockingIOError:
        numbers = b""
    # A hang-up arrives as itself first, and then as the SIGTERM it is passed on as.
    return exit_codes.of_signal(next((number for number in numbers if number in _STOPS), signal.SIGINT))


def leave_what_does_not_answer(code: int | str | None) -> None:
    """End the process at once where an engine hangs: its threads, and those it began, would be waited for."""
    workers = sys.modules.get("media_assets.pipeline.workers")
    if workers is None or not workers.left_behind():
        return
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else bool(code))


def _is_of_no_stop(record: logging.LogRecord) -> bool:
    """Libraries print what passes through them while they tidy up; a stop is told by us."""
    error = record.exc_info[1] if record.exc_info else None
    return error is None or isinstance(error, Exception)


def _raise_again(otherwise: Callable[[Any], Any], unraisable: Any) -> None:
    """A stop that came where nothing can be raised, as in the end of an object, would be lost."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        again = threading.Timer(_SOON_SECONDS, os.kill, (os.getpid(), signal.SIGINT))  # not in here: it is lost, too
        again.daemon = True
        again.start()
    else:
        otherwise(unraisable)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _hang_up(_number: int, _frame: FrameType | None) -> None:
    """Goes to whoever handles SIGTERM now: Dagster within a run, which knows when it may be interrupted."""
    signal.raise_signal(signal.SIGTERM)
