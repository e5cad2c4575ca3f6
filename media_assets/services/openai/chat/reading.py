"""The text of an answer becomes an object of the asked form: unwrapped, repaired, validated.

Models think aloud, fence, explain, and nest. What is taken stands in the text: nothing is made up, and what ends in the
middle is not completed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from media_assets.base.model import mistakes

_DEPTH = 5
_LONGEST = 400_000
"""Characters; no answer is longer."""
_MOST_OBJECTS = 50

_THOUGHTS = r"(?:think(?:ing)?|thoughts?|reasoning|seed:think|analysis|reflection)"
_THINKING = re.compile(rf"[<◁](?P<tag>{_THOUGHTS})[^<>▷]*[>▷].*?[<◁]/(?P=tag)[>▷]", re.IGNORECASE | re.DOTALL)
_THINKING_ENDS = re.compile(rf"[<◁]/{_THOUGHTS}[>▷]", re.IGNORECASE)
_THINKING_BEGINS = re.compile(rf"[<◁]{_THOUGHTS}[>▷]", re.IGNORECASE)
_FINAL_CHANNEL = re.compile(r"<\|channel\|>\s*final.*?<\|message\|>", re.DOTALL)
_FENCE = re.compile(r"```[\w-]*[^\S\n]*\n?(.*?)```", re.DOTALL)
_CURLY_QUOTES = re.compile("[\u201c\u201d\u201e\u201f]")


Answer = TypeVar("Answer")


class Unreadable(ValueError):
    """No answer of the asked form is in a text; says what is wrong."""


@dataclass(frozen=True)
class AnswerReader(Generic[Answer]):
    """Finds the answer of one form in texts.

    Args:
        known_fields: How many of the fields of the form an object has.
        parse: The answer that an object is; raises pydantic's `ValidationError` where it is none.
        enough: An object with so many of the fields is the answer; with fewer it may be what the answer is wrapped in.
    """

    known_fields: Callable[[Mapping[str, object]], int]
    parse: Callable[[Mapping[str, object]], Answer]
    enough: int

    def read(self, text: str) -> Answer:
        """The answer in a text. Of several, the last that is complete.

        Raises:
            Unreadable: there is none.
        """
        text = text[:_LONGEST].strip().lstrip("\ufeff")
        problem: str | None = None
        for candidate in _candidates(text):
            for found in self._within(candidate, _DEPTH):
                try:
                    return self.parse(found)
                except ValidationError as error:
                    problem = problem or "; ".join(mistakes(error, "answer")[:5])
        raise Unreadable(problem or "answer: is no complete JSON object with the asked fields")

    def is_whole(self, text: str) -> bool:
        """Whether a text is an answer and nothing is missing behind it, whatever the server says: some end at the last
        token that they may give."""
        try:
            return isinstance(_parsed(text.strip()), dict) and bool(self.read(text))
        except Unreadable:
            return False

    def _within(self, value: object, depth: int) -> Iterator[dict[str, object]]:
        """The object with the asked fields: itself, or within another, a list, or a string of JSON."""
        if depth == 0:
            return
        if isinstance(value, str):
            for candidate in _candidates(value) if "{" in value else ():
                yield from self._within(candidate, depth - 1)
        elif isinstance(value, list):
            for each in reversed(value[:_MOST_OBJECTS]):
                yield from self._within(each, depth - 1)
        elif isinstance(value, dict):
            known = self.known_fields(value)
            if known:
                yield value
            if known < self.enough:
                for each in list(value.values())[:_MOST_OBJECTS]:
                    if isinstance(each, dict | list) or (isinstance(each, str) and each.lstrip().startswith("{")):
                        yield from self._within(each, depth - 1)


def _candidates(text: str) -> Iterator[object]:
    """What may be the answer, the most certain first."""
    whole = _parsed(text)
    if whole is not None:
        yield whole
        return
    spoken = _without_thoughts(text)
    parts = [*reversed(_FENCE.findall(spoken)), spoken]
    for part in parts:
        yield from reversed(list(_objects(part)))
    for part in parts:
        repaired = _repaired(part)
        if repaired is not None:
            yield repaired


def _without_thoughts(text: str) -> str:
    """The text without what a model thought: in tags, up to a closing tag alone, or behind an opening tag alone."""
    final = list(_FINAL_CHANNEL.finditer(text))
    if final:
        return text[final[-1].end() :]
    text = _THINKING.sub(" ", text)
    ends = list(_THINKING_ENDS.finditer(text))
    if ends:
        text = text[ends[-1].end() :]
    begins = _THINKING_BEGINS.search(text)
    return text if begins is None else text[: begins.start()]


def _objects(text: str) -> Iterator[object]:
    """The JSON objects that stand in a text, in order, without those within others."""
    decoder = json.JSONDecoder(strict=False)
    position = found = 0
    while found < _MOST_OBJECTS and (position := text.find("{", position)) >= 0:
        found += 1
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            position += 1
        else:
            yield value


def _repaired(text: str) -> object | None:
    """The object in a text with slips in its JSON: single quotes, commas too many, comments.

    None where brackets are open: the rest of the answer is missing, and a repair would hide that.
    """
    import json_repair

    begin, end = text.find("{"), text.rfind("}")
    body = text[begin : end + 1]
    if begin < 0 or end < begin or body.count("{") != body.count("}") or body.count("[") != body.count("]"):
        return None
    if '"' not in body:
        body = _CURLY_QUOTES.sub('"', body)
    try:
        value: object = json_repair.loads(body, skip_json_loads=True)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _parsed(text: str) -> object | None:
    try:
        value: object = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list | str) else None
