"""When a text was said of which only the whole is known: its letters are spread over the speech of the recording."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from media_assets.artifacts.transcript.hearing.readable import MAX_SECONDS, split_readably
from media_assets.artifacts.transcript.value import TranscriptSegment


def spread_over_speech(
    text: str, confidence: float, speech: Sequence[tuple[float, float]]
) -> tuple[TranscriptSegment, ...]:
    """The text as segments that can be read, each where about so much of the speech has passed.

    Args:
        confidence: 0 to 1; of the whole.
        speech: From when to when somebody speaks, in seconds and in order; one stretch at least.
    """
    passed = list(accumulate((end - start for start, end in speech), initial=0.0))
    whole = TranscriptSegment(start_seconds=0.0, end_seconds=passed[-1], text=text, confidence=confidence)
    found = []
    for piece in split_readably(whole):
        # At a border between two stretches, a piece begins with the one and ends with the other.
        first = min(bisect_right(passed, piece.start_seconds), len(speech)) - 1
        last = min(max(bisect_left(passed, piece.end_seconds), 1), len(speech)) - 1
        start = speech[first][0] + piece.start_seconds - passed[first]
        end = max(start, speech[last][0] + piece.end_seconds - passed[last])
        if end - start > MAX_SECONDS and last > first:
            # Over a long pause it is shown before or behind it.
            earlier, later = (start, speech[first][1]), (speech[last][0], end)
            start, end = max(earlier, later, key=lambda stretch: stretch[1] - stretch[0])
        found.append(piece.model_copy(update={"start_seconds": start, "end_seconds": end}))
    return tuple(found)
