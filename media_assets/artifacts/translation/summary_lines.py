"""A summary as lines to translate, and back.

Of what a template asked for, phrases are translated and single words are not: those may be marks that the page is made
by, such as `open` or a date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.translation.translator import Line
from media_assets.base.writing import columns

_WORD_COLUMNS = 16
"""What is wider is no single word, in scripts that do not part them."""


def lines_of(summary: Summary) -> tuple[Line, ...]:
    """All texts of a summary, in order; those without a letter too, so that ids stand for the same texts."""
    texts: list[str] = []

    def noted(text: str) -> str:
        texts.append(text)
        return text

    _walked(summary, noted)
    return tuple(Line(number, text) for number, text in enumerate(texts, start=1))


def with_texts(summary: Summary, texts: Mapping[int, str]) -> Summary:
    """The same summary with other texts, by the ids of `lines_of`."""
    following = iter([texts[line.id] for line in lines_of(summary)])
    return _walked(summary, lambda _: next(following))


def matching(summary: Summary, translated: Summary) -> Iterator[tuple[Line, str]]:
    """Each line of a summary with what it is in the same summary in another language; none where that has another form,
    since a person gave it one."""
    lines = lines_of(summary)
    places = with_texts(summary, {line.id: f"\0{line.id}" for line in lines})
    found: dict[int, str] = {}
    _compared(places.model_dump(), translated.model_dump(), found)
    if found.keys() == {line.id for line in lines}:
        yield from ((line, found[line.id]) for line in lines)


def _walked(summary: Summary, change: Callable[[str], str]) -> Summary:
    """The summary with each of its texts changed, in order."""
    changed: dict[str, Any] = {
        "title": change(summary.title),
        "abstract": change(summary.abstract),
        "key_points": tuple(map(change, summary.key_points)),
        "chapters": tuple(each.model_copy(update={"title": change(each.title)}) for each in summary.chapters),
        "action_items": tuple(map(change, summary.action_items)),
        "topics": tuple(map(change, summary.topics)),
    }
    if summary.form is not None:
        changed["form"] = summary.form.model_copy(update={"data": _phrases_changed(summary.form.data, change)})
    return summary.model_copy(update=changed)


def _phrases_changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        is_phrase = len(value.split()) > 1 or columns(value) > _WORD_COLUMNS
        return change(value) if is_phrase else value
    if isinstance(value, Mapping):
        return {name: _phrases_changed(each, change) for name, each in value.items()}
    return [_phrases_changed(each, change) for each in value] if isinstance(value, list) else value


def _compared(places: Any, translated: Any, found: dict[int, str]) -> None:
    """Note what stands where the number of a line does."""
    if isinstance(places, str) and places.startswith("\0") and isinstance(translated, str):
        found[int(places[1:])] = translated
    elif isinstance(places, Mapping) and isinstance(translated, Mapping):
        for name, each in places.items():
            _compared(each, translated.get(name), found)
    elif isinstance(places, list | tuple) and isinstance(translated, list | tuple) and len(places) == len(translated):
        for place, each in zip(places, translated, strict=True):
            _compared(place, each, found)
