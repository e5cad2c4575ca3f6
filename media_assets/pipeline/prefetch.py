"""Fetching ahead: while a batch works on some files, a thread or two bring the next ones near.

Whatever goes wrong with that is left to the file's own turn, which meets it again and reports it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType

logger = logging.getLogger("media_assets")

# How often a thread that waits looks whether the batch was cancelled.
_POLL_SECONDS = 0.2
# How long the end waits for a fetch that does not notice it; then it ends by itself, or with the process.
_GRACE_SECONDS = 5.0


class Prefetcher:
    """Fetches what comes next, and holds it until its turn.

    To be used as a context; at its end everything is let go.

    Args:
        fetches: Of each file, in the order of their turns, its key and what fetches it; its context holds what came of
            it. The calls are made in threads of their own and may raise.
        ahead: How many files may be held or on their way beyond those whose turn came.
        cancelled: Ends it early: nothing new is begun. What is being fetched is to look at it by itself.
        threads: How many files are fetched at a time.
    """

    def __init__(
        self,
        fetches: Iterator[tuple[str, Callable[[], AbstractContextManager[object]]]],
        ahead: int,
        cancelled: threading.Event,
        *,
        threads: int = 2,
    ) -> None:
        self._fetches = fetches
        self._ahead = ahead
        self._cancelled = cancelled
        self._change = threading.Condition()
        # All of these under the condition's lock.
        self._begun = 0
        self._taken: set[str] = set()
        self._held: dict[str, ExitStack] = {}
        self._ended = False
        # Daemons, so that a fetch which hangs does not keep the process alive.
        self._threads = [
            threading.Thread(target=self._run, name=f"prefetch-{number}", daemon=True) for number in range(threads)
        ]

    def __enter__(self) -> Prefetcher:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._change:
            self._ended = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join(_GRACE_SECONDS)
        with self._change:
            held = list(self._held.items())
            self._held.clear()
        for key, hold in held:
            self._let_go(key, hold)

    def taken(self, key: str) -> None:
        """The turn of a file came: it is no longer held, nor fetched here if that has not begun; the next ones are.

        To be called once for each file of `fetches`, in about their order.
        """
        with self._change:
            self._taken.add(key)
            hold = self._held.pop(key, None)
            self._change.notify_all()
        if hold:
            self._let_go(key, hold)

    def _run(self) -> None:
        while (upcoming := self._next()) is not None:
            key, fetch = upcoming
            hold = ExitStack()
            try:
                hold.enter_context(fetch())
            except Exception as error:
                logger.debug("fetching %s ahead: %s", key, type(error).__name__, exc_info=True)
                continue
            with self._change:
                wanted = key not in self._taken and not self._ended
                if wanted:
                    self._held[key] = hold
            if not wanted:
                self._let_go(key, hold)

    def _next(self) -> tuple[str, Callable[[], AbstractContextManager[object]]] | None:
        """What to fetch next, once it is near enough; None at the end."""
        with self._change:
            while not (self._ended or self._cancelled.is_set()):
                if self._begun >= len(self._taken) + self._ahead:
                    self._change.wait(_POLL_SECONDS)
                    continue
                upcoming = next(self._fetches, None)
                if upcoming is None:
                    return None
                self._begun += 1
                if upcoming[0] not in self._taken:
                    return upcoming
            return None

    def _let_go(self, key: str, hold: ExitStack) -> None:
        try:
            hold.close()
        except Exception as error:
            logger.debug("letting go of %s: %s", key, type(error).__name__, exc_info=True)
