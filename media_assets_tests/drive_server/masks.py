"""Partial responses: the `fields` parameter, checked against the schemas of Drive's own discovery document."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from typing import Any

from googleapiclient import discovery_cache

from media_assets_tests.drive_server.errors import ApiError

Tree = dict[str, Any]
"""Names, each with the tree of what is wanted below it; an empty tree wants everything."""

_TOKENS = re.compile(r"[A-Za-z0-9_]+|[*(),/]")


@cache
def discovery_document() -> dict[str, Any]:
    """Drive v3 as the client library ships it."""
    document: dict[str, Any] = json.loads(discovery_cache.get_static_doc("drive", "v3"))
    return document


@lru_cache(maxsize=256)
def parse_fields(text: str, schema: str) -> Tree:
    """The tree of a mask such as `nextPageToken,files(id,owners/emailAddress)`. Do not change it.

    Raises:
        ApiError: `invalidParameter`: it cannot be parsed, or names a field that the schema does not have.
    """
    text = re.sub(r"\s+", "", text)
    tokens = _TOKENS.findall(text)
    if not tokens or "".join(tokens) != text:
        raise _bad(text)
    tree = _list(tokens, text)
    if tokens:
        raise _bad(text)
    _check(tree, {"$ref": schema})
    return tree


def select(value: Any, tree: Tree) -> Any:
    """What of a JSON value the mask asks for."""
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [select(element, tree) for element in value]
    if not isinstance(value, dict):
        return value
    return {name: select(value[name], below) for name, below in tree.items() if name in value}


def wanted(tree: Tree, *path: str) -> frozenset[str] | None:
    """The names asked for below a path; None: all."""
    for name in path:
        if not tree or "*" in tree:
            return None
        if name not in tree:
            return frozenset()
        tree = tree[name]
    return None if not tree or "*" in tree else frozenset(tree)


def _list(tokens: list[str], text: str) -> Tree:
    tree: Tree = {}
    while True:
        _item(tokens, text, tree)
        if not tokens or tokens[0] != ",":
            return tree
        tokens.pop(0)


def _item(tokens: list[str], text: str, tree: Tree) -> None:
    """One path, with what stands in parentheses behind it, merged into `tree`."""
    while True:
        if not tokens or tokens[0] in "(),/":
            raise _bad(text)
        name = tokens.pop(0)
        if tokens and tokens[0] == "/":
            tokens.pop(0)
            tree = tree.setdefault(name, {})
            continue
        below: Tree = {}
        if tokens and tokens[0] == "(":
            tokens.pop(0)
            below = _list(tokens, text)
            if not tokens or tokens.pop(0) != ")":
                raise _bad(text)
        tree.setdefault(name, {}).update(below)
        return


def _check(tree: Tree, schema: dict[str, Any]) -> None:
    while "$ref" in schema or "items" in schema:
        schema = discovery_document()["schemas"][schema["$ref"]] if "$ref" in schema else schema["items"]
    if "additionalProperties" in schema:
        return
    for name, below in tree.items():
        if name == "*":
            continue
        if name not in schema.get("properties", {}):
            raise _bad(name)
        _check(below, schema["properties"][name])


def _bad(text: str) -> ApiError:
    return ApiError("invalidParameter", f"Invalid field selection {text}", location="fields")
