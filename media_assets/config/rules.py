"""What the types in `settings` cannot say: rules between keys, and what is filled in where a key leaves something out.

Each rule raises at the key that has to be changed, so that a message can name it; `errors` turns it into text. A rule
on a single value does not belong here (`base.validators`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from media_assets.config.forms import close_to

_Problem = tuple[tuple[str, ...], object, str]
"""The key of a wrong value, below the validated one; the value; and what is allowed."""


def _require_none(problems: Iterable[_Problem]) -> None:
    details = [
        InitErrorDetails(type=PydanticCustomError("rule", "{allowed}", {"allowed": allowed}), loc=key, input=value)
        for key, value, allowed in problems
    ]
    if details:
        raise ValidationError.from_exception_data("Settings", details)


def one_of(names: Iterable[str], given: object = None) -> str:
    """What is allowed; with a guess where what was given looks like a slip."""
    known = sorted(names)
    close = close_to(given, known) if isinstance(given, str) else None
    return f"should be one of {', '.join(known)}{f'; did you mean {close}?' if close else ''}"


def completed_tuning(given: object, defaults: Mapping[str, BaseModel]) -> object:
    """Every asset's tuning: what is given over what is default."""
    if not isinstance(given, Mapping):
        return given
    _only_known(given, defaults)
    completed: dict[str, Any] = dict(defaults)
    for asset, tuning in given.items():
        if tuning is None:
            continue
        completed[asset] = {**dict(defaults[asset]), **tuning} if isinstance(tuning, Mapping) else tuning
    return completed


def completed_pools(given: object, defaults: Mapping[str, int]) -> object:
    if not isinstance(given, Mapping):
        return given
    _only_known(given, defaults)
    return {**defaults, **given}


def distinct_batches(batches: Mapping[str, int], defaults: Mapping[str, int]) -> None:
    """Told at an asset whose number was changed: those at their defaults differ."""
    problems = []
    for asset, batch in batches.items():
        others = sorted(other for other in batches if other != asset and batches[other] == batch)
        if others and batch != defaults[asset]:
            why = (
                f"should differ from that of {', '.join(others)}: Dagster puts assets of equal batch into one run, and "
                "then one bad file stops the later stages of its whole batch"
            )
            problems.append(((asset, "batch"), batch, why))
    _require_none(problems)


def translated_into(assets: Mapping[str, Any], languages: Collection[str]) -> None:
    """Who has recordings translated says into what."""
    tuning = assets.get("translation")
    if tuning is not None and tuning.enabled and not languages:
        why = "should be false, or `translation.languages` should name what is translated into, e.g. [de]"
        _require_none([(("translation", "enabled"), True, why)])


def known_outputs(outputs: Mapping[str, object], assets: Collection[str]) -> None:
    _only_known(outputs, {"default", *assets})


def enabled_assets(chosen: Mapping[str, Collection[str]], enabled: Collection[str]) -> None:
    """`chosen`: the assets each of `webhooks` asks for."""
    _require_none(
        (("webhooks", name, "assets"), asset, f"{one_of(enabled, asset)} (those are enabled)")
        for name, assets in chosen.items()
        for asset in assets
        if asset not in enabled
    )


def existing_stores(chosen: Mapping[str, str | None], stores: Collection[str]) -> None:
    """`chosen`: the store each of `outputs` names."""
    problems: list[_Problem] = [
        (("outputs", name, "store"), store, one_of(stores, store))
        for name, store in chosen.items()
        if store is not None and store not in stores
    ]
    if chosen.get("default") is None and len(stores) > 1:
        problems.append(
            (("outputs", "default", "store"), None, f"{one_of(stores)}: with several stores there is none by default")
        )
    _require_none(problems)


def existing_sources(chosen: Mapping[tuple[str, ...], Collection[str]], sources: Collection[str]) -> None:
    """`chosen`: by the key that names them, names of sources."""
    _require_none(
        (key, name, one_of(sources, name)) for key, names in chosen.items() for name in names if name not in sources
    )


def neighbours(chosen: Mapping[str, tuple[str, str]], sources: Mapping[str, str], *, own: Collection[str]) -> None:
    """An artifact can lie beside its source only where its store writes to the place the source is in.

    Args:
        chosen: By asset with placement `beside_source`, its store and where that writes.
        sources: By source, where its files are.
        own: Assets whose output is chosen by themselves, not by `default`.
    """
    problems: dict[tuple[str, ...], _Problem] = {}
    for asset, (store, place) in chosen.items():
        strangers = [f"{name} ({where})" for name, where in sources.items() if where != place]
        if strangers:
            key = ("outputs", asset if asset in own else "default", "placement")
            why = (
                f"should be folder: the store {store} ({place}) cannot put files beside those of {', '.join(strangers)}"
            )
            problems[key] = (key, "beside_source", why)
    _require_none(problems.values())


def _only_known(given: Mapping[str, object], known: Collection[str]) -> None:
    _require_none(((str(name),), name, one_of(known, name)) for name in given if name not in known)
