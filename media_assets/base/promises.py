"""Whether code keeps what a protocol or a base class asks of it: seen before it is used, with all that it lacks.

Type checkers tell the same; but who adds a kind of his own may have none.
"""

from __future__ import annotations

import inspect
from typing import Any, Generic, Protocol, TypeVar

from media_assets.base.errors import FaultOfCode

Kept = TypeVar("Kept")


def kept(value: Kept, promise: type, maker: str) -> Kept:
    """The value, once it is seen to have what the protocol `promise` names.

    Args:
        maker: What made it, for messages.

    Raises:
        FaultOfCode: it lacks something.
    """
    lacking = [name for name in members_of(promise) if not _has(value, name)]
    if lacking:
        made = "None" if value is None else f"a {name_of(type(value))}"
        what = ", ".join(lacking) if value is not None else "everything"
        raise FaultOfCode(
            f"{maker} made {made}, which is no {promise.__name__}: it lacks {what}",
            next_step=f"Add that; {name_of(promise)} says what each is to do",
        )
    return value


def require_whole(section: type[Any]) -> None:
    """Make sure that a class has all that its base classes leave to it.

    Raises:
        FaultOfCode: it lacks something.
    """
    lacking = sorted(getattr(section, "__abstractmethods__", ()))
    lacking += sorted(name for name in getattr(section, "__class_vars__", ()) if not hasattr(section, name))
    if lacking:
        base = next(kind for kind in section.__mro__[1:] if any(name in _own_names(kind) for name in lacking))
        raise FaultOfCode(
            f"the section {name_of(section)} lacks {', '.join(lacking)}",
            next_step=f"Add that; {name_of(base)} says what each is",
        )


def members_of(protocol: type) -> list[str]:
    """The names that a protocol asks for, those of the protocols it stands on among them."""
    bases = [base for base in protocol.__mro__ if base not in (object, Protocol, Generic)]
    return sorted({name for base in bases for name in _own_names(base) if not name.startswith("_")})


def name_of(kind: type) -> str:
    """Where a class is found."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _own_names(kind: type) -> set[str]:
    return {*vars(kind), *vars(kind).get("__annotations__", ())}


def _has(value: object, name: str) -> bool:
    """Without a call of what is a property."""
    try:
        inspect.getattr_static(value, name)
    except AttributeError:
        return hasattr(value, name)  # what is handed on to another object
    return True
