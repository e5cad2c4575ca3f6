"""Bodies that hold a chat completion in another wrapping: the events of a stream, though none was asked for, or a list.

Proxies that speak to their models in streams forget to put the answer together, with the type of events or of JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

_MOST_EVENTS = 200_000


def unwrapped(content: bytes) -> dict[str, Any] | None:
    """The completion in a body that the client library could not read; None where there is none.

    A stream that broke off has no reason why its answer ended: then it is one that was not finished.
    """
    text = content.decode("utf-8-sig", "replace").strip()
    if text.startswith(("data:", "event:", "id:", ":")):
        return _put_together(_events(text))
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body[0] if isinstance(body, list) and len(body) == 1 and isinstance(body[0], dict) else None


def _events(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines()[:_MOST_EVENTS]:
        if not line.startswith("data:"):
            continue
        try:
            event: object = json.loads(line.removeprefix("data:"))
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event


def _put_together(events: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    said: dict[str, list[str]] = {"content": [], "reasoning_content": []}
    usage, reason, seen = None, None, False
    for event in events:
        if event.get("error"):
            return event
        usage = event.get("usage") or usage
        choices = event.get("choices")
        for choice in choices[:1] if isinstance(choices, list) else ():
            if not isinstance(choice, dict):
                continue
            seen = True
            reason = choice.get("finish_reason") or reason
            part = choice.get("delta") or choice.get("message")
            for name, texts in said.items():
                if isinstance(part, dict) and isinstance(part.get(name), str):
                    texts.append(part[name])
    if not seen:
        return None
    message = {"role": "assistant", **{name: "".join(texts) for name, texts in said.items()}}
    return {"choices": [{"index": 0, "finish_reason": reason or "length", "message": message}], "usage": usage}
