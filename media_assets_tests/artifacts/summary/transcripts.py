"""Transcripts for the tests of the summarizers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment

BEES = (
    "Honey bees live in colonies of up to sixty thousand workers.",
    "The queen bee lays every egg in the hive.",
    "Worker bees collect nectar from flowers and turn it into honey.",
    "A bee colony needs its honey to survive the winter.",
    "Beekeepers inspect the hive every week in spring.",
    "Varroa mites are the worst enemy of a bee colony.",
    "Please remember to treat the hive against varroa mites in August.",
    "The queen can be replaced when the bee colony gets weak.",
    "Nectar contains a lot of water, which the worker bees fan away with their wings.",
    "The beekeeper takes the honey out of the hive in summer.",
)
TRAINS = (
    "Now let us turn to the steam locomotive.",
    "A steam locomotive burns coal to boil water in its boiler.",
    "The steam drives the pistons of the locomotive.",
    "Early railways used cast iron rails that broke often.",
    "Steel rails made heavier trains possible.",
    "The boiler pressure of a steam locomotive decides its power.",
    "Railway engineers measured the pressure of the boiler every hour.",
    "We need to book the tickets for the railway museum by Friday.",
    "Diesel engines replaced the steam locomotive after the war.",
    "A diesel engine needs no boiler and no water tower on the railway.",
)


def transcript(texts: Sequence[str], language: str = "en", start_seconds: float = 0.0) -> Transcript:
    """Each text a segment, spoken at 150 words a minute with half a second between them."""
    segments = []
    time = start_seconds
    for text in texts:
        end = time + max(1.0, 0.4 * len(text.split()))
        segments.append(TranscriptSegment(start_seconds=time, end_seconds=end, text=text, confidence=0.9))
        time = end + 0.5
    return Transcript(language=language, duration_seconds=time, engine="test", model="test", segments=tuple(segments))


def as_recognised_without_punctuation(texts: Sequence[str]) -> list[str]:
    """Lower case and words alone, as some engines write."""
    return [re.sub(r"[^\w ]", "", text).lower() for text in texts]
