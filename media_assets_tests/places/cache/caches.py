"""Helpers for the tests of the cache: caches of any size, and fetches that behave as those of sources do."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from media_assets.places.cache.cache import FetchCache
from media_assets.places.cache.settings import CacheSettings

NO_LIMIT = 10**9


def cache_in(
    folder: Path,
    *,
    max_bytes: int = NO_LIMIT,
    max_age_days: float = 14,
    min_free_bytes: int = 0,
    patience_seconds: float = 60,
) -> FetchCache:
    settings = CacheSettings(max_bytes=max_bytes, max_age_days=max_age_days)
    return FetchCache(folder / "cache", settings, min_free_bytes, patience_seconds=patience_seconds)


def fetching(text: str, fetched: list[str] | None = None) -> Callable[[Path], None]:
    """As a source does it: the file appears complete or not at all."""

    def fetch(destination: Path) -> None:
        if fetched is not None:
            fetched.append(text)
        partial = destination.with_name(destination.name + ".partial")
        partial.write_text(text)
        partial.replace(destination)

    return fetch


def unused_for(path: Path, seconds: float) -> None:
    """Put the last use of a file back."""
    os.utime(path, ns=(time.time_ns() - int(seconds * 1e9), path.stat().st_mtime_ns))


def forget_the_count(folder: Path) -> None:
    """As after an hour: what lies in the cache is counted anew."""
    (folder / "cache" / "ledger.json").unlink()


def is_cached(cache: FetchCache, identity: str, text: str) -> bool:
    """Asking makes it be cached, so ask once."""
    fetched: list[str] = []
    with cache.lease(identity, len(text), fetching(text, fetched)):
        return not fetched


class HeldFetch:
    """A fetch that stays in its middle until it may go on; the file is sparse, so it may be as large as one likes."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, destination: Path) -> None:
        self.begun.set()
        if not self.may_end.wait(60):
            raise TimeoutError("nobody let it go on")
        partial = destination.with_name(destination.name + ".partial")
        partial.touch()
        os.truncate(partial, self.size_bytes)
        partial.replace(destination)
