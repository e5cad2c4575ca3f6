"""Text of others, made fit to be shown, stored and logged: above all what an exception says of itself.

An exception may raise when it is asked for its text, and its text may hold megabytes, control characters that a
terminal acts on, or what no database takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_MESSAGE = 2_000
"""Characters of what somebody else says that are repeated."""
_MOST_OF_A_GROUP = 3
# All that moves a terminal or turns text round, but the ends of lines and tabulators.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Text that a terminal and a database take: stray bytes (surrogates) and control characters stand escaped."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _UNSEEN.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def shortened(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """The beginning of a text that is too long, and how long it was."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters in all)"


def told(error: BaseException) -> str:
    """What an exception is and says, on one line for each line of its own: `ValueError: no such thing`.

    One that says nothing is told by its name alone.
    """
    name, said = type(error).__name__, text_of(error)
    if isinstance(error, BaseExceptionGroup):
        inner = [each for each in members(error) if not isinstance(each, BaseExceptionGroup)]
        first = "; ".join(f"{type(each).__name__}: {text_of(each)}" for each in inner[:_MOST_OF_A_GROUP])
        said = f"{said}: {first}{'; …' if len(inner) > _MOST_OF_A_GROUP else ''}"
    return f"{name}: {said}" if said else name


def text_of(said: object) -> str:
    """What `str` makes of something, bounded; a few words where it raises."""
    try:
        text = str(said)
    except Exception as failure:  # noqa: BLE001  it may raise whatever it likes
        text = f"(its text cannot be told: {type(failure).__name__})"
    return printable(shortened(text))


def members(error: BaseException) -> Iterator[BaseException]:
    """An exception, what it was raised from, and what it is a group of; each once, however they lead in circles.

    By the word of whoever raised it: what stands in `__context__` may be chance.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
        if found.__cause__ is not None:
            waiting.append(found.__cause__)
