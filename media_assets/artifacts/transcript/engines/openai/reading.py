"""The JSON of a transcription server, freed of what cannot be used: no oddity of one word costs the transcript.

Seen in issue reports: words without times, NaN from servers in Python, `null` texts, times as strings or clocks, text
as a list of chunks, lists that are `null`. A time that is missing is put between the neighbours that have one.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

UNTIMED_WORDS = "words without usable times"
UNTIMED_SEGMENTS = "segments without usable times"
WITHOUT_TEXT = "segments without text"
UNTIMED_TEXT = "pieces without any times"

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:[.,]\d+)?)")
_SECONDS = re.compile(r"([-+]?\d{1,9}(?:[.,]\d{1,9})?)\s*(?:s|sec|seconds)?", re.IGNORECASE)


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
    segments = list(_segments(body.get("segments"), lacking))
    words = _words(body.get("words"), lacking)
    text = _text(body.get("text"))
    if text is None:
        if not segments and not words and body.get("segments") != []:
            raise ValueError("it has neither text nor segments nor words")
        text = " ".join(part["text"].strip() for part in segments) or " ".join(w["word"].strip() for w in words)
    if not segments and words:
        segments = [_segment_of_words(text, words)]
        words = []
    language, usage = body.get("language"), body.get("usage")
    seconds = _number(usage.get("seconds")) if isinstance(usage, dict) else None
    return {
        "text": text,
        "language": language if isinstance(language, str) else None,
        "segments": segments if segments or "segments" in body else None,
        "words": words or None,
        "logprobs": _logprobs(body.get("logprobs")),
        "usage": None if seconds is None or seconds < 0 else {"seconds": seconds},
    }, dict(lacking)


def _segments(found: object, lacking: Counter[str]) -> Iterator[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for entry in found if isinstance(found, list) else []:
        entry = entry if isinstance(entry, dict) else {"text": entry}
        words = _words(entry.get("words"), lacking)
        text = _text(entry.get("text"))
        if text is None:
            text = " ".join(word["word"].strip() for word in words)
        if not text.strip():
            lacking[WITHOUT_TEXT] += _text(entry.get("text")) is None
            continue
        start, end = _time(entry.get("start")), _time(entry.get("end"))
        if start is None and words:
            start = words[0]["start"]
        measures = {name: _number(entry.get(name)) for name in ("avg_logprob", "no_speech_prob")}
        entries.append({"text": text, "start": start, "end": end, "words": words or None, **measures})
    if not any(entry["start"] is not None for entry in entries):
        return
    lacking[UNTIMED_SEGMENTS] += _filled(entries, "text")
    yield from entries


def _words(found: object, lacking: Counter[str]) -> list[dict[str, Any]]:
    """Words with text; none where no word has a time."""
    entries = []
    for entry in found if isinstance(found, list) else []:
        if isinstance(entry, str):
            entry = {"word": entry}
        if not isinstance(entry, dict):
            continue
        word = _text(entry.get("word")) or _text(entry.get("text"))
        if not word:
            continue
        start, end = _time(entry.get("start")), _time(entry.get("end"))
        entries.append({"word": word, "start": start, "end": end, "probability": _number(entry.get("probability"))})
    if not any(entry["start"] is not None for entry in entries):
        lacking[UNTIMED_WORDS] += len(entries)
        return []
    lacking[UNTIMED_WORDS] += _filled(entries, "word")
    return entries


def _filled(entries: list[dict[str, Any]], text: str) -> int:
    """Give every entry a start: those without get theirs between the neighbours, by the share of their text."""
    untimed = 0
    index = 0
    while index < len(entries):
        if entries[index]["start"] is not None:
            end = entries[index]["end"]
            if end is not None and end < entries[index]["start"]:
                entries[index]["end"] = None
            index += 1
            continue
        last = next((i for i in range(index, len(entries)) if entries[i]["start"] is not None), len(entries))
        before: dict[str, Any] = entries[index - 1] if index else {"start": 0.0, "end": 0.0, text: ""}
        # A neighbour without an end shares its time with those behind it.
        shared = [*([] if before["end"] is not None else [before]), *entries[index:last]]
        first = before["start"] if before["end"] is None else before["end"]
        behind = entries[last]["start"] if last < len(entries) else None
        _share(shared, first, behind, text)
        untimed += last - index
        index = last
    return untimed


def _share(entries: list[dict[str, Any]], first: float, behind: float | None, text: str) -> None:
    characters = sum(len(entry[text]) for entry in entries) or 1
    room = max(0.0, behind - first) if behind is not None else characters / 15.0
    position = 0
    for entry in entries:
        known_end = entry["end"]
        entry["start"] = first + room * position / characters
        position += len(entry[text])
        end = first + room * position / characters
        usable = known_end is not None and entry["start"] < known_end <= first + room
        entry["end"] = known_end if usable else end if end > entry["start"] else None


def _segment_of_words(text: str, words: list[dict[str, Any]]) -> dict[str, Any]:
    ends = [word["end"] for word in words if word["end"] is not None]
    start = min(word["start"] for word in words)
    joined = text if text.strip() else " ".join(word["word"].strip() for word in words)
    return {"text": joined, "start": start, "end": max(ends, default=None), "words": words}


def _text(value: object) -> str | None:
    """Text, also in chunks (`["a", {"text": "b"}]`); None where there is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        chunks = (chunk.get("text") if isinstance(chunk, dict) else chunk for chunk in value)
        texts = [chunk.strip() for chunk in chunks if isinstance(chunk, str)]
        return " ".join(texts) if texts or not value else None
    return None


def _time(value: object) -> float | None:
    """Seconds, from 0; those of `1.5`, `"1.5"`, `"1,5 s"`, `"00:00:01.500"`."""
    if isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
    seconds_found = _number(value)
    return None if seconds_found is None else max(0.0, seconds_found)


def _number(value: object) -> float | None:
    if isinstance(value, str) and (number := _SECONDS.fullmatch(value.strip())):
        return float(number[1].replace(",", "."))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _logprobs(found: object) -> list[dict[str, float]] | None:
    entries = (entry.get("logprob") if isinstance(entry, dict) else None for entry in _list(found))
    numbers = [number for number in map(_number, entries) if number is not None]
    return [{"logprob": number} for number in numbers] or None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
