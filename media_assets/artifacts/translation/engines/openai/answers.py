"""What a language model has to answer, and how much of it is believed.

Models leave lines out, join two of them, and go on under the wrong ids. Each item repeats how its line begins, so that
a text which stands under another line's id is seen; what is not certain is asked for again, and never moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from media_assets.artifacts.translation.echoes import is_untranslated
from media_assets.artifacts.translation.engines.openai import prompts
from media_assets.artifacts.translation.translator import Line
from media_assets.artifacts.translation.wrong_language import language_instead
from media_assets.base.writing import columns, storable
from media_assets.services.openai.chat.chat import AnswerForm
from media_assets.services.openai.chat.reading import AnswerReader

Text = Annotated[str, AfterValidator(storable)]
"""Models give half a pair of surrogates, and NUL."""

_LISTS = ("translations", "translation", "lines", "items", "segments", "results", "result")
_TEXTS = ("text", "translation", "translated", "translated_text", "target", "content")
_COMPARED = 12
"""Letters and figures of what a line begins with."""
_LONGER_TIMES = 6
_LONGER_COLUMNS = 60
"""A translation takes no more room than so many times what was said, and this: what does is more than a translation."""


class TranslatedLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: int
    begins: Text
    text: Text


class TranslatedLines(BaseModel):
    # The form that is asked for. No field has a default, because strict mode wants every field; and no docstring,
    # because that would be sent along with the schema.
    model_config = ConfigDict(extra="forbid")

    translations: list[TranslatedLine]


@dataclass
class Read:
    """What of an answer can be used."""

    texts: dict[int, str] = field(default_factory=dict)
    doubtful: dict[int, str] = field(default_factory=dict)
    """Texts under the right id that look as if nobody had translated them."""


def read(answer: TranslatedLines, asked: Sequence[Line], around: Sequence[Line], target: str) -> Read:
    """Each text that surely belongs to its line.

    Args:
        around: All lines that the model saw.
    """
    lines, seen = {line.id: line for line in asked}, [line.text for line in around]
    counts = Counter(item.id for item in answer.translations)
    moved = any(_is_of_another(item, lines, seen) for item in answer.translations)
    # Where an answer has not the lines that were asked for, ids alone tell nothing.
    shaken = moved or counts.keys() != lines.keys() or counts.total() != len(lines)
    sound: dict[int, str] = {}
    for item in answer.translations:
        line, text = lines.get(item.id), " ".join(item.text.split())
        if line is None or counts[item.id] > 1 or not _can_be(line.text, text):
            continue
        if not shaken or _begins(line.text, item.begins):
            sound[item.id] = text
    found = Read()
    for index, line in enumerate(asked):
        # What is missing may be joined with what stands beside it.
        beside = asked[max(0, index - 1) : index + 2]
        if all(each.id in sound for each in beside):
            text = sound[line.id]
            (found.doubtful if is_untranslated(line.text, text, target) else found.texts)[line.id] = text
    if language_instead(found.texts.values(), target) is not None:
        return Read(doubtful=found.texts | found.doubtful)
    return found


def _is_of_another(item: TranslatedLine, lines: Mapping[int, Line], seen: Sequence[str]) -> bool:
    """Whether an item repeats the beginning of another line and not of that whose id it has."""
    own = lines.get(item.id)
    if not _plain(item.begins) or (own is not None and _begins(own.text, item.begins)):
        return False
    return any(_begins(text, item.begins) for text in seen)


def _begins(text: str, begins: str) -> bool:
    given, whole = _plain(begins)[:_COMPARED], _plain(text)
    return bool(given) and whole.startswith(given)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _can_be(text: str, translated: str) -> bool:
    says_something = any(character.isalnum() for character in translated)
    return says_something and columns(translated) <= _LONGER_TIMES * columns(text) + _LONGER_COLUMNS


# ----------------------------------------------------------------------------------------------- answers in other forms


def _known_fields(value: Mapping[str, object]) -> int:
    return sum(name in value and not _is_wrapping(value[name]) for name in _LISTS)


def _is_wrapping(value: object) -> bool:
    return isinstance(value, Mapping) and any(name in value for name in _LISTS)


def _parse(value: Mapping[str, object]) -> TranslatedLines:
    """The items of an answer; what is none is left out, and so asked for again."""
    given = next((value[name] for name in _LISTS if name in value and not _is_wrapping(value[name])), None)
    return TranslatedLines.model_validate(
        {"translations": list(_items(given)) if isinstance(given, list | Mapping) else given}
    )


def _items(given: object) -> Iterator[dict[str, object]]:
    if isinstance(given, Mapping):
        if any(name in given for name in _TEXTS):
            given = [given]
        else:  # {"12": "text"}
            given = [
                {"id": name, **each} if isinstance(each, Mapping) else {"id": name, "text": each}
                for name, each in given.items()
            ]
    for each in given if isinstance(given, list) else ():
        if not isinstance(each, Mapping):
            continue
        number, text = _number(each.get("id")), next((each[name] for name in _TEXTS if name in each), None)
        begins = each.get("begins")
        if number is not None and isinstance(text, str):
            yield {"id": number, "begins": begins if isinstance(begins, str) else "", "text": text}


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) else None


LINES_FORM = AnswerForm(
    {"name": "translations", "schema": TranslatedLines.model_json_schema()},
    AnswerReader(_known_fields, _parse, enough=1),
    prompts.REPAIR,
)
