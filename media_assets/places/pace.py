"""How often a source is looked at: a listing costs the more the more files there are, and mostly finds nothing new.

The daemon asks a sensor at its interval. While nothing changes, the looks become rarer, up to so many times that
interval; at a change they are as frequent as before. On this machine only as far as it pays: a small folder is listed
in no time, and whoever puts something there is not to wait. A look that is left out costs one row of the database.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from media_assets.places.source import DurableState

# A source that was quiet for a while will likely be so for a tenth of that again.
_OF_THE_QUIET = 0.1
# What a look takes on this machine is to be no more than a fortieth of the time.
_TIMES_ITS_OWN = 40


class Pace(BaseModel):
    """When a source was looked at, and when it was last seen to change, in seconds since 1970."""

    looked_at: float
    changed_at: float
    took_seconds: float = 0.0
    """The last look."""

    @classmethod
    def read(cls, source: str, state: DurableState) -> Self | None:
        kept = state.read(_name(source))
        return cls.model_validate_json(kept) if kept else None

    def write(self, source: str, state: DurableState) -> None:
        state.write(_name(source), self.model_dump_json())

    def after(self, now: float, took_seconds: float, *, changed: bool) -> Pace:
        """What is kept of a look."""
        changed_at = now if changed else min(self.changed_at, now)
        return Pace(looked_at=now, changed_at=changed_at, took_seconds=took_seconds)

    def wait_seconds(self, now: float, interval_seconds: float, quiet_factor: float, *, is_paid: bool) -> float:
        """How long to leave the source alone; 0 when it is due.

        Args:
            interval_seconds: What the daemon heeds by itself.
            quiet_factor: How many times as long the time between two looks may become.
            is_paid: Whether a look costs requests, and not only time of this machine.
        """
        since = now - self.looked_at
        between = min(_OF_THE_QUIET * (self.looked_at - self.changed_at), interval_seconds * quiet_factor)
        if not is_paid:
            between = min(between, _TIMES_ITS_OWN * self.took_seconds)
        # A clock that was ahead is no reason to wait, nor are the moments by which a tick of the daemon comes early.
        if between <= interval_seconds or not 0 <= since < between:
            return 0.0
        return between - since


def _name(source: str) -> str:
    return f"media_assets/source/{source}/pace"
