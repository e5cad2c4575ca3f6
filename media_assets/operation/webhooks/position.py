"""What is kept of a receiver of events between looks."""

from __future__ import annotations

from pydantic import BaseModel, Field

from media_assets.operation.webhooks.payload import Delivery
from media_assets.places.source import DurableState

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 30.0, 3600.0
_FURTHEST_SECONDS = 86_400.0
_MOST_DOUBLED = 30
_FIRST_ASIDE_SECONDS, _LONGEST_ASIDE_SECONDS = 60.0, 6 * 3600.0


def is_due(retry_at: float, now: float) -> bool:
    """Whether a time to try again has come. What lies further off than a day was said by a clock that was ahead."""
    return not now < retry_at <= now + _FURTHEST_SECONDS


def _doubled(times: int) -> float:
    """Two to the power of `times`, up to a limit: who was away for weeks has failed more often than a number holds."""
    return 2.0 ** min(times, _MOST_DOUBLED)


class Aside(BaseModel):
    """A message that was refused, or that waits behind one of the same file."""

    delivery: Delivery
    attempts: int = 0
    retry_at: float = 0.0

    def refused(self, now: float) -> None:
        self.retry_at = now + min(_FIRST_ASIDE_SECONDS * _doubled(self.attempts), _LONGEST_ASIDE_SECONDS)
        self.attempts += 1


class Position(BaseModel):
    """Where a receiver is in what happened."""

    cursor: int
    """It has taken all events up to here, but for those set aside."""
    aside: list[Aside] = Field(default_factory=list)
    failures: int = 0
    """Looks in a row at which it was away."""
    retry_at: float = 0.0
    given_up: int = 0
    """Events that were ever dropped."""

    def waits(self, now: float, at_least_seconds: float) -> float:
        """It was away; returns for how many seconds it is left alone."""
        longest = min(max(_LONGEST_WAIT_SECONDS, at_least_seconds), _FURTHEST_SECONDS)
        wait = min(max(_FIRST_WAIT_SECONDS * _doubled(self.failures), at_least_seconds), longest)
        self.failures += 1
        self.retry_at = now + wait
        return wait

    def is_behind(self, key: str) -> bool:
        """Whether something of this file is set aside, which has to come first."""
        return any(aside.delivery.key == key for aside in self.aside)


def state_name(webhook: str) -> str:
    """The name under which a receiver's position is kept."""
    return f"media_assets/webhooks/{webhook}"


def given_up(state: DurableState, webhook: str) -> int:
    """How many events for a receiver were ever dropped."""
    kept = state.read(state_name(webhook))
    return Position.model_validate_json(kept).given_up if kept else 0
