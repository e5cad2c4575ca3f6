"""Whose voice it is: the voices of a recording compared with those that have names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from media_assets.artifacts.transcript.voices.people import People
from media_assets.artifacts.transcript.voices.value import Voice

_STRANGERS = 0.74
"""Cosine of two people in the same room, as it is at times: no confidence at all."""
_CERTAINLY = 0.94
"""Cosine of one voice in two recordings alike: full confidence."""
_AMBIGUOUS = 0.04
"""When a second person is nearer than this behind the first, it is neither."""


class NamedVoice(NamedTuple):
    """A name, and from 0 to 1 how sure it is."""

    name: str
    confidence: float


def named(voices: Sequence[Voice], people: People, threshold: float) -> dict[str, NamedVoice]:
    """Names for the voices of a recording, by what the transcript calls them (`S1`).

    A name is given once at most in a recording, to the nearest voice, never below the threshold, and not where two
    people are about equally near.
    """
    import numpy as np

    if not voices or not people.people:
        return {}
    heard = np.array([voice.embedding for voice in voices])
    heard /= np.maximum(np.linalg.norm(heard, axis=1, keepdims=True), 1e-12)
    # A person is as near as the nearest of the voices that are known of that person.
    near = np.stack(
        [(heard @ np.array([voice.numbers for voice in person.voices]).T).max(axis=1) for person in people.people]
    )
    second = np.sort(near, axis=0)[-2] if len(near) > 1 else np.full(len(voices), -1.0)
    found: dict[str, NamedVoice] = {}
    taken: set[int] = set()
    for at in np.argsort(-near, axis=None, kind="stable"):
        person, voice = divmod(int(at), len(voices))
        sure = confidence(float(near[person, voice]))
        if sure < threshold or sure <= 0:
            break
        speaker = voices[voice].speaker
        is_nearest = near[person, voice] - second[voice] >= _AMBIGUOUS
        if is_nearest and person not in taken and speaker not in found:
            found[speaker] = NamedVoice(people.people[person].name, sure)
            taken.add(person)
    return found


def confidence(cosine: float) -> float:
    """How sure it is that two embeddings so near to each other are of one voice: 0.5 at a cosine of 0.84."""
    return round(min(1.0, max(0.0, (cosine - _STRANGERS) / (_CERTAINLY - _STRANGERS))), 3)
