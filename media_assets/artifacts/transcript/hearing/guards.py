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
from statistics import median_low

from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.value import TranscriptSegment

COMPRESSION_RATIO = "compression_ratio"
NO_SPEECH = "no_speech"
REPEATED_TOKEN = "repeated_token"  # noqa: S105
REPEATED_SEGMENT = "repeated_segment"
NOT_MADE_OUT = "not_made_out"
"""All that was heard in a recording, which was too unsure to be what was said; see `making_out`."""

_WINDOW_CHARACTERS = 600
"""Fast speech of 30 s."""
_MOST_LETTERS = 256

_WITHOUT_BLANKS = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_TOKEN = re.compile(
    # A word, or one character of the scripts that are written without spaces.
    rf"[{_WITHOUT_BLANKS}]|[^\W{_WITHOUT_BLANKS}]+"
)


def compression_ratio(text: str) -> float:
    """How much the text repeats itself: its size over its size after zlib, as Whisper measures it. 0 for no text.

    Whisper counts bytes of UTF-8, of which a letter of the Indic scripts, Thai, Khmer and Burmese has three that hardly
    differ: plain speech of 230 letters passes for a loop. So letters count once. It also counts what is said in 30 s;
    of a longer text, as servers give it that know no segments, half the stretches have to repeat themselves.
    """
    longest = _WINDOW_CHARACTERS if len(text) > 2 * _WINDOW_CHARACTERS else max(1, len(text))
    return median_low(_ratio(text[start : start + longest]) for start in range(0, max(1, len(text)), longest))


def _ratio(text: str) -> float:
    data = text.encode("utf-8", "replace")
    letters = sorted(set(text))
    sizes = [data] if len(letters) > _MOST_LETTERS else [data, bytes(map(letters.index, text))]
    return min(len(size) / len(zlib.compress(size)) for size in sizes)


def repeats_itself(text: str, max_repetitions: int) -> bool:
    """Whether the text is nothing but one word, or one phrase, said more than `max_repetitions` times in a row.

    The last time may break off within the phrase, as a model's does when its limit of tokens is reached. "No no no,
    wait" is no repetition throughout, and stays.
    """
    said = tokens(text)
    for length in range(1, len(said) // (max_repetitions + 1) + 1):
        if all(token == said[index % length] for index, token in enumerate(said)):
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
    said = [tuple(tokens(segment.text)) for segment in segments]
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


def tokens(text: str) -> list[str]:
    """The words of a text in small letters, without punctuation; of scripts without blanks, the characters."""
    return _TOKEN.findall(text.casefold())
