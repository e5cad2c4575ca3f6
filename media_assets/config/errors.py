"""Says in a line for each wrong setting which key it is, what was given, what is allowed, and where it came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from media_assets.base.errors import Fatal
from media_assets.base.packaged import packaged
from media_assets.base.secrets import Secrets
from media_assets.base.validators import HIDDEN_VALUE
from media_assets.config import forms as config_forms
from media_assets.config.settings import Settings

Key = tuple[str, ...]

_LONGEST_VALUE = 80
_MOST_NAMES = 8
"""More than that are not listed beside the one that was probably meant."""
_SECRET = re.compile(r"(api_?key|secret|password|passwd|token|credential)", re.IGNORECASE)
_DISCRIMINATORS = ("engine", "type")
_PYDANTIC_SUBJECT = re.compile(r"^(Value error,|Input|String) ")
# Errors for which there are plainer words than pydantic's.
_LIST = ("should be a list", 'in a variable it is written as JSON: ["a", "b"]')
_MAPPING = ("should be a mapping of keys to values", 'in a variable it is written as JSON: {"a": 1}')
_STRUCTURES = {
    "tuple_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
}
_NUMBERS = {
    "int_type": True,
    "int_parsing": True,
    "int_from_float": True,
    "int_parsing_size": True,
    "float_type": False,
    "float_parsing": False,
}
"""Errors of numbers, and whether they have to be whole."""
_GONE = {
    ("engine", "pocketsphinx"): (
        "is an engine no longer; write faster-whisper, which needs no download either, and remove model_dir. "
        "What was transcribed before stays readable"
    ),
}
"""Choices of earlier versions, and what to write instead."""
_TEXTS = ("string_type", "path_type")
_PLAIN = {"missing": "is missing", "too_short": "should have at least one entry", "invalid_key": "keys should be text"}


@dataclass(frozen=True)
class Problem:
    """One wrong setting."""

    key: Key
    text: str
    origin: str
    is_lack: bool = False
    """Whether something is not there, rather than wrong."""

    def __str__(self) -> str:
        return f"{'.'.join(self.key)}: {self.text} (from {self.origin})"


class SettingsError(Fatal):
    """library.yaml, or a variable that overrides it, cannot be used as it is."""

    longest = 1_000_000  # each wrong key has a line

    def __init__(self, reason: str, *, next_step: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__("".join((reason, *(f"\n  {problem}" for problem in problems))), next_step=next_step)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return f"{self.reason}\n{self.next_step}" if self.problems else super().__str__()

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> SettingsError:
        count = "a setting" if len(problems) == 1 else f"{len(problems)} settings"
        return cls(
            f"{count} cannot be used:",
            problems=problems,
            next_step=f"Correct it; {packaged('docs')}/configuration.md explains every key",
        )


@dataclass(frozen=True)
class Origins:
    """Where settings came from.

    Args:
        file: library.yaml.
        in_file: What it says.
        variables: Which variable gave a key, as words; keys in lower case.
    """

    file: Path
    in_file: Mapping[str, Any]
    variables: Mapping[Key, str]

    def variable(self, key: Key) -> str | None:
        """The variable that gave this key or a section it is in."""
        lower = tuple(part.lower() for part in key)
        lengths = range(len(lower), 0, -1)
        return next((self.variables[lower[:length]] for length in lengths if lower[:length] in self.variables), None)

    def of(self, key: Key) -> str:
        section = key[:-1]
        if section and not holds(self.in_file, section):  # e.g. a missing key of a source that only variables know
            beside = [words for path, words in self.variables.items() if path[: len(section)] == section]
            if beside:
                return self.variable(key) or beside[0]
        return self.variable(key) or str(self.file)


def holds(data: object, key: Key) -> bool:
    """Whether nested mappings have this key."""
    for part in key:
        if not isinstance(data, Mapping) or part not in data:
            return False
        data = data[part]
    return True


def explain(error: ValidationError, data: Mapping[str, Any], origins: Origins) -> list[Problem]:
    """The problems that validating `data` found. A key that is missing because its name has a slip is one problem."""
    found = error.errors(include_url=False)
    meant = {key for details in found if (key := _meant(details, data))}
    return [
        _problem(details, data, origins)
        for details in found
        if details["type"] != "missing" or _without_tags(details["loc"], data) not in meant
    ]


def _meant(details: ErrorDetails, data: Mapping[str, Any]) -> Key | None:
    """The key that was probably meant by one that nobody knows."""
    if details["type"] != "extra_forbidden":
        return None
    key = _without_tags(details["loc"], data)
    section, _ = _section_at(key[:-1], data)
    close = config_forms.close_to(key[-1], section.model_fields)
    return (*key[:-1], close) if close else None


def unread_variable(path: Key, origins: Origins) -> Problem:
    """The problem with a variable that leads to no key."""
    known = len(path) > 1 and path[0] in Settings.model_fields
    key = path if known else path[:1]
    text = "there are no keys below it" if known else _no_such_key(key[0], Settings.model_fields)
    return Problem(key, text, origins.variables[path])


def _problem(details: ErrorDetails, data: Mapping[str, Any], origins: Origins) -> Problem:
    key = _without_tags(details["loc"], data)
    kind, value = details["type"], details["input"]
    if kind in _PLAIN:
        form = "; write sources: {name: {path: …}}" if key == ("sources",) else ""
        return Problem(key, f"{_PLAIN[kind]}{form}", origins.of(key), is_lack=kind != "invalid_key")
    if kind == "extra_forbidden":
        section, which = _section_at(key[:-1], data)
        return Problem(key, _no_such_key(key[-1], section.model_fields, which), origins.of(key))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        key += (details["ctx"]["discriminator"].strip("'"),)
        value = value.get(key[-1]) if isinstance(value, Mapping) else value
        if kind == "union_tag_not_found":
            choices = ", ".join(map(repr, config_forms.choices(_annotation_at(key[:-1], data), key[-1])))
            return Problem(key[:-1], f"has no `{key[-1]}`; should be one of {choices}", origins.of(key))
        if gone := _GONE.get((key[-1], str(value))):
            return Problem(key, f"{_shown(value)} {gone}", origins.of(key))
        allowed = details["ctx"].get("expected_tags", "")
        close = config_forms.close_to(value, [tag.strip("' ") for tag in allowed.split(",")])
        guess = f"; did you mean {close}?" if close else ""
        return Problem(key, f"{_shown(value)} should be one of {allowed}{guess}", origins.of(key))
    shown = "what was given" if kind == HIDDEN_VALUE else _shown(value)
    if kind in _STRUCTURES:
        text, in_variable = _STRUCTURES[kind]
        form = in_variable if origins.variable(key) else _right_form(kind, key, value, data)
        return Problem(key, f"{shown} {text}; {form}", origins.of(key))
    if kind in _NUMBERS:
        return Problem(key, f"{shown} {config_forms.number(key[-1], value, whole=_NUMBERS[kind])}", origins.of(key))
    if kind in _TEXTS:
        return Problem(key, f"{shown} {config_forms.text(value)}", origins.of(key))
    if kind.startswith("bool_"):
        return Problem(key, f"{shown} should be true or false", origins.of(key))
    return Problem(key, f"{shown} {_PYDANTIC_SUBJECT.sub('', details['msg'])}", origins.of(key))


def _right_form(kind: str, key: Key, value: object, data: Mapping[str, Any]) -> str:
    """How the file writes what should have been there; what was given instead is repeated where it is shown anyway."""
    value = value if _is_shown(value) else None
    if kind == "tuple_type":
        return config_forms.sequence(key, value)
    return config_forms.mapping(key, value, _annotation_at(key, data))


def _is_shown(value: object) -> bool:
    return value is not None and not isinstance(value, dict | list) and not str(value).startswith(("{", "["))


def _shown(value: object) -> str:
    """A single value. What has an inside may hold a secret in it, and is not shown."""
    if value is None:
        return "nothing"
    if not _is_shown(value):
        return "what was given"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _no_such_key(name: str, known: Iterable[str], which: str = "") -> str:
    if _SECRET.search(name):
        variables = ", ".join(secret.upper() for secret in Secrets.model_fields)
        return f"secrets belong in the environment or in .env beside library.yaml, by the names {variables}"
    close = config_forms.close_to(name, known)
    names = list(known)
    listed = f", only {', '.join(names)}" if not close or len(names) <= _MOST_NAMES else ""
    guess = f"; did you mean {close}?" if close else ""
    return f"there is no such key{which}{listed}{guess}"


def _without_tags(loc: tuple[int | str, ...], data: object) -> Key:
    """Pydantic puts the chosen variant of a union into a location, and `[key]` behind a key that is wrong itself."""
    key: list[str] = []
    for part in loc:
        if part == "[key]":
            continue
        if isinstance(data, Mapping) and part not in data and part in [data.get(name) for name in _DISCRIMINATORS]:
            continue
        data = _member(data, part)
        key.append(str(part))
    return tuple(key)


def _member(data: object, part: int | str) -> Any:
    """What a mapping has under a key, or a list at a position; None where there is nothing."""
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, list) and str(part).isdigit() and int(part) < len(data):
        return data[int(part)]
    return None


def _section_at(key: Key, data: Any) -> tuple[type[BaseModel], str]:
    """The section that a key leads to, and by which choice when there was one (` with engine: openai`)."""
    node: Any = Settings
    which = ""
    for part in key:
        data = _member(data, part)
        node, which = _variant(_inside(node, part), data)
    return node, which


def _annotation_at(key: Key, data: Any) -> Any:
    """The type of what a key leads to, whatever was given there."""
    section, _ = _section_at(key[:-1], data)
    return _inside(section, key[-1])


def _inside(node: Any, part: str) -> Any:
    if _is_section(node):
        return node.model_fields[part].annotation
    members = get_args(node)  # of a dictionary the second, of a tuple of any length the first
    return members[0] if members[-1] is Ellipsis else members[1]


def _variant(annotation: Any, data: Any) -> tuple[Any, str]:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    for section in filter(_is_section, get_args(annotation)):
        for name in _DISCRIMINATORS:
            field = section.model_fields.get(name)
            if field is not None and data.get(name) in get_args(field.annotation):
                return section, f" with {name}: {data[name]}"
    return annotation, ""


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
