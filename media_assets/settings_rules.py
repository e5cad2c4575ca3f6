"""What the types in `settings` cannot say: rules on names, and rules between keys.

Each rule raises at the key that has to be changed, so that a message can name it; `config` turns them into text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from media_assets.config_forms import close_to
from media_assets.errors import Fatal
from media_assets.sources.globs import PathFilter

HIDDEN_VALUE = "hidden_value"
"""Type of an error whose value may hold a secret and is not shown."""


def broken_rule(*problems: tuple[tuple[str, ...], object, str]) -> ValidationError:
    """The error of a rule between keys.

    Args:
        problems: For each wrong value its key below the validated one, the value, and what is allowed.
    """
    return ValidationError.from_exception_data(
        "Settings",
        [
            InitErrorDetails(type=PydanticCustomError("rule", "{allowed}", {"allowed": allowed}), loc=key, input=value)
            for key, value, allowed in problems
        ],
    )


def one_of(names: Iterable[str], given: object = None) -> str:
    """What is allowed; with a guess where what was given looks like a slip."""
    known = sorted(names)
    close = close_to(given, known) if isinstance(given, str) else None
    return f"should be one of {', '.join(known)}{f'; did you mean {close}?' if close else ''}"


# ------------------------------------------------------------------------------------------- single values


def library_name(name: str) -> str:
    """Of a source or a store. It becomes part of partition keys, of Dagster's names and of variables."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ValueError("should be a name of a-z, 0-9 and single _ between them that begins with a letter")
    return name


def language_code(code: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", code):
        raise ValueError("should be an ISO 639 code of two or three small letters, such as en")
    return code


def owner(value: str) -> str:
    """Dagster accepts these two kinds and refuses to load the assets of any other."""
    if not re.fullmatch(r"team:.+|[^@\s:]+@[^@\s]+\.[^@\s]+", value):
        raise ValueError("should be an e-mail address, or team:<name>")
    return value


def _named(path: object) -> object:
    """Without a name it would be the folder of library.yaml, which nobody means."""
    if isinstance(path, str) and not path.strip():
        raise ValueError("is empty; name the folder, e.g. ./media, or leave out what is not needed")
    if isinstance(path, str) and os.name == "posix" and re.match(r"[A-Za-z]:[\\/]", path):
        raise ValueError("is a path of Windows; write it as this system has it, e.g. ./media (in WSL: /mnt/c/…)")
    return path


NamedPath = Annotated[Path, BeforeValidator(_named)]


def folder_on_drive(folder: str) -> str:
    if not folder.strip():
        raise ValueError("is empty; name the folder, e.g. My Drive/Lectures")
    return folder


def glob(pattern: str) -> str:
    """On paths; see `sources.globs`."""
    if not pattern.strip():
        raise ValueError("should be a glob such as **/*.mp4")
    if why := _matches_nothing(pattern):
        raise ValueError(f"can match nothing: {why}")
    try:
        PathFilter((pattern,), ())
    except Fatal as error:
        raise ValueError(f"({pattern}) should be a glob: {error.next_step[0].lower()}{error.next_step[1:]}") from None
    return pattern


def folders_on_drive(folders: tuple[str, ...]) -> tuple[str, ...]:
    """As a whole: to the list one that is refused would be as if it were not there."""
    for folder in folders:
        folder_on_drive(folder)
    return folders


def _matches_nothing(pattern: str) -> str | None:
    """Why a glob cannot match any path below a source."""
    if pattern.startswith("/"):
        return "paths are those below the source and begin with no `/`; write it from there on, e.g. talks/**"
    if pattern.startswith("~/"):
        return "paths are those below the source; write it from there on, e.g. talks/**"
    if ".." in pattern.split("/"):
        return "`..` leads out of the source; write it from the source on, or make a source of that folder"
    if "[" in re.sub(r"\[[^\]]+\]", "", pattern):
        return "its `[` has no `]`; close it, or write ? where the letter itself is meant"
    return None


Glob = Annotated[str, AfterValidator(glob)]


def web_address(address: str) -> str:
    """An address to which paths are appended; it is logged, so it may hold no credentials."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise PydanticCustomError(HIDDEN_VALUE, "should be an address like https://host/v1") from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise PydanticCustomError(
            HIDDEN_VALUE, "should be an address without user name, password, query and fragment; a key has its variable"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("should be an address like https://host/v1")
    return address.rstrip("/")


def bucket_address(address: str) -> str:
    """Of a bucket and a prefix in it; it is logged, so it may hold no credentials."""
    parts = urlsplit(address)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise PydanticCustomError(HIDDEN_VALUE, "should be an address like s3://bucket/prefix and nothing more")
    if parts.scheme not in ("s3", "gs", "az") or not parts.hostname:
        raise ValueError("should be an address like s3://bucket/prefix, gs://bucket/prefix or az://container/prefix")
    return address.rstrip("/")


# ------------------------------------------------------------------------------------------- between keys


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
    if problems:
        raise broken_rule(*problems)


def known_outputs(outputs: Mapping[str, object], assets: Collection[str]) -> None:
    _only_known(outputs, {"default", *assets})


def enabled_assets(chosen: Mapping[str, Collection[str]], enabled: Collection[str]) -> None:
    """`chosen`: the assets each of `webhooks` asks for."""
    problems: list[tuple[tuple[str, ...], object, str]] = [
        (("webhooks", name, "assets"), asset, f"{one_of(enabled, asset)} (those are enabled)")
        for name, assets in chosen.items()
        for asset in assets
        if asset not in enabled
    ]
    if problems:
        raise broken_rule(*problems)


def existing_stores(chosen: Mapping[str, str | None], stores: Collection[str]) -> None:
    """`chosen`: the store each of `outputs` names."""
    problems: list[tuple[tuple[str, ...], object, str]] = [
        (("outputs", name, "store"), store, one_of(stores, store))
        for name, store in chosen.items()
        if store is not None and store not in stores
    ]
    if chosen.get("default") is None and len(stores) > 1:
        problems.append(
            (("outputs", "default", "store"), None, f"{one_of(stores)}: with several stores there is none by default")
        )
    if problems:
        raise broken_rule(*problems)


def existing_sources(chosen: Mapping[tuple[str, ...], Collection[str]], sources: Collection[str]) -> None:
    """`chosen`: by the key that names them, names of sources."""
    problems = [
        (key, name, one_of(sources, name)) for key, names in chosen.items() for name in names if name not in sources
    ]
    if problems:
        raise broken_rule(*problems)


def neighbours(chosen: Mapping[str, tuple[str, str]], sources: Mapping[str, str], *, own: Collection[str]) -> None:
    """An artifact can lie beside its source only where its store writes to the place the source is in.

    Args:
        chosen: By asset with placement `beside_source`, its store and where that writes.
        sources: By source, where its files are.
        own: Assets whose output is chosen by themselves, not by `default`.
    """
    problems: dict[tuple[str, ...], tuple[tuple[str, ...], object, str]] = {}
    for asset, (store, place) in chosen.items():
        strangers = [f"{name} ({where})" for name, where in sources.items() if where != place]
        if strangers:
            key = ("outputs", asset if asset in own else "default", "placement")
            why = (
                f"should be folder: the store {store} ({place}) cannot put files beside those of {', '.join(strangers)}"
            )
            problems[key] = (key, "beside_source", why)
    if problems:
        raise broken_rule(*problems.values())


def _only_known(given: Mapping[str, object], known: Collection[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise broken_rule(*(((str(name),), name, one_of(known, name)) for name in unknown))
