"""What stands in the body of a transcription, whatever it is in: JSON, captions, the events of a stream, bare text.

Servers give these whatever they are asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import unescape
from typing import Any

from media_assets.base.words import said_in_a_row

_CUE_TAG = re.compile(r"</?(?:c|i|b|u|v|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<\d+:[\d:.]+>")
_CUE = re.compile(r"([\d:.,]+)[^\S\n]+-->[^\S\n]+([\d:.,]+)[^\n]*\n(.*?)\n[^\S\n]*\n", re.DOTALL)
_EVENT = re.compile(r"(data|event|id|retry)?:\s?(?P<data>.*)")


def decoded(content: bytes) -> dict[str, Any] | list[dict[str, Any]]:
    """The object in a body: of JSON with NaN and Infinity, of a list around it, of the events of a stream; else of the
    cues of SubRip or WebVTT, else of its text. A list of objects that say nothing stays one.

    Raises:
        ValueError: it is broken JSON, or nothing.
    """
    text = content.decode("utf-8-sig", errors="replace").strip()
    if not text:
        raise ValueError("it is empty")
    if re.match(r"(data|event|id):|:", text) and "data:" in text:
        return _of_events(text)
    if text[0] not in '{["':
        return _of_captions(text) if "-->" in text else {"text": text}
    try:
        body: Any = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise
        body = _together(map(json.loads, text.splitlines()), ended=True)
    while isinstance(body, list) and len(body) == 1:
        body = body[0]
    if isinstance(body, list):
        return of_entries(body)
    if isinstance(body, str):
        return {"text": body}
    if not isinstance(body, dict):
        raise ValueError("it is no object")
    return body


def of_entries(entries: list[Any]) -> dict[str, Any] | list[dict[str, Any]]:
    """The answer that a list of texts, segments or words amounts to; the list where its objects say nothing.

    Raises:
        ValueError: it holds neither texts nor objects.
    """
    texts = [entry.get("text") if isinstance(entry, dict) else entry for entry in entries]
    spoken = [text.strip() for text in texts if isinstance(text, str)]
    if spoken and len(spoken) == len(texts):
        return {"text": said_in_a_row(spoken), "segments": entries}
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("it is no object")
    for inner, outer in (("transcript", "segments"), ("sentence", "segments"), ("word", "words")):
        if all(isinstance(entry.get(inner), str) for entry in entries):
            return {outer: entries}
    return entries


def _of_events(text: str) -> dict[str, Any]:
    """The answer that a stream of server-sent events amounts to."""
    found: list[object] = []
    ended = False
    for line in text.splitlines():
        event = _EVENT.match(line)
        if event is None or event[1] != "data":
            continue
        if event["data"].strip() == "[DONE]":
            ended = True
            continue
        try:
            found.append(json.loads(event["data"]))
        except (ValueError, RecursionError):
            found.append({"text": event["data"]})
    return _together(found, ended=ended)


def _together(events: Iterable[object], *, ended: bool) -> dict[str, Any]:
    """The one answer of several events: parts of a text, segments, and the whole at the end.

    Args:
        ended: Whether the stream said that it was at its end.
    """
    letters: list[str] = []
    pieces: list[dict[str, Any]] = []
    state: dict[str, Any] = {}
    for event in events:
        if not isinstance(event, dict):
            continue
        state = {name: event[name] for name in ("status", "state") if name in event}
        kind = str(event.get("type", ""))
        if event.get("error") or "segments" in event or kind.endswith(".done"):
            return event
        part = _part(event)
        if part is not None:
            letters.append(part)
        elif isinstance(event.get("text"), str):
            pieces.append(event)
    if letters and not ended:
        raise ValueError("its stream broke off")
    if letters:
        return {**state, "text": "".join(letters)}
    if not pieces:
        raise ValueError("its events say nothing")
    timed = any("start" in piece for piece in pieces)
    text = said_in_a_row(piece["text"].strip() for piece in pieces)
    return {**state, "text": text, **({"segments": pieces} if timed else {})}


def _part(event: dict[str, Any]) -> str | None:
    """Letters that go on where those of the event before ended."""
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    delta = choice.get("delta", event.get("delta"))
    text = delta.get("content", "") if isinstance(delta, dict) else delta
    return text if isinstance(text, str) else "" if choices else None


def _of_captions(text: str) -> dict[str, Any]:
    found = _CUE.finditer(f"{text}\n\n")
    cues = [{"start": cue[1], "end": cue[2], "text": _unescaped_lines(cue[3])} for cue in found]
    if not cues:
        raise ValueError("it is neither JSON nor captions")
    return {"text": said_in_a_row(cue["text"] for cue in cues), "segments": cues}


def _unescaped_lines(text: str) -> str:
    """The lines of a cue as one, without the marks and references of WebVTT."""
    lines = (" ".join(line.split()) for line in _CUE_TAG.sub("", text).splitlines())
    return unescape(said_in_a_row(lines))
