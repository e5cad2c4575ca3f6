"""How far a search for duplicates is, in words, now and then: looks at thousands of videos take hours."""

from __future__ import annotations

import time
from collections.abc import Callable

from media_assets.base.wording import counted

_EVERY_SECONDS = 10.0


class SearchProgress:
    """Says how many files were compared and pairs looked at.

    Args:
        say: Takes a line.
        every_seconds: So much lies between two lines, at least.
        clock: Gives seconds.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        every_seconds: float = _EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self._every_seconds = every_seconds
        self._clock = clock
        self._last = clock()
        self._files = (0, 0)
        self._looked = self._known = self._same = 0

    def compared(self, files: int, of: int) -> None:
        """So many files have been compared with the others."""
        self._files = files, of
        self._now_and_then("")

    def looks_at(self, first: str, second: str) -> None:
        """A look at two files begins, by their keys."""
        self._now_and_then(f"; now at {first} and {second}")

    def looked(self, *, known: bool, same: bool) -> None:
        """A pair was judged.

        Args:
            known: Whether by what an earlier run saw.
        """
        self._looked += not known
        self._known += known
        self._same += same
        self._now_and_then("")

    def end(self) -> None:
        """The search has come to its end; nothing is said where nothing was looked at."""
        if self._looked or self._known:
            self._say(self._line())

    def _now_and_then(self, what: str) -> None:
        if self._clock() - self._last >= self._every_seconds:
            self._last = self._clock()
            self._say(self._line() + what)

    def _line(self) -> str:
        done, total = self._files
        return (
            f"{done} of {counted(total, 'file')} compared, {counted(self._looked, 'pair')} looked at, "
            f"{self._known} known from before, {self._same} of them the same"
        )
