"""How a time limit grows while work goes on, for recordings that do not say how long they play."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Growth:
    """One for all steps of the work on a file, so that each sees what the others made.

    Progress counts, not the time stamps that it bears: a wild one earns no more than the next.

    Args:
        step_seconds: How long the work may go on after its last progress.
        most_seconds: Where the limit ends, whatever progress is made.
    """

    step_seconds: float
    most_seconds: float
    grown_seconds: float = 0.0
    """The limit, counted from the start of the work, that progress has earned so far."""

    def progress(self, elapsed_seconds: float) -> None:
        """More came out, so many seconds after the start of the work."""
        earned = min(elapsed_seconds + self.step_seconds, self.most_seconds)
        self.grown_seconds = max(self.grown_seconds, earned)
