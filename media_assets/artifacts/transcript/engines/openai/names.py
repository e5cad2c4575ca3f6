"""What other servers call the fields of a transcription, in OpenAI's names.

Seen: Hugging Face's pipelines (`chunks`, `timestamp`), whisper.cpp (`transcription`, `offsets`, `t0`), AssemblyAI
(`utterances`), Sarvam, Gladia and others (`transcript`, `start_time`, `start_ms`, `sentences`).
"""

from __future__ import annotations

from typing import Any

from media_assets.artifacts.transcript.hearing.mending import number_of

_SEGMENTS = ("segments", "chunks", "utterances", "sentences", "transcription")
_TEXTS = ("text", "transcript", "transcription", "result")
_STARTS = ("start", "start_time", "startTime", "begin", "begin_time")
_ENDS = ("end", "end_time", "endTime", "finish")
_PARTS_OF_A_SECOND = (("start_ms", "end_ms", 1000.0), ("t0", "t1", 100.0))


def says(body: object) -> bool:
    """Whether an object is an answer: something in it tells what was said, or that nothing could be heard."""
    if not isinstance(body, dict):
        return False
    return (
        any(name in body for name in ("text", "segments", "words", "error"))
        or any(isinstance(body.get(name), str) for name in _TEXTS)
        or any(isinstance(body.get(name), list) for name in _SEGMENTS)
    )


def named_as_usual(body: dict[str, Any]) -> dict[str, Any]:
    """The body with `text`, `segments` and `words`; what it names so itself stays."""
    found = dict(body)
    if isinstance(found.get("text"), dict):
        found["text"] = found["text"].get("content", found["text"].get("text"))
    if "text" not in found:
        text = next((body[name] for name in _TEXTS if isinstance(body.get(name), str)), None)
        found |= {} if text is None else {"text": text}
    segments = next((body[name] for name in _SEGMENTS if isinstance(body.get(name), list)), None)
    if segments is not None:
        found["segments"] = [_timed(each) for each in segments]
    if isinstance(found.get("words"), list):
        found["words"] = [_timed(each) for each in found["words"]]
    return found


def _timed(entry: object) -> object:
    """A segment or a word with `text`, `start` and `end`; what it names so itself stays."""
    if not isinstance(entry, dict):
        return entry
    found = dict(entry)
    start, end = _span(entry)
    found |= {name: time for name, time in (("start", start), ("end", end)) if time is not None and name not in entry}
    text = next((entry[name] for name in ("transcript", "sentence") if isinstance(entry.get(name), str)), None)
    if "text" not in entry and "word" not in entry and text is not None:
        found["text"] = text
    if isinstance(entry.get("words"), list):
        found["words"] = [_timed(each) for each in entry["words"]]
    return found


def _span(entry: dict[str, Any]) -> tuple[object, object]:
    stamps = entry.get("timestamp")
    if isinstance(stamps, list) and len(stamps) == 2:
        return stamps[0], stamps[1]
    offsets = entry.get("offsets")
    if isinstance(offsets, dict):
        return _divided(offsets.get("from"), 1000.0), _divided(offsets.get("to"), 1000.0)
    for first, last, parts in _PARTS_OF_A_SECOND:
        if first in entry:
            return _divided(entry[first], parts), _divided(entry.get(last), parts)
    return (
        next((entry[name] for name in _STARTS if name in entry), None),
        next((entry[name] for name in _ENDS if name in entry), None),
    )


def _divided(value: object, by: float) -> float | None:
    number = number_of(value)
    return None if number is None else number / by
