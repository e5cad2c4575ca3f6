"""The answer of the function at Modal, freed of what cannot be used: it is paid for, and no word costs the whole.

A container may run another version of a library, which leaves a time out; of a NaN, JSON makes `null`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from media_assets.artifacts.transcript.engines.modal.contract import TranscriptionAnswer
from media_assets.artifacts.transcript.hearing.assembling import UNDETERMINED
from media_assets.artifacts.transcript.hearing.mending import number_of, usable_segments, utterance_of, without_ends
from media_assets.artifacts.transcript.hearing.utterances import to_segments
from media_assets.artifacts.transcript.value import LanguageStretch, Transcript

_NONE = float("nan")
"""Stands for a confidence that is missing where there always is one."""


def answer_in(content: str) -> TranscriptionAnswer:
    """The answer. Where its transcript lacks something, `lacking` counts it, and times may lie behind the recording.

    Raises:
        ValueError: it is none.
    """
    body = json.loads(content, parse_constant=lambda _: None)  # a NaN is as good as nothing
    try:
        return TranscriptionAnswer.model_validate(body)
    except ValidationError:
        transcript = body.get("transcript") if isinstance(body, dict) else None
        if not isinstance(transcript, dict):
            raise
    made, lacking = _mended(transcript)
    return TranscriptionAnswer.model_validate({**body, "transcript": made, "lacking": lacking})


def _mended(transcript: dict[str, Any]) -> tuple[Transcript, dict[str, int]]:
    lacking: Counter[str] = Counter()
    answered = [_answered(segment) for segment in _objects(transcript.get("segments"))]
    found = list(usable_segments(answered, lacking, untimed_too=True))
    lacking += without_ends(found)
    segments = to_segments((utterance_of(one, one["confidence"] or 0.0) for one in found), math.inf)
    duration = number_of(transcript.get("duration_seconds"))
    language, dropped, note = transcript.get("language"), transcript.get("dropped"), transcript.get("note")
    return Transcript(
        language=language if isinstance(language, str) else UNDETERMINED,
        duration_seconds=max((s.end_seconds for s in segments), default=0.0) if duration is None else duration,
        engine=str(transcript.get("engine")),
        model=str(transcript.get("model")),
        segments=segments,
        languages=tuple(_languages(transcript.get("languages"))),
        dropped={k: v for k, v in dropped.items() if isinstance(v, int)} if isinstance(dropped, dict) else {},
        note=note if isinstance(note, str) else None,
    ), dict(lacking)


def _answered(segment: dict[str, Any]) -> dict[str, Any]:
    words = [
        {
            "word": word.get("text"),
            "start": word.get("start_seconds"),
            "end": word.get("end_seconds"),
            "probability": _NONE if word.get("confidence") is None else word["confidence"],
        }
        for word in _objects(segment.get("words"))
    ]
    return {
        "text": segment.get("text"),
        "start": segment.get("start_seconds"),
        "end": segment.get("end_seconds"),
        "confidence": segment.get("confidence"),
        "words": words,
    }


def _languages(found: object) -> Iterator[LanguageStretch]:
    for stretch in _objects(found):
        with suppress(ValidationError):  # without a time or a language it says nothing
            yield LanguageStretch.model_validate(stretch)


def _objects(found: object) -> list[dict[str, Any]]:
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
