"""What gateways do to the answer of the server behind them: they give it on as JSON within a text."""

from __future__ import annotations

import json


def decoded(value: object) -> object:
    """The object or list that a text or bytes hold as JSON; anything else as it is."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            inside: object = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return inside
    return value
