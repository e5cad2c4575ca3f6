"""Repeating a call that met a limit of rate, a busy server or a broken connection.

Waits are `min(2^n + jitter, 64 s)`, as Google's manual asks ("Resolve errors", exponential backoff), and never shorter
than what the server says in `Retry-After`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from media_assets.base import interruption
from media_assets.places.drive.api.errors import Unavailable
from media_assets.places.source import no_check

_LONGEST_WAIT_SECONDS = 64.0
_LONGEST_RETRY_AFTER_SECONDS = 600.0
"""Whoever asks for more is given up on for this run."""
_POLLS_SECONDS = (0.5, 1.0, *(2.0,) * 58)
"""Waits between looks at what Drive does in its own time: two minutes in all."""

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class Retries:
    """Repeats calls that met something which passes.

    Args:
        max_retries: After the first attempt.
        wait_multiplier: Of our own waits, not of what the server asks for.
        poll_multiplier: Of the waits of `polls`.
    """

    def __init__(self, max_retries: int, wait_multiplier: float = 1.0, poll_multiplier: float = 1.0) -> None:
        self._attempts = max_retries + 1
        self._wait_multiplier = wait_multiplier
        self._poll_multiplier = poll_multiplier

    def run(self, attempt: Callable[[], _Result], check: Callable[[], None] = no_check) -> _Result:
        """What `attempt` returns, once it does not raise `Unavailable`.

        Args:
            check: Called before each attempt and while waiting; what it raises ends the call.

        Raises:
            Unavailable: the last of as many as were allowed.
        """
        check()
        interruption.ask()
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._wait_seconds,
            retry=retry_if_exception(_may_help),
            before_sleep=_tell,
            sleep=partial(interruption.pause, check=check),
            reraise=True,
        )
        return retrying(attempt)

    def polls(self, check: Callable[[], None] = no_check) -> Iterator[None]:
        """Times to look whether Drive is done with something: at once, soon, and again for about two minutes.

        Args:
            check: Called while waiting; what it raises ends it.
        """
        yield
        for seconds in _POLLS_SECONDS:
            interruption.pause(seconds * self._poll_multiplier, check)
            yield

    def _wait_seconds(self, state: RetryCallState) -> float:
        backoff = min(2.0 ** (state.attempt_number - 1) + random.random(), _LONGEST_WAIT_SECONDS)  # noqa: S311
        return max(backoff * self._wait_multiplier, _error_of(state).retry_after_seconds)


def _may_help(error: BaseException) -> bool:
    return isinstance(error, Unavailable) and error.retry_after_seconds <= _LONGEST_RETRY_AFTER_SECONDS


def _error_of(state: RetryCallState) -> Unavailable:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Unavailable)
    return error


def _tell(state: RetryCallState) -> None:
    _log.info("%s; attempt %d in %.1f s", _error_of(state), state.attempt_number + 1, state.upcoming_sleep)
