"""What the server was asked and how much went over the wire."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

_REQUESTS_KEPT = 20_000


@dataclass(frozen=True)
class Received:
    """A request, as it arrived."""

    method: str
    """Name in the API, as in `files.list`."""
    verb: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    """By name in lower case."""
    body_bytes: int
    fault: str | None
    """What was made to go wrong with it."""


@dataclass
class Counters:
    """Running totals since the server began."""

    calls: Counter[str] = field(default_factory=Counter)
    """Requests by method, those that were made to fail included. Uploads by session count as `files.create` or
    `files.update` for the start, `files.upload_chunk` for each chunk and `files.upload_status` for each question."""
    bytes_up: int = 0
    """Of request bodies of `files.create`, `files.update` and `files.upload_chunk`, sent again included."""
    bytes_down: int = 0
    """Of file content, sent again included."""
    requests: deque[Received] = field(default_factory=lambda: deque(maxlen=_REQUESTS_KEPT))
    """The last ones."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def chunks(self) -> int:
        """Chunks of uploads by session."""
        return self.calls["files.upload_chunk"]

    def received(self, request: Received) -> None:
        """Counts a request."""
        with self.lock:
            self.calls[request.method] += 1
            self.requests.append(request)

    def moved(self, *, up: int = 0, down: int = 0) -> None:
        """Counts bytes."""
        with self.lock:
            self.bytes_up += up
            self.bytes_down += down

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """Calls by method within the block; the counter is filled when the block ends."""
        before = self.calls.copy()
        during: Counter[str] = Counter()
        try:
            yield during
        finally:
            during.update(self.calls - before)
