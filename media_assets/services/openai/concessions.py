"""What is done without at a server that does not take it: found out once, remembered for the run.

A part of a request is given up when the server refuses it, and the request is sent again without. A refused request is
not charged; the second is a request of its own, with its own estimate of what it costs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from media_assets.services.openai.errors import RefusedRequest
from media_assets.services.openai.refusals import Refusal, refused_part

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Concessions:
    """What holds for one server and one model. Several threads ask and add.

    Args:
        server: Its name, for the log.
        ladder: What can be given up, what is missed least first.
        never_guessed: What of it is given up only when the server names it.
    """

    def __init__(self, server: str, ladder: Sequence[str], never_guessed: frozenset[str] = frozenset()) -> None:
        self._server = server
        self._never_guessed = never_guessed
        self._ladder = tuple(ladder)
        self._lock = threading.Lock()
        self._given_up: frozenset[str] = frozenset()
        self.answered = False
        """Whether a request was answered as it should be, ever."""

    @property
    def given_up(self) -> frozenset[str]:
        """What requests are sent without from now on."""
        return self._given_up

    def after(self, refusal: Refusal, tried: frozenset[str], sent: Sequence[str]) -> tuple[frozenset[str], bool] | None:
        """What to send the request without, after it was refused.

        Args:
            tried: What it was sent without.
            sent: What it had of the ladder: not each setting is set.

        Returns:
            That, and whether the server named it; None when the refusal is about something else.
        """
        offered = [part for part in self._ladder if part in sent and part not in tried]
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
        if new:
            _log.warning(
                "%s does not take %s (%s): left out from here on",
                self._server, " and ".join(sorted(new)), words or "it gave no reason",
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
                next_one = self.after(refused.refusal, without, sent) if refused.about_request else None
                if next_one is None:
                    # Of a guess that did not help, the refusal that it was made for is the cause.
                    raise (guessed_at or refused).failure from None
                without, named = next_one
                guessed_at = None if named else guessed_at or refused
                words = refused.words
            else:
                self.remember(without, words)
                self.answered = True
                return answer
