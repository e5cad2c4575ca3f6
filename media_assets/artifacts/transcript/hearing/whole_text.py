"""What an answer's whole text has and its segments have not: servers leave the text of a segment out, or segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from media_assets.base.words import said_in_a_row


def with_text_between(entries: Sequence[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """The segments in order with what the text has before, between and behind them.

    It goes to the segment without text that stands there, else is a segment without times; behind the last, which may
    end where the recording does, it is part of that, whose end is then not known.

    Args:
        entries: With `text`, `start`, `end` and `words`.
        text: All that was said. Where a segment is not found in it in its turn, it says nothing, and they stay.
    """
    whole = _in_line(text)
    places = _places(entries, whole)
    if places is None or not any(places):
        return list(entries)
    found: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    position = 0
    for entry, place in zip(entries, places, strict=True):
        if place is None:
            waiting.append(entry)
            continue
        found += _told(waiting, whole[position : place[0]])
        found.append(entry)
        waiting, position = [], place[1]
    rest = _told(waiting, whole[position:])
    if rest and not waiting:
        rest = []
        last = found[-1]
        found[-1] = {
            **last,
            "text": said_in_a_row((last["text"].rstrip(), whole[position:].strip())),
            "end": None,
            "words": None,
        }
    return [*found, *rest]


def _places(entries: Sequence[dict[str, Any]], whole: str) -> list[tuple[int, int] | None] | None:
    places: list[tuple[int, int] | None] = []
    position = 0
    for said in (_in_line(entry["text"]) for entry in entries):
        first = whole.find(said, position)
        if first < 0:
            return None
        position = first + len(said)
        places.append((first, position) if said else None)
    return places


def _told(waiting: Sequence[dict[str, Any]], between: str) -> list[dict[str, Any]]:
    if not any(map(str.isalnum, between)):
        return list(waiting)
    first, *others = waiting or [{"start": None, "end": None, "words": None}]
    return [{**first, "text": between.strip()}, *others]


def _in_line(text: str) -> str:
    return " ".join(text.split())
