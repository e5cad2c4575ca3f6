"""What is done without at a server that does not take it, or done since it demands it: found out once, remembered for
the run.

A part of a request is given up when the server refuses it, and the request is sent again without. What a server demands
is the same: it does not take a request in which that is left open. A refused request is not charged; the second is a
request of its own, with its own estimate of what it costs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from media_assets.services.openai.errors import RefusedRequest, TooLong
from media_assets.services.openai.refusals import Refusal, refused_part

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
_LONG_ANSWER = "long_answer"
_WANTED = {
    "open_length": "a limit for its answers (max_tokens)",
    "long_answer": "a lower limit for its answers",
    "max_tokens": "the limit for its answers as max_completion_tokens",
    "whole": "requests for streams",
    "text_content": "messages with a list of contents",
    "turns": "single questions",
    "untyped": "the format text asked for",
    "flac": "WAV",
    "one_piece": "a chunking_strategy",
}
"""What is sent where a part is given up that only leaves something open."""


class Concessions:
    """What holds for one server and one model. Several threads ask and add.

    Args:
        server: Its name, for the log.
        ladder: What can be given up, what is missed least first.
        never_guessed: What of it is given up only when the server names it.
        needs: By part of the ladder, what has to be given up before it is part of a request.
    """

    def __init__(
        self,
        server: str,
        ladder: Sequence[str],
        never_guessed: frozenset[str] = frozenset(),
        needs: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._server = server
        self._never_guessed = never_guessed
        self._ladder = tuple(ladder)
        self._needs = needs or {}
        self._lock = threading.Lock()
        self._given_up: frozenset[str] = frozenset()
        self.answered = False
        """Whether a request was answered as it should be, ever."""

    @property
    def given_up(self) -> frozenset[str]:
        """What requests are sent without from now on."""
        return self._given_up

    def after(
        self, refusal: Refusal, tried: frozenset[str], sent: Sequence[str], *, too_long: bool = False
    ) -> tuple[frozenset[str], bool] | None:
        """What to send the request without, after it was refused.

        Args:
            tried: What it was sent without.
            sent: What it had of the ladder: not each setting is set.
            too_long: Whether the server says that it is too long: with a shorter answer it may fit.

        Returns:
            That, and whether the server named it; None when the refusal is about something else.
        """
        offered = [
            part
            for part in self._ladder
            if part in sent and part not in tried and self._needs.get(part, frozenset()) <= tried
        ]
        if too_long:
            return (tried | {_LONG_ANSWER}, True) if _LONG_ANSWER in offered else None
        part, named = refused_part(refusal, offered)
        if part is None or (not named and part in self._never_guessed):
            return None
        return tried | {part}, named

    def remember(self, without: frozenset[str], words: str) -> None:
        """A request was taken without these.

        Args:
            words: What the server said when it refused them, quotable.
        """
        with self._lock:
            new = without - self._given_up
            self._given_up |= without
        without_parts = " and ".join(sorted(new - _WANTED.keys()))
        if without_parts:
            _log.warning(
                "%s does not take %s (%s): left out from here on",
                self._server, without_parts, words or "it gave no reason",
            )  # fmt: skip
        wanted = " and ".join(_WANTED[part] for part in sorted(new & _WANTED.keys()))
        if wanted:
            _log.warning(
                "%s wants %s (%s): done from here on", self._server, wanted, words or "it gave no reason"
            )  # fmt: skip

    def asking(self, sent: Sequence[str], attempt: Callable[[frozenset[str]], Answer]) -> Answer:
        """Send a request, and again without what is refused of it, until it is taken.

        Args:
            sent: What it has of the ladder.
            attempt: Sends it without the given parts; raises `RefusedRequest` when it is refused.

        Raises:
            MediaAssetsError: what the refusal means, when it is about no part that can be given up.
        """
        without = self.given_up
        guessed_at: RefusedRequest | None = None
        words = ""
        while True:
            try:
                answer = attempt(without)
            except RefusedRequest as refused:
                too_long = isinstance(refused.failure, TooLong)
                mendable = refused.about_request or too_long
                next_one = self.after(refused.refusal, without, sent, too_long=too_long) if mendable else None
                if next_one is None:
                    # Of a guess that did not help, the refusal that it was made for is the cause.
                    raise (guessed_at or refused).failure_after(answered=self.answered) from None
                without, named = next_one
                guessed_at = None if named else guessed_at or refused
                words = refused.words
            else:
                self.remember(without, words)
                self.answered = True
                return answer
