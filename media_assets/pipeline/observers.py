"""Who else is told what became of each file of a batch; `progress` is for people, observers are for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from media_assets.pipeline.outcome import Outcome, RunFacts


class Observer(Protocol):
    """Told by batches. It may neither fail nor hold up the work for long."""

    def done(self, facts: RunFacts, outcome: Outcome) -> None:
        """A file is through, just now; called by the thread that worked on it, so by several at a time."""
        ...

    def end(self) -> None:
        """A batch is through, however it ended."""
        ...


@contextmanager
def observed(observers: Sequence[Observer]) -> Iterator[None]:
    """Tells observers when a batch is through."""
    try:
        yield
    finally:
        for observer in observers:
            observer.end()
