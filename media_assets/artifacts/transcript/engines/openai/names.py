"""What other servers call the fields of a transcription, in OpenAI's names.

Seen: Hugging Face's pipelines (`chunks`, `timestamp`), whisper.cpp (`transcription`, `offsets`, `t0`), AssemblyAI
(`utterances`), Sarvam, Gladia and others (`transcript`, `start_time`, `start_ms`, `sentences`).
"""

from __future__ import annotations

import re
from typing import Any

from media_assets.artifacts.transcript.engines.openai.jobs import is_state
from media_assets.artifacts.transcript.engines.openai.shapes import of_other_service
from media_assets.artifacts.transcript.hearing.mending import number_of, text_of

_SEGMENTS = ("segments", "chunks", "utterances", "sentences", "transcription")
_OTHER_TEXTS = ("transcript", "transcription", "full_transcript", "DisplayText", "result", "output")
_ADDRESS = re.compile(r"\s*\w+://\S+\s*")
_STARTS = ("start", "start_time", "startTime", "begin", "begin_time")
_ENDS = ("end", "end_time", "endTime", "finish")
_PARTS_OF_A_SECOND = (("start_ms", "end_ms", 1000.0), ("t0", "t1", 100.0))


def says_something(body: dict[str, Any]) -> bool:
    """Whether an object tells what was said, in whatever of its fields."""
    return (
        bool((text_of(_inner_text(body)) or "").strip())
        or any(body.get(name) and isinstance(body[name], list) for name in (*_SEGMENTS, "words"))
        or _other_text(body) is not None
        or bool((of_other_service(body) or {}).get("text"))
    )


def says_nothing(body: dict[str, Any]) -> bool:
    """Whether an object has a place for what was said, and nothing stands there."""
    return (
        ("text" in body and (body["text"] is None or text_of(_inner_text(body)) is not None))
        or any(body.get(name) == [] for name in _SEGMENTS)
        or any(body.get(name) == "" for name in _OTHER_TEXTS)
        or of_other_service(body) is not None
    )


def named_as_usual(body: dict[str, Any]) -> dict[str, Any]:
    """The body with `text`, `segments` and `words`; what it names so itself stays."""
    shaped = of_other_service(body)
    if shaped is not None:
        return {**body, "segments": None, "words": None, **shaped}
    found = dict(body)
    if "text" in found:
        found["text"] = _inner_text(body)
    text = _other_text(body)
    if not found.get("text") and (text is not None or any(body.get(name) == "" for name in _OTHER_TEXTS)):
        found["text"] = text or ""
    segments = next((body[name] for name in _SEGMENTS if isinstance(body.get(name), list)), None)
    if segments is not None:
        found["segments"] = [_timed(each) for each in segments]
    result = body.get("result")
    if "words" not in found and isinstance(result, list) and all(map(_is_word, result)):
        found["words"] = result  # Vosk
    if isinstance(found.get("words"), list):
        found["words"] = [_timed(each) for each in found["words"]]
    return found


def _is_word(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("word"), str)


def _inner_text(body: dict[str, Any]) -> object:
    text = body.get("text")
    return text.get("content", text.get("text")) if isinstance(text, dict) else text


def _other_text(body: dict[str, Any]) -> str | None:
    """What stands under another name than `text`; None where nothing does but the state of a job or an address."""
    texts = (text for text in map(body.get, _OTHER_TEXTS) if isinstance(text, str) and text.strip())
    return next((text for text in texts if not is_state(text) and not _ADDRESS.fullmatch(text)), None)


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
    sure = number_of(entry.get("confidence", entry.get("conf")))
    if sure is not None and 0 <= sure <= 1:
        found.setdefault("probability", sure)
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
