"""What is wrong with a stage by itself, as far as that can be seen before it works on a file.

What does not belong here: how stages stand to one another (`stage.in_order`).
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Collection, Iterator
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError

from media_assets.base.section import Section
from media_assets.pipeline.artifact import Artifact, Earlier, Stored, first_of
from media_assets.pipeline.recipe import SIDECARS
from media_assets.pipeline.settings import USUAL_POOLS, AssetTuning
from media_assets.places.source import Sidecars, SourceEntry
from media_assets.work.work import Work

if TYPE_CHECKING:
    from media_assets.pipeline.stage import FileAsset

RESOURCES = frozenset({"diarizer", "ffmpeg", "library", "progress", "summarizers", "transcribers", "translators"})
"""What a stage may use by naming a parameter after it; `definitions` has them."""
_NAME = re.compile(r"[A-Za-z0-9_]+")


def mistakes(stage: FileAsset[Any]) -> Iterator[str]:
    """What is wrong, as clauses behind the name of the stage."""
    if not _NAME.fullmatch(stage.name):
        yield "has a name of other than English letters, digits and _"
    if not (isinstance(stage.code_version, str) and stage.code_version):
        yield f"has the code_version {stage.code_version!r}, which is no text"
    if stage.pool not in USUAL_POOLS:
        yield f"uses the pool {stage.pool!r}, {_only(stage.pool, USUAL_POOLS)}"
    yield from _of_tuning(stage.tuning)
    yield from _of_signature(stage)


def _of_tuning(tuning: object) -> Iterator[str]:
    if not isinstance(tuning, AssetTuning):
        yield f"has a {type(tuning).__name__} as its tuning, and no AssetTuning"
        return
    try:
        AssetTuning.model_validate(dict(vars(tuning)))
    except ValidationError as error:
        yield f"has a tuning that cannot be used: {first_of(error)}"


def _of_signature(stage: FileAsset[Any]) -> Iterator[str]:
    try:
        hints = get_type_hints(stage.function)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        yield f"has annotations that cannot be read: {error}"
        return
    made = hints.get("return")
    if get_origin(made) is not Artifact or not _is_model(*get_args(made)):
        yield "does not say what it returns: Artifact[…] of a value that is a Model"
    for name in inspect.signature(stage.function).parameters:
        wrong = _of_parameter(stage, name, hints[name]) if name in hints else "has no type"
        if wrong:
            yield f"has a parameter {name} that {wrong}"


def _of_parameter(stage: FileAsset[Any], name: str, hint: Any) -> str | None:
    if name in stage.collects:
        return None if isinstance(hint, type) and issubclass(hint, Section) else "is no section, as what is collected"
    if name in stage.consults:
        hint = without_none(hint)
    if hint is Stored or get_origin(hint) is Stored:
        return None if _is_model(*get_args(hint)) else "does not say of which value: write Stored[…]"
    if hint is Earlier or get_origin(hint) is Earlier:
        own = stage.value_type.__name__
        return (
            None
            if get_args(hint) == (stage.value_type,)
            else f"is no earlier artifact of its own: write Earlier[{own}]"
        )
    by_type = {Work: "work", SourceEntry: "entry", Sidecars: SIDECARS}
    if hint in by_type:
        return None if name == by_type[hint] else f"has to be called {by_type[hint]}"
    if name in by_type.values():
        return f"is no {next(kind for kind, known in by_type.items() if known == name).__name__}"
    if name == "settings":
        return None if stage.result_settings else "no section is chosen for: give result_settings"
    if isinstance(hint, type) and issubclass(hint, Section):
        return "is a section: call it settings"
    if _is_model(hint):
        return f"is the value of a stage: write Stored[{hint.__name__}]"
    return None if name in RESOURCES else f"names no resource, {_only(name, RESOURCES)}"


def without_none(hint: Any) -> Any:
    """The type of a parameter that may be None."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return kinds[0] if get_origin(hint) in (Union, UnionType) and len(kinds) == 1 else hint


def _is_model(*kinds: Any) -> bool:
    return len(kinds) == 1 and isinstance(kinds[0], type) and issubclass(kinds[0], BaseModel)


def _only(name: object, known: Collection[str]) -> str:
    close = difflib.get_close_matches(str(name), known, 1)
    guess = f" (perhaps {close[0]} is meant)" if close else ""
    return f"and there are only {', '.join(sorted(known))}{guess}"
