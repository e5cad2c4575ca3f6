"""What other servers put around a transcription: objects in objects, lists of one, JSON in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from media_assets.artifacts.transcript.engines.openai.bodies import of_entries
from media_assets.artifacts.transcript.engines.openai.names import named_as_usual, says_nothing, says_something
from media_assets.services.openai.gateways import decoded

_DEPTH = 5
_MOST_NAMES = 12
_LONGEST_NAME = 40
_OF_THE_REQUEST = frozenset({"input", "request", "params", "parameters", "config"})
"""Some servers send back what they were asked."""
_WRAPPERS = ("transcription", "transcript", "transcripts", "data", "result", "results", "output", "outputs", "response",
             "body", "items")  # fmt: skip
"""Names of what holds the transcript, the surest first. A list under them may be its segments."""
_TOLD_AROUND = ("language", "detected_language", "language_code", "language_probability", "usage")
"""What is taken from the objects around the text where that has it not."""


def layers_to_text(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects from the outermost to the one that tells what was said, or that nothing was; none where none does.

    The last has the names of OpenAI's.
    """
    layers = _path(body, says_something, _DEPTH) or _path(body, says_nothing, _DEPTH)
    if layers:
        around = {name: layer[name] for layer in layers for name in _TOLD_AROUND if layer.get(name) is not None}
        layers[-1] = named_as_usual({**around, **layers[-1]})
    return layers


def inside(body: dict[str, Any], depth: int = _DEPTH) -> Iterator[dict[str, Any]]:
    """The objects that stand in an object, and those in these."""
    for _, inner in _inner(body):
        yield inner
        if depth > 1:
            yield from inside(inner, depth - 1)


def names_in(value: object, depth: int = _DEPTH) -> str:
    """The names in an answer as they are nested, without what stands under them: `{data: {items: [{said, at}]}}`."""
    if isinstance(value, list):
        return f"[{names_in(value[0], depth - 1)}]" if value and depth else "[]"
    if not isinstance(value, dict):
        return ""
    inner = ((name, names_in(each, depth - 1) if depth else "") for name, each in islice(value.items(), _MOST_NAMES))
    told = [f"{_cut(name)}: {below}" if below else _cut(name) for name, below in inner]
    return f"{{{', '.join(told)}{', …' * (len(value) > _MOST_NAMES)}}}"


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _path(body: dict[str, Any], says: Callable[[dict[str, Any]], bool], depth: int) -> list[dict[str, Any]]:
    if says(body):
        return [body]
    inner = [(name, _path(each, says, depth - 1)) for name, each in _inner(body)] if depth > 1 else []
    found = _the_one([(name, path) for name, path in inner if path])
    return [body, *found] if found else []


def _the_one(found: list[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """The path to the transcript among several; none where that cannot be told and they differ."""
    usual = sorted((_WRAPPERS.index(name), place) for place, (name, _) in enumerate(found) if name in _WRAPPERS)
    if usual:
        return found[usual[0][1]][1]
    told = [named_as_usual(path[-1]) for _, path in found]
    alike = len({str(each.get("text") or each.get("segments") or each.get("words")) for each in told}) == 1
    return found[0][1] if alike else []


def _inner(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects that stand directly in an object, with their names."""
    for name, value in body.items():
        inner = decoded(value)
        while isinstance(inner, list) and len(inner) == 1 and not isinstance(inner[0], str):
            inner = inner[0]
        if isinstance(inner, list) and inner and name in _WRAPPERS:
            with suppress(ValueError):
                inner = of_entries(inner)
        if isinstance(inner, dict) and name not in _OF_THE_REQUEST:
            yield name, inner
