"""What goes wrong at the stand-in, method by method."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from dataclasses import dataclass

from grpclib import GRPCError, Status


@dataclass
class Fault:
    """One request that goes wrong."""

    status: Status | None = None
    text: str = ""
    seconds: float = 0.0
    after: bool = False
    """The request takes effect; only its answer is lost."""


class Faults:
    """Queues of what goes wrong next, by method. Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: dict[str, list[Fault]] = defaultdict(list)

    def fail(self, method: str, status: Status, text: str = "", *, times: int = 1) -> None:
        self._add(method, Fault(status, text), times)

    def lose_answer(self, method: str, *, times: int = 1) -> None:
        """The requests take effect, and their connection breaks before the answer."""
        self._add(method, Fault(after=True), times)

    def delay(self, method: str, seconds: float, *, times: int = 1) -> None:
        self._add(method, Fault(seconds=seconds), times)

    def clear(self) -> None:
        with self._lock:
            self._next.clear()

    def take(self, method: str) -> Fault | None:
        with self._lock:
            return self._next[method].pop(0) if self._next[method] else None

    def _add(self, method: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._next[method].extend([fault] * times)


async def suffer(fault: Fault | None) -> None:
    """What of the fault comes before the request takes effect."""
    if fault is None:
        return
    await asyncio.sleep(fault.seconds)
    if fault.status is not None:
        raise GRPCError(fault.status, fault.text)
