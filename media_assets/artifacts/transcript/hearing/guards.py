"""Guards against hallucination: what a model says about silence and music is taken out again, and counted.

Whisper's largest fault is to loop, or to thank for watching, where nobody speaks. The first two gates and their values
are those of its authors (Radford et al. 2022, section 4.5, and `openai/whisper`, `transcribe.py`); the others remove
what these let through.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.value import TranscriptSegment

COMPRESSION_RATIO = "compression_ratio"
NO_SPEECH = "no_speech"
REPEATED_TOKEN = "repeated_token"  # noqa: S105
REPEATED_SEGMENT = "repeated_segment"
NOT_MADE_OUT = "not_made_out"
"""All that was heard in a recording, which was too unsure to be what was said; see `making_out`."""

_TOKEN = re.compile(
    # A word, or one character of the scripts that are written without spaces.
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff]+"
)


def compression_ratio(text: str) -> float:
    """Size of the UTF-8 text over its size after zlib: the more it repeats itself, the higher. 0 for no text."""
    data = text.encode("utf-8", "replace")
    return len(data) / len(zlib.compress(data))


def repeats_itself(text: str, max_repetitions: int) -> bool:
    """Whether the text is nothing but one word, or one phrase, said more than `max_repetitions` times in a row.

    The last time may break off within the phrase, as a model's does when its limit of tokens is reached. "No no no,
    wait" is no repetition throughout, and stays.
    """
    tokens = _tokens(text)
    for length in range(1, len(tokens) // (max_repetitions + 1) + 1):
        if all(token == tokens[index % length] for index, token in enumerate(tokens)):
            return True
    return False


def objection(
    text: str, *, average_log_probability: float, no_speech_probability: float, guards: GuardSettings
) -> str | None:
    """The name of the guard that takes the segment out, or None when it may stay.

    Args:
        average_log_probability: Natural logarithm, the mean over the segment's tokens.
        no_speech_probability: How sure the model is that nobody speaks. It alone proves nothing: a segment of which
            the model is sure stays, however likely silence seemed.
    """
    if (
        no_speech_probability > guards.max_no_speech_probability
        and average_log_probability < guards.min_average_log_probability
    ):
        return NO_SPEECH
    if compression_ratio(text) > guards.max_compression_ratio:
        return COMPRESSION_RATIO
    if repeats_itself(text, guards.max_repetitions):
        return REPEATED_TOKEN
    return None


def without_repeated_segments(
    segments: Sequence[TranscriptSegment], max_repetitions: int
) -> tuple[tuple[TranscriptSegment, ...], dict[str, int]]:
    """The segments without those that say again what each of the `max_repetitions` before them said.

    Punctuation and case make no difference.

    Returns:
        What is left, and how many were taken out by the guard's name.
    """
    said = [tuple(_tokens(segment.text)) for segment in segments]
    kept = tuple(
        segment
        for index, segment in enumerate(segments)
        if index < max_repetitions or said[index - max_repetitions : index] != [said[index]] * max_repetitions
    )
    dropped = len(segments) - len(kept)
    return kept, {REPEATED_SEGMENT: dropped} if dropped else {}


def total(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """The sum of several counts, by the guard's name."""
    return dict(sorted(sum((Counter(count) for count in counts), Counter[str]()).items()))


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.casefold())
