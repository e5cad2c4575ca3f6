"""Fields of an answer in other forms than the asked, brought into it: nothing is added that the answer does not say.

A list that is absent or null is empty. A title or an abstract that is absent is a mistake, and asked for again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from media_assets.artifacts.summary.clock import from_clock, to_clock
from media_assets.artifacts.summary.engines.openai.answers import Answer

_LISTS = ("key_points", "action_items", "topics")
_MAIN = ("text", "item", "task", "action", "point", "keypoint", "actionitem", "description", "title", "topic", "name",
         "content", "statement", "value", "label", "summary")  # fmt: skip
_STARTS = (
    "start",
    "starttime",
    "startseconds",
    "time",
    "timestamp",
    "begin",
    "from",
    "at",
    "timecode",
    "starttimecode",
)
_TITLES = ("title", "heading", "name", "chapter", "text", "subject", "topic", "label", "description")
_LEADING_TIME = re.compile(
    r"\s*[\[(]?\s*((?:\d{1,4}:)?\d{1,4}:\d{2}(?:[.,]\d+)?)\s*[\])]?\s*[-–—:|]*\s*(.*)", re.DOTALL
)
_SECONDS = re.compile(r"\[?\s*(\d{1,7}(?:\.\d+)?)\s*(?:s|sec|secs|seconds)?\s*\]?", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•·‣]|\d{1,2}[.)])\s+")
_MOST = 500
"""Items of one list."""


def known_fields(value: Mapping[str, object]) -> int:
    """How many fields of an answer an object has."""
    return len({_plain(name) for name in value} & _KNOWN.keys())


def fields_of(value: Mapping[str, object]) -> dict[str, object]:
    """The fields of `Answer` as far as an object has them; what else it has is left out."""
    given = {_KNOWN[_plain(name)]: field for name, field in value.items() if _plain(name) in _KNOWN}
    fields: dict[str, object] = {
        name: _prose(given[name]) for name in ("title", "abstract") if given.get(name) is not None
    }
    for name in _LISTS:
        fields[name] = [text for text in map(_item, _items(given.get(name))) if text]
    fields["chapters"] = [heading for heading in map(_heading, _chapters(given.get("chapters"))) if heading]
    return fields


def _plain(name: str) -> str:
    """`keyPoints`, `Key Points` and `key-points` are `key_points`."""
    return re.sub(r"[\W_]", "", str(name)).lower()


_KNOWN = {_plain(name): name for name in Answer.model_fields}


def _prose(value: object) -> object:
    """Paragraphs as one text; anything else as it is, for validation to judge."""
    if isinstance(value, list):
        return " ".join(text for text in map(_item, value) if text)
    if isinstance(value, Mapping):
        return _item(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _items(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, str):
        lines = [line for line in value.splitlines() if line.strip()]
        return [_BULLET.sub("", line) for line in lines]
    if isinstance(value, Mapping):
        # One item, or items by number.
        one = any(_plain(name) in _MAIN for name in value)
        return [value] if one else list(value.values())[:_MOST]
    return list(value)[:_MOST] if isinstance(value, list | tuple) else [value]


def _item(value: object) -> str:
    """One line; of an object its main text, and the rest in brackets: an owner and a date are part of what was said."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Mapping):
        texts = {_plain(name): _item(each) for name, each in value.items()}
        main = next((name for name in _MAIN if texts.get(name)), next((name for name in texts if texts[name]), ""))
        rest = [text for name, text in texts.items() if text and name != main]
        return f"{texts[main]} ({', '.join(rest)})" if main and rest else texts.get(main, "")
    if isinstance(value, list):
        return ", ".join(text for text in map(_item, value[:_MOST]) if text)
    return "" if value is None or isinstance(value, bool) else str(value)


def _chapters(value: object) -> Iterator[object]:
    if isinstance(value, Mapping) and not any(_plain(name) in _STARTS for name in value):
        # {"0:00:00": "Opening"}, or chapters by number
        for name, each in list(value.items())[:_MOST]:
            yield each if isinstance(each, Mapping) else {"start": name, "title": each}
    else:
        yield from _items(value)


def _heading(value: object) -> dict[str, str] | None:
    """Start and title; None without a title or a time that can be read: when it begins is not guessed."""
    start: object
    if isinstance(value, str):
        match = _LEADING_TIME.match(value)
        start, title = (match[1], match[2]) if match else (None, value)
    elif isinstance(value, list | tuple) and len(value) == 2:
        start, title = value[0], _item(value[1])
    elif isinstance(value, Mapping):
        named = {_plain(name): each for name, each in value.items()}
        start = next((named[name] for name in _STARTS if named.get(name) is not None), None)
        title = next((_item(named[name]) for name in _TITLES if named.get(name)), "")
    else:
        return None
    clock = _clock(start)
    return {"start": clock, "title": title} if clock is not None and title.strip() else None


def _clock(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return to_clock(value) if math.isfinite(value) and 0 <= value < 1e7 else None
    if not isinstance(value, str):
        return None
    seconds = _SECONDS.fullmatch(value.strip())
    if seconds:
        return to_clock(float(seconds[1]))
    match = _LEADING_TIME.match(value)
    time = from_clock(match[1]) if match else None
    return None if time is None else to_clock(time)
