"""The threads in which a batch works on its files, and patience with those that do not answer.

They are daemons: an engine that hangs keeps neither its run nor its process alive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import ParamSpec, Protocol, TypeVar

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

_ending: list[Workers] = []


@dataclass(frozen=True)
class Patience:
    """How long is waited for what should answer at once."""

    grace_seconds: float = 30.0
    """Beyond the time limit of a file, and beyond the moment at which a run is to stop."""
    clock: Callable[[], float] = time.monotonic


class Workers:
    """So many threads, which take up what is submitted in its order."""

    def __init__(self, number: int) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{each}", daemon=True) for each in range(number)
        ]
        self._are_started = False

    def submit(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Have a call made; what comes of it, or what it raised, is the future's."""
        future: Future[Result] = Future()

        def task() -> None:
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  whoever asks for the result meets it
                future.set_exception(error)
            else:
                future.set_result(result)

        self._tasks.put(task)
        if not self._are_started:
            self._are_started = True
            for thread in self._threads:
                thread.start()
        return future

    def end(self, seconds: float) -> bool:
        """Wait at most so long until all threads have ended; whether they have. Nothing may be submitted any more."""
        if self not in _ending:
            _ending.append(self)
            for _ in self._threads:
                self._tasks.put(None)
        until = time.monotonic() + seconds
        for thread in self._threads if self._are_started else ():
            thread.join(max(0.0, until - time.monotonic()))
        if self.have_ended:
            _ending.remove(self)
        return self.have_ended

    @property
    def have_ended(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while task := self._tasks.get():
            task()
            del task  # and with it what came of it, which nobody may keep while the thread waits


def left_behind() -> bool:
    """Whether a batch of this process went on without a thread that did not answer."""
    return any(not workers.have_ended for workers in _ending)


class Overdue(Protocol):
    """The work on one file, as far as it tells whether it should have ended."""

    def overdue_seconds(self, now: float) -> float: ...


File = TypeVar("File", bound=Overdue)


@dataclass
class Vigil:
    """Notices what does not answer, within one batch."""

    patience: Patience
    _told: set[int] = field(default_factory=set)
    _cancelled_at: float | None = None

    def late(self, files: Iterable[File]) -> list[File]:
        """The files whose time was up long ago, each once."""
        now = self.patience.clock()
        found = [file for file in files if file.overdue_seconds(now) > self.patience.grace_seconds]
        new = [file for file in found if id(file) not in self._told]
        self._told |= {id(file) for file in new}
        return new

    def grace_left(self) -> float:
        """Seconds that are left for what is to stop; they begin with the first question."""
        now = self.patience.clock()
        if self._cancelled_at is None:
            self._cancelled_at = now
        return max(0.0, self._cancelled_at + self.patience.grace_seconds - now)
