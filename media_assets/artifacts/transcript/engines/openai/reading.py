"""The JSON of a transcription server: its text, its segments and its words, as far as they can be used."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from media_assets.artifacts.transcript.hearing.mending import (
    NULL_TEXT,
    in_a_row,
    number_of,
    text_of,
    usable_segments,
    usable_words,
)
from media_assets.base.writing import storable

_LANGUAGE_KEYS = ("language", "detected_language", "language_code", "lang")
_LANGUAGE_TOKEN = re.compile(r"\s*(?:<\|startoftranscript\|>)?\s*(<\|[a-z]{2,3}\|>)")


def readable(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """The answer in the form of `SpeechAnswer`, and how much of what had to be done without.

    Raises:
        ValueError: nothing in it tells what was said, nor that nothing was.
    """
    lacking: Counter[str] = Counter()
    text = text_of(body.get("text"))
    segments = list(usable_segments(body.get("segments"), lacking, whole_text=text or ""))
    words = usable_words(body.get("words"), lacking)
    if text is None or not text.strip():
        timed = in_a_row(part["text"] for part in segments) or in_a_row(word["word"] for word in words)
        said = timed or in_a_row(_texts_in(body.get("segments"))) or in_a_row(_texts_in(body.get("words")))
        if text is None and not said and not _says_silence(body):
            raise ValueError("it has neither text nor segments nor words")
        lacking[NULL_TEXT] += text is None and "text" in body and body.get("segments") is None
        text = said
    if not segments and words:
        segments = [_segment_of_words(text, words)]
        words = []
    usage = body.get("usage")
    seconds = number_of(usage.get("seconds")) if isinstance(usage, dict) else None
    return {
        "text": text,
        "language": _language(body),
        "language_probability": _probability(body),
        "segments": segments if segments or "segments" in body else None,
        "words": words or None,
        "logprobs": _logprobs(body.get("logprobs")),
        "usage": None if seconds is None or seconds < 0 else {"seconds": seconds},
    }, dict(lacking)


def _says_silence(body: dict[str, Any]) -> bool:
    told = "text" in body or body.get("segments") == []
    return told and not body.get("text") and not body.get("segments")


def _texts_in(parts: object) -> list[str]:
    """What segments or words say that have no times."""
    entries = [entry if isinstance(entry, dict) else {"text": entry} for entry in _list(parts)]
    texts = (
        text_of(entry.get("text")) or text_of(entry.get("word")) or in_a_row(_texts_in(entry.get("words")))
        for entry in entries
    )
    return [text for text in texts if text]


def _segment_of_words(text: str, words: list[dict[str, Any]]) -> dict[str, Any]:
    ends = [word["end"] for word in words if word["end"] is not None]
    start = min(word["start"] for word in words)
    joined = text if text.strip() else in_a_row(word["word"] for word in words)
    return {"text": joined, "start": start, "end": max(ends, default=None), "words": words}


def _language(body: dict[str, Any]) -> str | None:
    """What servers call it: `"en"`, `["en"]`, `{"code": "en"}`; else by the token that some put before the text."""
    result = body.get("result")
    places = [body, *([result] if isinstance(result, dict) else [])]
    for told in (place.get(name) for place in places for name in _LANGUAGE_KEYS):
        if isinstance(told, list):
            told = next(iter(told), None)
        if isinstance(told, dict):
            told = next(filter(None, map(told.get, ("code", *_LANGUAGE_KEYS, "name"))), None)
        if isinstance(told, str) and told.strip():
            return storable(told)
    text = body.get("text")
    token = _LANGUAGE_TOKEN.match(text) if isinstance(text, str) else None
    return token[1] if token else None


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
