"""How a value that cannot be used is rightly written: numbers without their units, text in quotes, a glob in a list."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

_BYTES = {"": 1.0} | {
    f"{letter}{binary}": (1024.0 if binary else 1000.0) ** power
    for power, letter in enumerate("kmgt", start=1)
    for binary in ("", "i")
}
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_TIMES = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}
_SIZE = re.compile(r"([\d.]+)\s*([kmgt]?i?)(?:b|bytes?)?")
_TIME = re.compile(r"([\d.]+)\s*(s|m|h|d|w)(?:ec|ecs|econds?|ins?|inutes?|ours?|rs?|ays?|eeks?)?\s*")
_MOST = 1e15


def close_to(name: object, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    return next(iter(difflib.get_close_matches(str(name), list(known), n=1)), None)


def number(key: str, value: object, *, whole: bool) -> str:
    """What should have been there instead of something that is no number.

    Args:
        key: The last part of the key, whose ending says in what it counts.
        whole: Whether fractions are refused.
    """
    unit = key.rsplit("_", 1)[-1]
    counts = unit if unit in _TIMES or unit == "bytes" else ""
    kind = "a whole number" if whole else "a number"
    meant = _number_in(str(value), counts)
    if whole and meant is not None:
        meant = round(meant)
    form = f": write {meant:.15g}" if meant is not None and meant < _MOST else ""
    return f"should be {kind}{f' of {counts}, without a unit' if counts else ''}{form}"


def _number_in(text: str, counts: str) -> float | None:
    text = text.strip().casefold().replace(",", ".").replace("_", "")
    try:
        if counts == "bytes" and (size := _SIZE.fullmatch(text)):
            return float(size[1]) * _BYTES[size[2]]
        if counts and (parts := _TIME.findall(text)):
            seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
            rest = _TIME.sub("", text)  # 1h30: the number behind hours is one of minutes
            if rest:
                seconds += float(rest) * {"h": 60.0, "m": 1.0, "d": 3600.0}[parts[-1][1]]
            return seconds / _TIMES[counts]
        return float(text)
    except (KeyError, ValueError):
        return None


def text(value: object) -> str:
    """How something is written that is to be text and that YAML takes for none."""
    if isinstance(value, bool):
        return "should be text; YAML takes yes, no, on and off for true and false: put it in quotes"
    return f"should be text; write it in quotes: '{value}'" if isinstance(value, int | float) else "should be text"


def mapping(key: tuple[str, ...], value: object, annotation: Any) -> str:
    """A section, where something else was given.

    Args:
        annotation: Of the section, as far as that is known.
    """
    known = {"sources": "path: …", "stores": "path: …", "assets": "enabled: true", "outputs": "store: …"}
    if len(key) == 2 and key[0] in known:
        inside = known[key[0]]
    elif key[-1] in known:
        inside = "name: {…}"
    else:
        inside = _example(annotation, value)
    return f"write {key[-1]}: {{{inside}}}"


def sequence(key: tuple[str, ...], value: object) -> str:
    """A list, where a single value was given."""
    inside = json.dumps(value, ensure_ascii=False) if isinstance(value, str) and len(value) < 40 else "a, b"
    return f"write {key[-1]}: [{inside}]"


def _example(annotation: Any, value: object) -> str:
    """A key of a section, with the value where that is probably one of its choices."""
    members = list(_models(annotation))
    tags = {str(tag): name for each in members for name in ("engine", "type") for tag in _tags(each, name)}
    if tags:
        meant = close_to(value, tags) if isinstance(value, str) else None
        return f"{next(iter(tags.values()))}: {meant or '…'}"
    return f"{next(iter(members[0].model_fields))}: …" if members else "key: value"


def choices(annotation: Any, name: str) -> list[str]:
    """What the key `name`, which chooses one of several sections, may be."""
    return [str(tag) for each in _models(annotation) for tag in _tags(each, name)]


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) not in (dict, tuple, list, Mapping):
        for member in get_args(annotation):
            yield from _models(member)


def _tags(section: type[BaseModel], name: str) -> tuple[Any, ...]:
    field = section.model_fields.get(name)
    return get_args(field.annotation) if field is not None else ()
