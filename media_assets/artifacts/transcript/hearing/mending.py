"""What an engine gave of segments and words, freed of what cannot be used: no oddity of one word costs the transcript.

Seen in issue reports: words without times, NaN from engines in Python (JSON makes `null` of it), `null` texts, times as
strings or clocks, text as a list of chunks, lists that are `null`. A time that is missing is put between the neighbours
that have one. What was done without is counted, under the names below.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from numbers import Real
from typing import Any

from media_assets.artifacts.transcript.hearing.utterances import Utterance
from media_assets.artifacts.transcript.hearing.whole_text import with_text_between
from media_assets.artifacts.transcript.value import Word
from media_assets.base.wording import counted
from media_assets.base.words import said_in_a_row
from media_assets.base.writing import storable

UNTIMED_WORDS = "words without usable times"
UNTIMED_SEGMENTS = "segments without usable times"
MILLISECONDS = "pieces with times in milliseconds"
NULL_TEXT = "pieces with null for a text"
TWICE = "segments twice"
WITHOUT_TEXT = "segments without text"
UNTIMED_TEXT = "pieces without any times"
UNSURE_WORDS = "words without a confidence"
BEHIND_THE_END = "segments behind the end of the recording"

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:[.,]\d+)?)")
_SECONDS = re.compile(r"([-+]?\d{1,9}(?:[.,]\d{1,9})?)\s*(?:s|sec|seconds)?", re.IGNORECASE)
_MODEL_TOKEN = re.compile(r"<\|[^<>|\n]{1,30}\|>")
"""`<|en|>`, `<|0.00|>`, `<|endoftext|>`: some servers leave the model's own tokens in its text."""
_SPOKEN_CHARACTERS_PER_SECOND = 15.0
_MEASURES = ("avg_logprob", "no_speech_prob", "confidence")


def lacking_note(lacking: dict[str, int]) -> str | None:
    """A sentence on what an engine left out; None where it is nothing."""
    counts = ", ".join(_counted(count, what) for what, count in sorted(lacking.items()) if count)
    return f"The engine gave {counts}: what is missing is estimated, the rest is as it came" if counts else None


def _counted(count: int, what: str) -> str:
    kind, rest = what.split(" ", 1)
    return f"{counted(count, kind.removesuffix('s'))} {rest}"


def usable_segments(
    found: object, lacking: Counter[str], *, untimed_too: bool = False, whole_text: str = ""
) -> Iterator[dict[str, Any]]:
    """The segments that have text, each with `text`, `start`, `end` and `words`, and the engine's own measures.

    Args:
        found: A list of objects with such names; anything else has no segments.
        lacking: Is counted up.
        untimed_too: Whether segments of which none has a time are given estimated ones; else there are none.
        whole_text: All that was said, if the engine says that too; what segments lack of it is put where it belongs.
    """
    entries: list[dict[str, Any]] = []
    silent = 0
    for entry in found if isinstance(found, list) else []:
        entry = entry if isinstance(entry, dict) else {"text": entry}
        start, end = _time(entry.get("start")), _time(entry.get("end"))
        words = usable_words(entry.get("words"), lacking, first_seconds=start or 0.0)
        text = text_of(entry.get("text"))
        if text is None:
            text = in_a_row(word["word"] for word in _spoken_words(entry.get("words")))
            silent += 1
        if start is None and words:
            start = words[0]["start"]
        measures = {name: number_of(entry.get(name)) for name in _MEASURES}
        entries.append({"text": text, "start": start, "end": end, "words": words or None, **measures})
    once = [
        entry
        for before, entry in zip([None, *entries], entries, strict=False)
        if entry["start"] is None or entry != before
    ]
    lacking[TWICE] += len(entries) - len(once)
    entries = once
    lacking[WITHOUT_TEXT] += silent
    entries = [entry for entry in with_text_between(entries, whole_text) if entry["text"].strip()]
    if not untimed_too and not any(entry["start"] is not None for entry in entries):
        return
    lacking[UNTIMED_SEGMENTS] += _filled(entries, "text")
    yield from entries


