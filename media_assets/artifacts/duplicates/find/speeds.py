"""The same played a little faster or slower: films that run 25 pictures a second instead of 24, talks sped up by 5 %.

Whoever changes the speed of a recording does it to the whole of it, so the ratio of two lengths says how much faster
one runs. The print of the second is stretched to the time of the first and then compared as usual, by tighter limits.
Measured on music and speech at 0.95 to 1.05 of the speed and the same pitch: 8 to 15 % of the bits differ; of others,
and of what was played at another speed with its pitch, 28 % and more. Without sound the movement decides: of films and
lectures at another speed it went together by 0.6 and 0.8, of other takes of the same lecture by 0.48 at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from media_assets.artifacts.duplicates.find.compare import Likeness, compare_recordings
from media_assets.artifacts.duplicates.find.evidence import Evidence
from media_assets.artifacts.duplicates.find.faster_sounds import LEAST, MOST, USUAL_SPEEDS, guessed_error
from media_assets.artifacts.duplicates.settings import SimilaritySettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Value = TypeVar("Value", bound=np.generic)

_NEAR = 0.02
"""Usual speeds, and what they undo, are tried where the lengths are that near to them: seconds may be cut off."""
_MOST_AUDIO_ERROR = 0.2
_LEAST_OVERLAP = 0.9
_CLEARLY = 0.02
"""A usual speed is taken where it fits by so much better than that which the lengths say."""


def compare_at_speeds(
    first: Evidence, second: Evidence, orientation: int, limits: SimilaritySettings
) -> Likeness | None:
    """How alike two recordings are when one is played at the speed of the other; None when they are no duplicates.

    Args:
        orientation: How the second's pictures are turned against the first's.
    """
    if not (first.seconds and second.seconds):
        return None
    tighter = limits.model_copy(
        update={
            "max_audio_error": min(limits.max_audio_error, _MOST_AUDIO_ERROR),
            "min_overlap": max(limits.min_overlap, _LEAST_OVERLAP),
        }
    )
    best: Likeness | None = None
    for speed in speeds_near(first.seconds / second.seconds):
        found = compare_recordings(first, slowed(second, speed), orientation, tighter, is_slowed=True)
        if found is not None and (best is None or found.similarity > best.similarity + _CLEARLY):
            best = found._replace(reason=f"{found.reason}, {speed_in_words(speed)}", speed=speed)
    return best or _guessed(first, second)


def _guessed(first: Evidence, second: Evidence) -> Likeness | None:
    """That two sounds may be the same at another speed and pitch."""
    speed = first.seconds / second.seconds
    if len(first.codes) or len(second.codes) or not (len(first.sound) and len(second.sound)):
        return None
    if not LEAST <= abs(speed - 1) <= MOST:
        return None
    error = guessed_error(first, slowed(second, speed), speed)
    if error is None:
        return None
    reason = f"the same sound at another pitch, {speed_in_words(speed)}"
    return Likeness(1 - error, 0, 0.0, reason, speed=speed, is_guess=True)


def speed_in_words(speed: float) -> str:
    return f"played about {abs(speed - 1):.0%} {'faster' if speed > 1 else 'slower'}"


def speeds_near(ratio: float) -> Iterator[float]:
    """How many times as fast the second may be played, by how much longer the first is."""
    tried = (ratio, *(one for speed in USUAL_SPEEDS for one in (speed, 1 / speed) if abs(one - ratio) <= _NEAR))
    yield from (speed for speed in tried if LEAST <= abs(speed - 1) <= MOST)


def slowed(evidence: Evidence, speed: float) -> Evidence:
    """What would be known of it if it were played as slowly as the first."""
    return replace(
        evidence,
        codes=_stretched(evidence.codes, speed),
        motion=_stretched(evidence.motion, speed),
        sound=_stretched(evidence.sound, speed),
    )


def _stretched(values: NDArray[Value], factor: float) -> NDArray[Value]:
    """Values at equal steps of time, those nearest to the same steps when all takes longer."""
    import numpy as np

    steps = np.arange(round(len(values) * factor))
    return values[np.clip(np.round(steps / factor).astype(np.intp), 0, max(0, len(values) - 1))]
