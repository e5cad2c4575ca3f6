"""Looks at artifacts in Drive that are made together: one search answers for many of those that are asked for next.

A search costs as much as twenty questions for a file by its id. What is seen ahead is handed out once, and only while
it is fresh: who makes a slow artifact looks again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice

from media_assets.places.drive.store.index import ARTIFACTS_PER_SEARCH, DriveIndex, Found

_FRESH_SECONDS = 30.0


class Ahead:
    """Answers questions for artifacts out of a search that was made ahead. Shared by threads."""

    def __init__(self, index: DriveIndex) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._expected: dict[str, dict[str, None]] = {}
        self._seen: dict[tuple[str, str], tuple[Found, float]] = {}
        self._absent: dict[tuple[str, str], float] = {}

    @contextmanager
    def expecting(self, asset: str, artifacts: Collection[str]) -> Iterator[None]:
        """Within the context these will be asked for, about in this order."""
        with self._lock:
            self._forget(asset)
            self._expected[asset] = dict.fromkeys(artifacts)
        try:
            yield
        finally:
            with self._lock:
                self._forget(asset)

    def look(self, asset: str, artifact: str) -> Found:
        """The files of an artifact, see `DriveIndex.artifact`."""
        with self._lock:
            is_expected = artifact in self._expected.get(asset, ()) or (asset, artifact) in self._seen
            if is_expected:
                found = self._fresh(asset, artifact) or self._look_at_many(asset, artifact)
        if not is_expected:
            found = self._index.artifact(asset, artifact)
        if asset in self._expected and not found.files:
            self._absent[asset, artifact] = time.monotonic()
        return found

    def was_absent(self, asset: str, artifact: str) -> bool:
        """Whether a look just now showed that there is nothing of it. Said once."""
        at = self._absent.pop((asset, artifact), None)
        return at is not None and time.monotonic() - at < _FRESH_SECONDS

    def _fresh(self, asset: str, artifact: str) -> Found | None:
        found, at = self._seen.pop((asset, artifact), (None, 0.0))
        return found if time.monotonic() - at < _FRESH_SECONDS else None

    def _look_at_many(self, asset: str, artifact: str) -> Found:
        expected = self._expected.get(asset, {})
        expected.pop(artifact, None)
        others = list(islice(expected, ARTIFACTS_PER_SEARCH - 1))
        looked = self._index.artifacts(asset, [artifact, *others])
        now = time.monotonic()
        for other in others:
            del expected[other]
            self._seen[asset, other] = looked[other], now
        return looked[artifact]

    def _forget(self, asset: str) -> None:
        self._expected.pop(asset, None)
        self._seen = {pair: seen for pair, seen in self._seen.items() if pair[0] != asset}
        self._absent = {pair: at for pair, at in self._absent.items() if pair[0] != asset}