def utterance_of(segment: dict[str, Any], confidence: float) -> Utterance:
    """One of the usable segments, as what was heard.

    Args:
        confidence: Of the whole, 0 to 1; it stands for words that have none.
    """
    words = (
        Word(
            text=word["word"],
            start_seconds=word["start"],
            end_seconds=word["end"],
            confidence=confidence if word["probability"] is None else word["probability"],
        )
        for word in segment["words"] or ()
    )
    return Utterance(segment["text"], segment["start"], segment["end"], confidence, tuple(words))


def usable_words(found: object, lacking: Counter[str], *, first_seconds: float = 0.0) -> list[dict[str, Any]]:
    """The words that have text, each with `word`, `start`, `end` and `probability`; none where no word has a time.

    Args:
        found: A list of objects with such names, or of texts.
        lacking: Is counted up.
        first_seconds: When the first begins if it does not say.
    """
    entries = list(_spoken_words(found))
    lacking[UNSURE_WORDS] += sum(entry.pop("unsure") for entry in entries)
    if not any(entry["start"] is not None for entry in entries):
        lacking[UNTIMED_WORDS] += len(entries)
        return []
    lacking[UNTIMED_WORDS] += _filled(entries, "word", first_seconds)
    return entries


def without_ends(segments: Iterable[dict[str, Any]]) -> Counter[str]:
    """How many of the usable segments do not say when they end, where an engine always says it."""
    return Counter({UNTIMED_SEGMENTS: sum(segment["end"] is None for segment in segments)})


def _spoken_words(found: object) -> Iterator[dict[str, Any]]:
    for entry in found if isinstance(found, list) else []:
        if isinstance(entry, str):
            entry = {"word": entry}
        if not isinstance(entry, dict):
            continue
        word = text_of(entry.get("word")) or text_of(entry.get("text"))
        if word:
            probability = number_of(entry.get("probability"))
            yield {
                "word": word,
                "start": _time(entry.get("start")),
                "end": _time(entry.get("end")),
                "probability": probability,
                "unsure": probability is None and entry.get("probability") is not None,
            }


def _filled(entries: list[dict[str, Any]], text: str, first_seconds: float = 0.0) -> int:
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
        before: dict[str, Any] = (
            entries[index - 1] if index else {"start": first_seconds, "end": first_seconds, text: ""}
        )
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
    room = max(0.0, behind - first) if behind is not None else characters / _SPOKEN_CHARACTERS_PER_SECOND
    position = 0
    for entry in entries:
        known_end = entry["end"]
        entry["start"] = first + room * position / characters
        position += len(entry[text])
        end = first + room * position / characters
        usable = known_end is not None and entry["start"] < known_end <= first + room
        entry["end"] = known_end if usable else end if end > entry["start"] else None


def text_of(value: object) -> str | None:
    """Text, also in chunks (`["a", {"text": "b"}]`); None where there is none."""
    if isinstance(value, str):
        return storable(_MODEL_TOKEN.sub("", value))
    if isinstance(value, list):
        chunks = (chunk.get("text") if isinstance(chunk, dict) else chunk for chunk in value)
        texts = [storable(_MODEL_TOKEN.sub("", chunk)).strip() for chunk in chunks if isinstance(chunk, str)]
        return said_in_a_row(texts) if texts or not value else None
    return None


def _time(value: object) -> float | None:
    """Seconds, from 0; those of `1.5`, `"1.5"`, `"1,5 s"`, `"00:00:01.500"`."""
    if isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
    seconds_found = number_of(value)
    return None if seconds_found is None else max(0.0, seconds_found)


def number_of(value: object) -> float | None:
    if isinstance(value, str) and (number := _SECONDS.fullmatch(value.strip())):
        return float(number[1].replace(",", "."))
    if isinstance(value, bool) or not isinstance(value, Real):  # such as NumPy's
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def in_a_row(words: Iterable[str]) -> str:
    """Words as a text; engines whose words have their blanks with them are taken at their word."""
    spoken = list(words)
    if any(word[:1].isspace() for word in spoken[1:]):
        return "".join(spoken).strip()
    return said_in_a_row(map(str.strip, spoken))
