"""What a piece of work asks of its databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy


@contextmanager
def commits() -> Iterator[list[object]]:
    """The connections that commit a transaction, each time they do."""
    with _heard("commit") as heard:
        yield heard


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that are executed."""
    with _heard("before_cursor_execute", 2) as heard:
        yield heard  # type: ignore[misc]


@contextmanager
def _heard(event: str, argument: int = 0) -> Iterator[list[object]]:
    heard: list[object] = []

    def hear(*arguments: object) -> None:
        heard.append(arguments[argument])

    sqlalchemy.event.listen(sqlalchemy.Engine, event, hear)
    try:
        yield heard
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, event, hear)
