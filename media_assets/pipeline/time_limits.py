"""How long one file may keep a stage busy.

A limit grows with what a file plays, and how long it plays is its own claim. So the claim counts only as far as the
bytes behind it can hold that much, and never beyond `limits.max_media_hours`. What makes no claim (recordings of
browsers, streams) is taken by its bytes at first, and gets more time for as long as more of it comes out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from media_assets.pipeline.settings import AssetTuning, LimitSettings
from media_assets.places.manifest import Manifest
from media_assets.work.growth import Growth

_SOURCE_BYTES_PER_SECOND = 500_000
"""What a second of media is taken to weigh before a probe has said how long a file plays."""
_LEAST_MEDIA_BYTES = 500
"""A second takes no less: codecs for speech begin at 4.75 kbit/s (AMR)."""
_LEAST_TEXT_BYTES = 10
"""Bytes that a transcript has for each second of speech, at least."""

_PLAYED = {"video", "audio"}
"""Kinds of a source file that play for some time."""


def limit_of_source(stored_bytes: int, tuning: AssetTuning, limits: LimitSettings) -> float:
    """Seconds that the first look at a file may take of which so much is really stored: a hole earns no time."""
    return _limit(stored_bytes / _SOURCE_BYTES_PER_SECOND, tuning, limits)


def limit_of(upstreams: Iterable[Manifest], tuning: AssetTuning, limits: LimitSettings) -> float:
    """Seconds that a file may take, by what the artifacts it is made from say of it."""
    upstreams = tuple(upstreams)
    told = next((manifest for manifest in upstreams if manifest.media_seconds), None)
    if told is not None:
        return _limit(_believed(told), tuning, limits)
    return _limit((_silent_bytes(upstreams) or 0) / _SOURCE_BYTES_PER_SECOND, tuning, limits)


def growth_of(upstreams: Iterable[Manifest], tuning: AssetTuning, limits: LimitSettings) -> Growth | None:
    """How the limit of a recording grows that does not say how long it plays; None for everything else."""
    upstreams = tuple(upstreams)
    size_bytes = _silent_bytes(upstreams)
    if size_bytes is None or any(manifest.media_seconds for manifest in upstreams):
        return None
    return Growth(tuning.time_limit_seconds, _limit(size_bytes / _LEAST_MEDIA_BYTES, tuning, limits))


def _silent_bytes(upstreams: Iterable[Manifest]) -> int | None:
    """Size of a sound or video among them that does not say how long it plays."""
    for manifest in upstreams:
        value = manifest.value
        if manifest.media_seconds or not isinstance(value, Mapping) or value.get("kind") not in _PLAYED:
            continue
        size = value.get("size_bytes")
        if isinstance(size, int):
            return size
    return None


def _believed(manifest: Manifest) -> float:
    """Seconds it plays, as far as its bytes can hold them."""
    claimed = manifest.media_seconds or 0.0
    if not math.isfinite(claimed):
        return 0.0
    size = manifest.value.get("size_bytes") if isinstance(manifest.value, Mapping) else None
    if isinstance(size, int):
        return min(claimed, size / _LEAST_MEDIA_BYTES)
    return min(claimed, sum(file.size_bytes for file in manifest.files) / _LEAST_TEXT_BYTES)


def _limit(media_seconds: float, tuning: AssetTuning, limits: LimitSettings) -> float:
    seconds = max(0.0, min(media_seconds, limits.max_media_hours * 3600))
    return tuning.time_limit_seconds + tuning.time_limit_per_media_second * seconds
