"""From what was heard in the windows of a recording to its transcript."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from media_assets.artifacts.transcript.hearing.guards import total, without_repeated_segments
from media_assets.artifacts.transcript.hearing.mending import lacking_note
from media_assets.artifacts.transcript.hearing.utterances import place
from media_assets.artifacts.transcript.hearing.windows import Heard
from media_assets.artifacts.transcript.value import Transcript

UNDETERMINED = "und"
"""ISO 639-2's code for a language nobody can tell: the transcript is empty and none was configured."""


def to_transcript(
    windows: Sequence[Heard],
    *,
    engine: str,
    model: str,
    language: str | None,
    max_repetitions: int,
    duration_seconds: float,
    offset_seconds: float,
    note: str | None = None,
) -> Transcript:
    """The windows' segments on the timeline of the source, without those that repeat the ones before.

    Args:
        windows: With times in seconds from the start of the audio, in order.
        language: The configured one, for a recording in which none was heard.
        duration_seconds: How long the audio is.
        offset_seconds: How much later than its source's timeline the audio starts.
        note: What a person should know of how it was heard.
    """
    kept, repeated = without_repeated_segments(
        place(
            chain.from_iterable(window.segments for window in windows),
            offset_seconds=offset_seconds,
            duration_seconds=duration_seconds,
        ),
        max_repetitions,
    )
    return Transcript(
        language=next((window.language for window in windows if window.language), language or UNDETERMINED),
        duration_seconds=duration_seconds,
        engine=engine,
        model=model,
        segments=kept,
        dropped=total([*(window.dropped for window in windows), repeated]),
        cost_usd=sum(window.cost_usd for window in windows),
        note="; ".join(filter(None, (note, lacking_note(total([window.lacking for window in windows]))))) or None,
    )
