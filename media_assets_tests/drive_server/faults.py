"""What can go wrong between a client and Drive, when it does, and for which requests."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from media_assets_tests.drive_server.errors import REASONS


class Fault(StrEnum):
    """What may happen to a request. Besides these every reason of `errors.REASONS` can be ordered by name."""

    USER_RATE = "userRateLimitExceeded"
    """403."""
    RATE = "rateLimitExceeded"
    """403."""
    TOO_MANY = "429"
    """429 with `Retry-After`, reason `rateLimitExceeded`."""
    INTERNAL = "internalError"
    """500 in JSON."""
    BAD_GATEWAY = "502"
    """502 in HTML."""
    BACKEND = "backendError"
    """503 in JSON."""
    UNAUTHORIZED = "authError"
    """401, although the token is good."""
    CLOSED = "closed"
    """The connection is closed in an orderly way without an answer; nothing was done."""
    RESET = "reset"
    """The connection is reset; nothing was done."""
    ANSWER_LOST = "answer lost"
    """All was done, then the connection is closed in an orderly way without an answer."""
    ANSWER_RESET = "answer reset"
    """All was done, then the connection is reset."""
    CUT_ANSWER = "cut answer"
    """All was done, and the connection ends in the middle of the answer's body."""
    CUT_REQUEST = "cut request"
    """The connection is reset in the middle of the request's body; of a chunk, whole 256 KiB are kept."""
    STORED_LESS = "stored less"
    """Half of a chunk is stored, and the 308 says so."""
    SLOW = "slow"
    """The answer pauses, a download in the middle of its body."""
    NOT_JSON = "not JSON"
    """All was done; 200 with a page in HTML. Only on order, not at random."""
    EMPTY = "empty answer"
    """All was done; 200 with a JSON object without a single key. Only on order, not at random."""


EVERYTHING: frozenset[Fault] = frozenset(Fault) - {Fault.NOT_JSON, Fault.EMPTY}

AFTERWARDS = frozenset(
    {Fault.ANSWER_LOST, Fault.ANSWER_RESET, Fault.CUT_ANSWER, Fault.NOT_JSON, Fault.EMPTY, Fault.SLOW}
)
"""The request is handled first."""


@dataclass(frozen=True)
class Faults:
    """Faults at random.

    Args:
        rate: Share of all requests that meet one, 0 to 1. The token endpoint is spared, because google-auth waits
            seconds before it asks again; order faults for it with `fail_next("oauth.token", …)`.
        kinds: One of these, each as likely as the next, if it can happen to the request at hand.
        methods: Only these methods, by name; empty: all.
        slow_seconds: How long `Fault.SLOW` pauses.
        retry_after_seconds: What a 429 asks for.
    """

    rate: float = 0.1
    kinds: Collection[Fault] = EVERYTHING
    methods: Collection[str] = ()
    slow_seconds: float = 0.05
    retry_after_seconds: int = 1


class FaultPlan:
    """Decides for each request; ordered faults come before random ones."""

    def __init__(self, seed: int, faults: Faults | None) -> None:
        self.random_faults = faults or Faults(rate=0.0)
        self.injected: Counter[str] = Counter()
        """How often each kind happened."""
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._orders: list[_Order] = []

    def order(self, method: str, kind: str, times: int | None, file_id: str | None = None) -> None:
        """Lets the next requests of a method fail, as often as said or until `repair`."""
        if kind not in REASONS and kind not in set(Fault):
            raise ValueError(f"{kind!r} is neither a Fault nor a reason in errors.REASONS")
        with self._lock:
            self._orders.append(_Order(method, kind, times, file_id))

    def repair(self) -> None:
        """Ends all faults that were ordered."""
        with self._lock:
            self._orders.clear()

    def choose(self, method: str, file_id: str | None, possible: Collection[str]) -> str | None:
        """The kind of fault this request meets; `possible` are those of `Fault` that make sense for it."""
        with self._lock:
            kind = self._ordered(method, file_id) or self._at_random(method, possible)
            if kind is not None:
                self.injected[kind] += 1
            return kind

    def _ordered(self, method: str, file_id: str | None) -> str | None:
        for order in self._orders:
            matches = order.method == method or (order.method == "*" and not method.startswith("oauth."))
            if matches and order.file_id in (None, file_id):
                if order.times is not None:
                    order.times -= 1
                    if order.times == 0:
                        self._orders.remove(order)
                return order.kind
        return None

    def _at_random(self, method: str, possible: Collection[str]) -> str | None:
        faults = self.random_faults
        if self._random.random() >= faults.rate or method.startswith("oauth."):
            return None
        if faults.methods and method not in faults.methods:
            return None
        kinds = sorted(kind for kind in faults.kinds if kind in possible)
        return self._random.choice(kinds) if kinds else None


@dataclass
class _Order:
    method: str
    kind: str
    times: int | None
    file_id: str | None
