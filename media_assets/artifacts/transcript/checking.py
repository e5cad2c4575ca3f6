"""Whether what a transcriber returned can be a transcript of the recording it was given.

What does not belong here: whether it is a good one (`hearing/`, which each engine uses as it needs it).
"""

from __future__ import annotations

import math

from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.work.engine_result import nonsense, of_type

_TOLERANCE_SECONDS = 1.0
"""A recording may play for a little longer than its container says."""


def checked_transcript(
    returned: object, engine: object, name: str, *, duration_seconds: float, offset_seconds: float
) -> Transcript:
    """What a transcriber returned, once it is seen to be possible.

    Args:
        engine: The transcriber.
        name: What library.yaml calls it.
        duration_seconds: How long the audio is.
        offset_seconds: When it begins, on the source's timeline.

    Raises:
        FaultOfCode: it is no transcript.
        BadResult: its times cannot be those of the recording.
    """
    transcript = of_type(returned, Transcript, engine, name)
    if not _are_numbers(transcript.duration_seconds, transcript.cost_usd):
        raise nonsense(engine, name, "a duration or a cost that is no number")
    first = offset_seconds - _TOLERANCE_SECONDS
    last = offset_seconds + duration_seconds + _TOLERANCE_SECONDS
    before = first
    for segment in transcript.segments:
        if wrong := _wrong_with(segment, before, last):
            raise nonsense(engine, name, wrong)
        before = segment.start_seconds
    return transcript


def _wrong_with(segment: TranscriptSegment, before: float, last: float) -> str | None:
    words = [number for word in segment.words for number in (word.start_seconds, word.end_seconds, word.confidence)]
    if not _are_numbers(segment.start_seconds, segment.end_seconds, segment.confidence, *words):
        return "a segment with a time or a confidence that is no number"
    if segment.end_seconds < segment.start_seconds:
        return "a segment that ends before it begins"
    if segment.end_seconds > last:
        return "a segment that ends behind the end of the recording"
    if segment.start_seconds < before:
        return "segments that are not in order of time, or begin before the recording"
    return None


def _are_numbers(*numbers: float | None) -> bool:
    return all(math.isfinite(number) for number in numbers if number is not None)
