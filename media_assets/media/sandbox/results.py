"""How results of a child come back: as JSON, by the type that the function says it returns."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter


@cache
def adapter(function: Callable[..., Any]) -> TypeAdapter[Any]:
    """Writes and reads what the function returns."""
    return TypeAdapter(get_type_hints(function)["return"])
