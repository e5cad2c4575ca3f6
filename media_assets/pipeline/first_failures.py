"""Notices when what nobody foresaw is no fault of single files, because it hits the first of them all alike.

A broken dependency fails in the same way, at the same place, with every file. So does one odd kind of file when a
library begins with it, but rarely with the first three of different content; and then one of them can be processed by
itself, which counts as its own fault. With fewer files than three there has to be nothing that the stage ever made.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from media_assets.base.errors import BadMedia, Fatal, Unforeseen, Waiting

if TYPE_CHECKING:
    from media_assets.pipeline.outcome import Outcome

_ENOUGH = 3
_AT_LEAST = 2


class AllAlike(Fatal):
    """The first files failed all in the same unforeseen way.

    Args:
        error: That of the last of them.
        keys: The files, those of earlier batches among them.
    """

    def __init__(self, error: BadMedia, keys: frozenset[str]) -> None:
        is_new = isinstance(error, Unforeseen)
        surprise = ", which nobody foresaw" if is_new else ""
        # An error that was foreseen says itself what to do.
        do = f"It was raised as {error.place}; run `media-assets doctor`" if is_new else error.next_step
        super().__init__(
            f"the first {len(keys)} files failed all in the same way{surprise}: {error.reason}",
            next_step=f"{do}. The traceback is in the log of the run. Should these files be at fault after all, "
            "process one with `--file`: it alone is then marked",
        )
        self.keys = keys


class FirstFailures:
    """What one stage met since this process began. Its batches tell it of their outcomes one by one."""

    def __init__(self) -> None:
        self._made = False
        self._files: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        """The keys of each content that failed, by the place of the failure: copies of one file count as one."""
        self._errors: dict[str, BadMedia] = {}

    def add(self, outcome: Outcome) -> AllAlike | None:
        """What it is now known to mean that this and earlier files failed; None while they seem to be at fault."""
        if outcome.manifest and not outcome.reused and not outcome.manifest.not_applicable:
            self._made = True
        place = _place(outcome)
        if self._made or not place or not isinstance(outcome.error, BadMedia):
            return None
        files = self._files[place]
        files[outcome.attempt or outcome.key].add(outcome.key)
        self._errors[place] = outcome.error
        return self._alike(place) if len(files) >= _ENOUGH else None

    def at_the_end(self, outcomes: list[Outcome]) -> AllAlike | None:
        """The same of a batch that is through, for a stage that has never made anything."""
        failed = [outcome for outcome in outcomes if outcome.error and not isinstance(outcome.error, Waiting)]
        places = {_place(outcome) for outcome in failed}
        different = {outcome.attempt or outcome.key for outcome in failed}
        if self._made or len(places) != 1 or "" in places or len(different) < _AT_LEAST:
            return None
        return self._alike(places.pop())

    def _alike(self, place: str) -> AllAlike:
        return AllAlike(self._errors[place], frozenset().union(*self._files[place].values()))


def _place(outcome: Outcome) -> str:
    return outcome.error.place if isinstance(outcome.error, BadMedia) else ""
