"""The JSON of a transcription server: its text, its segments and its words, as far as they can be used."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from media_assets.artifacts.transcript.hearing.mending import (
    in_a_row,
    number_of,
    text_of,
    usable_segments,
    usable_words,
)


def decoded(content: bytes) -> Any:
    """The JSON, NaN and Infinity included.

    Raises:
        ValueError: it is none.
    """
    try:
        return json.loads(content.decode("utf-8-sig", errors="replace"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def readable(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """The answer in the form of `SpeechAnswer`, and how much of what had to be done without.

    Raises:
        ValueError: nothing in it tells what was said, nor that nothing was.
    """
    lacking: Counter[str] = Counter()
    text = text_of(body.get("text"))
    segments = list(usable_segments(body.get("segments"), lacking, whole_text=text or ""))
    words = usable_words(body.get("words"), lacking)
    if text is None:
        if not segments and not words and body.get("segments") != []:
            raise ValueError("it has neither text nor segments nor words")
        text = in_a_row(part["text"] for part in segments) or in_a_row(w["word"] for w in words)
    if not segments and words:
        segments = [_segment_of_words(text, words)]
        words = []
    language, usage = body.get("language"), body.get("usage")
    seconds = number_of(usage.get("seconds")) if isinstance(usage, dict) else None
    return {
        "text": text,
        "language": language if isinstance(language, str) else None,
        "language_probability": _probability(body),
        "segments": segments if segments or "segments" in body else None,
        "words": words or None,
        "logprobs": _logprobs(body.get("logprobs")),
        "usage": None if seconds is None or seconds < 0 else {"seconds": seconds},
    }, dict(lacking)


def _segment_of_words(text: str, words: list[dict[str, Any]]) -> dict[str, Any]:
    ends = [word["end"] for word in words if word["end"] is not None]
    start = min(word["start"] for word in words)
    joined = text if text.strip() else in_a_row(word["word"] for word in words)
    return {"text": joined, "start": start, "end": max(ends, default=None), "words": words}


def _probability(body: dict[str, Any]) -> float | None:
    """How sure the server is of the language, as faster-whisper or as whisper.cpp calls it."""
    told = (number_of(body.get(name)) for name in ("language_probability", "detected_language_probability"))
    return next((number for number in told if number is not None and 0 <= number <= 1), None)


def _logprobs(found: object) -> list[dict[str, float]] | None:
    entries = (entry.get("logprob") if isinstance(entry, dict) else None for entry in _list(found))
    numbers = [number for number in map(number_of, entries) if number is not None]
    return [{"logprob": number} for number in numbers] or None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
