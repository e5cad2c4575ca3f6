"""What a model is told before it hears: cut to what it takes, and told apart from what was said.

Whisper takes a prompt for what was said just before, and on noise and music says a piece of it again. Seen with
`tiny.en` and with prompts of names and of sentences: what it made up so had a probability of 0.74 to 0.97 that nobody
speaks, and what voices really said of the same prompts, in noise too, one of 0.01 to 0.13.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from media_assets.artifacts.transcript.hearing.guards import tokens
from media_assets.artifacts.transcript.hearing.settings import GuardSettings

PROMPT_ECHO = "prompt_echo"
"""The guard against what a model repeats of its prompt."""
MOST_TOKENS = 223
"""What Whisper takes before what it hears: half of its window, without the mark in front."""

_UNSURE = -0.5
"""Average log probability: of what voices said of a prompt, it was above in clean sound."""


@dataclass(frozen=True)
class HeardPrompt:
    """What a model is told."""

    text: str = ""
    left_out: str = ""
    """What there was no room for."""

    @property
    def note(self) -> str | None:
        """What a person should know of it."""
        if not self.left_out:
            return None
        return (
            f"The vocabulary is longer than the model takes: its first {len(self.left_out.split())} words were left "
            f"out, up to {self.left_out.split()[-1]!r}"
        )

    def is_echo(
        self,
        text: str,
        *,
        average_log_probability: float,
        no_speech_probability: float,
        guards: GuardSettings,
        nobody_speaks: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Whether a segment is a piece of the prompt, and nothing but the prompt speaks for it.

        Args:
            nobody_speaks: Whether voice activity detection hears nobody in it; asked only where it matters.
        """
        told = set(tokens(self.text))
        said = tokens(text)
        if not told or not said:
            return False
        known = sum(token in told for token in said)
        silent = no_speech_probability > guards.max_no_speech_probability
        if known == len(said):
            return silent or nobody_speaks()
        return silent and 2 * known >= len(said) and average_log_probability < _UNSURE


def fitting(text: str, fits: Callable[[str], bool]) -> HeardPrompt:
    """The end of a text, as much of it as fits, cut between words: what stands last counts most for a model.

    Args:
        fits: Whether so much may be sent.
    """
    if fits(text):
        return HeardPrompt(text)
    starts: Sequence[int] = [word.start() for word in re.finditer(r"\S+", text)]
    if not fits(text[starts[-1] :]):
        starts = range(len(text))
    first = bisect_left(starts, True, key=lambda start: fits(text[start:]))
    start = starts[first] if first < len(starts) else len(text)
    return HeardPrompt(text[start:], text[:start].strip())
