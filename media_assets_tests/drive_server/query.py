"""The search language of `files.list`: text of `q` → a function of one item, and the ids it can be true for.

Precedence is Drive's: `not` binds to the next term, `and` and `or` are taken from left to right, parentheses group.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from media_assets_tests.drive_server.errors import invalid
from media_assets_tests.drive_server.model import Item
from media_assets_tests.drive_server.state import DriveState

Test = Callable[[Item], bool]

_TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|([A-Za-z.]+)|(<=|>=|!=|[=<>(){}]))", re.DOTALL)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Query:
    """A parsed `q`."""

    test: Test
    ids: frozenset[str] | None = None
    """No other item can match; None: any can."""


@dataclass(frozen=True)
class _Token:
    kind: str
    """`text` for what stands in quotes, else `word` or `sign`."""
    value: str


def parse_query(text: str, state: DriveState, root_id: str) -> Query:
    """The meaning of `q`.

    Raises:
        errors.ApiError: `invalid` at `q`, as Drive words every mistake in a query.
    """
    if not text.strip():
        return Query(lambda _: True)
    parser = _Parser(_tokens(text), state, root_id)
    query = parser.terms()
    if parser.tokens:
        raise invalid("q")
    return query


def _tokens(text: str) -> list[_Token]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise invalid("q")
        quoted, word, sign = match.groups()
        if quoted is not None:
            tokens.append(_Token("text", re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)))
        else:
            tokens.append(_Token("word", word) if word else _Token("sign", sign))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token], state: DriveState, root_id: str) -> None:
        self.tokens = tokens
        self.state = state
        self.root_id = root_id

    def terms(self) -> Query:
        """Terms joined by `and` and `or`."""
        left = self.term()
        while self._is("and") or self._is("or"):
            join = _and if self._take("word") == "and" else _or
            left = join(left, self.term())
        return left

    def term(self) -> Query:
        if self._is("not"):
            self._take("word")
            negated = self.term().test
            return Query(lambda item: not negated(item))
        if self._is("("):
            self._take("sign")
            inside = self.terms()
            self._expect(")")
            return inside
        if self.tokens and self.tokens[0].kind == "text":
            return self._membership()
        return self._comparison(self._take("word"))

    def _membership(self) -> Query:
        """`'id' in parents`."""
        value = self._take("text")
        self._expect("in")
        collection = self._take("word")
        if collection == "parents":
            parent = self.root_id if value == "root" else value
            return Query(lambda item: item.parent == parent, frozenset(self.state.children.get(parent, ())))
        if collection in ("owners", "writers", "readers"):
            owned = value == "me"
            return Query(lambda item: owned and item.owner == "user")
        raise invalid("q")

    def _comparison(self, field: str) -> Query:
        if field in ("appProperties", "properties"):
            return self._property(field)
        if not self.tokens:
            raise invalid("q")
        sign = self.tokens.pop(0).value
        if field in ("trashed", "starred", "sharedWithMe"):
            return self._flag(field, sign)
        value = self._take("text")
        if field in ("modifiedTime", "createdTime") and sign in _COMPARE:
            limit, compare = _moment(value), _COMPARE[sign]
            return Query(lambda i: compare(i.modified_at if field == "modifiedTime" else i.created_at, limit))
        text = _TEXTS.get(field)
        if text is None or sign not in ("=", "!=", "contains"):
            raise invalid("q")
        if sign == "contains":
            return Query(lambda item: _contains(field, text(item), value))
        compare = _COMPARE[sign]
        return Query(lambda item: compare(text(item), value))

    def _flag(self, field: str, sign: str) -> Query:
        word = self._take("word")
        if word not in ("true", "false") or sign not in ("=", "!="):
            raise invalid("q")
        wanted = (word == "true") == (sign == "=")
        if field == "trashed":
            return Query(lambda item: self.state.is_trashed(item) == wanted)
        return Query(lambda _: not wanted)

    def _property(self, field: str) -> Query:
        """`appProperties has { key='…' and value='…' }`."""
        self._expect("has")
        self._expect("{")
        pair = {}
        for name in ("key", "value"):
            self._expect(name)
            self._expect("=")
            pair[name] = self._take("text")
            self._expect("and" if name == "key" else "}")
        key, value = pair["key"], pair["value"]
        if field == "properties":
            return Query(lambda item: item.properties.get(key) == value)
        return Query(
            lambda item: item.app_properties.get(key) == value,
            frozenset(self.state.by_property.get((key, value), ())),
        )

    def _is(self, value: str) -> bool:
        return bool(self.tokens) and self.tokens[0].kind != "text" and self.tokens[0].value == value

    def _take(self, kind: str) -> str:
        if not self.tokens or self.tokens[0].kind != kind:
            raise invalid("q")
        return self.tokens.pop(0).value

    def _expect(self, value: str) -> None:
        if not self._is(value):
            raise invalid("q")
        self.tokens.pop(0)


_TEXTS: dict[str, Callable[[Item], str | None]] = {
    "name": lambda item: item.name,
    "fullText": lambda item: f"{item.name} {item.description or ''}",
    "mimeType": lambda item: item.mime_type,
    "shortcutDetails.targetId": lambda item: item.shortcut_target,
}


def _contains(field: str, text: str | None, value: str) -> bool:
    """Drive matches words of a name from their beginning, MIME types anywhere, and neither by case."""
    text, value = (text or "").lower(), value.lower()
    return value in text if field == "mimeType" else re.search(rf"(?<![^\W_]){re.escape(value)}", text) is not None


def _and(left: Query, right: Query) -> Query:
    ids = left.ids if right.ids is None else right.ids if left.ids is None else left.ids & right.ids
    return Query(lambda item: left.test(item) and right.test(item), ids)


def _or(left: Query, right: Query) -> Query:
    ids = None if left.ids is None or right.ids is None else left.ids | right.ids
    return Query(lambda item: left.test(item) or right.test(item), ids)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("q") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
