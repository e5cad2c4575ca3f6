"""What flows between assets: typed values, stored as JSON beside the artifacts they describe.

Times are seconds from the start of the source's own timeline, sizes are bytes. No Dagster, no I/O in here.
"""

from __future__ import annotations

from collections.abc import Mapping

from media_assets.base.model import Model


def source_bytes_of(told: Mapping[str, object]) -> int:
    """Bytes of the source file, as a stored value or an event tells; 0 where it does not. Older versions, and events of
    `drive_file`, call it `source_size_bytes`."""
    size = told.get("source_bytes", told.get("source_size_bytes"))
    return int(size) if isinstance(size, int | float) else 0


class TimedHeading(Model):
    start_seconds: float
    title: str


class Usage(Model):
    """What a paid engine used, and what that cost by the configured price table."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    """None when the price table has no row for the model."""


class Summary(Model):
    """The value of `summary`."""

    title: str
    abstract: str
    key_points: tuple[str, ...] = ()
    chapters: tuple[TimedHeading, ...] = ()
    action_items: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    engine: str
    model: str
    extractive: bool
    """True when every sentence was taken from the transcript and none was written."""
    parts: int = 1
    """How many parts of the transcript were summarised before the whole."""
    usage: Usage = Usage()
