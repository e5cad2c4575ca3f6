"""Whether code keeps what a protocol or a base class asks of it: seen before it is used, with all that it lacks.

Type checkers tell the same; but who adds a kind of his own may have none.
"""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, get_args

from pydantic import ValidationError

from media_assets.base.errors import FaultOfCode
from media_assets.base.section import Section
from media_assets.base.telling import text_of, told

Kept = TypeVar("Kept")

_DOUBLED = re.compile(r"Value '(?P<value>[^']*)' for discriminator '(?P<name>[^']*)' mapped to multiple choices")


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


def declared_wrongly(error: Exception) -> FaultOfCode | None:
    """What was refused while a module was loaded, by Python or by pydantic; None for what was raised otherwise.

    It is a class or a value that somebody declared, such as the tuning of a stage.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if not {"pydantic", "pydantic_core"} & set(Path(frame.filename).parts)]
    if not (ours and ours[-1].name == "<module>"):
        return None
    next_step = f"Correct {ours[-1].filename}:{ours[-1].lineno}"
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        wrong = "; ".join(": ".join([*map(str, each["loc"]), each["msg"]]) for each in found)
        return FaultOfCode(f"{error.title} cannot be used as it is declared ({text_of(wrong)})", next_step=next_step)
    if doubled := _DOUBLED.fullmatch(text_of(error)):
        kinds = " and ".join(sorted(_kinds_called(doubled["name"], doubled["value"])))
        return FaultOfCode(
            f"two kinds have {doubled['name']}: {doubled['value']} ({kinds})",
            next_step=f"Give each {doubled['name']} a value of its own",
        )
    if len(ours) < len(frames):  # it was raised within pydantic
        what = text_of(getattr(error, "message", error))
        return FaultOfCode(f"a class cannot be used as it is declared ({what})", next_step=next_step)
    return FaultOfCode(f"a module cannot be loaded ({told(error)})", next_step=next_step)


def _kinds_called(name: str, value: str) -> Iterator[str]:
    """The sections that say so of themselves."""
    waiting = [Section]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        field = kind.model_fields.get(name)
        if field is not None and value in get_args(field.annotation):
            yield name_of(kind)


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
