"""Rules on single values of library.yaml, and the types of keys that are held to them.

Each rule raises `ValueError` with what is allowed; `config.errors` says at which key. A rule of one section alone
stands with that section, a rule between keys in `config.rules`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from media_assets.base.errors import Fatal
from media_assets.base.globs import PathFilter

HIDDEN_VALUE = "hidden_value"
"""Type of an error whose value may hold a secret and is not shown."""


def library_name(name: str) -> str:
    """The name of a source or a store. It becomes part of partition keys, of Dagster's names and of variables."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ValueError("should be a name of a-z, 0-9 and single _ between them that begins with a letter")
    return name


def owner(value: str) -> str:
    """Dagster accepts these two kinds and refuses to load the assets of any other."""
    if not re.fullmatch(r"team:.+|[^@\s:]+@[^@\s]+\.[^@\s]+", value):
        raise ValueError("should be an e-mail address, or team:<name>")
    return value


def language_code(code: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", code):
        raise ValueError("should be an ISO 639 code of two or three small letters, such as en")
    return code


Language = Annotated[str, AfterValidator(language_code)]


def language_tag(tag: str) -> str:
    """BCP 47, as far as it is about written language: a language, its script and its region."""
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?", tag):
        raise ValueError("should be the tag of a language, such as de, pt-BR or zh-Hant")
    return tag


LanguageTag = Annotated[str, AfterValidator(language_tag)]


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """A list in which nothing is said twice."""
    if twice := [value for index, value in enumerate(values) if value in values[:index]]:
        raise ValueError(f"names {twice[0]} twice")
    return values


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("should be a time zone such as Europe/Berlin") from None
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]


def _named(path: object) -> object:
    """A path without a name would be the folder of library.yaml, which nobody means."""
    if isinstance(path, str) and not path.strip():
        raise ValueError("is empty; name the folder, e.g. ./media, or leave out what is not needed")
    if isinstance(path, str) and os.name == "posix" and re.match(r"[A-Za-z]:[\\/]", path):
        raise ValueError("is a path of Windows; write it as this system has it, e.g. ./media (in WSL: /mnt/c/…)")
    return path


NamedPath = Annotated[Path, BeforeValidator(_named)]


def glob(pattern: str) -> str:
    """A glob on paths, of the kind that `base.globs` reads, that can match something."""
    if not pattern.strip():
        raise ValueError("should be a glob such as **/*.mp4")
    if why := _matches_nothing(pattern):
        raise ValueError(f"can match nothing: {why}")
    try:
        PathFilter((pattern,), ())
    except Fatal as error:
        raise ValueError(f"({pattern}) should be a glob: {error.next_step[0].lower()}{error.next_step[1:]}") from None
    return pattern


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


WebAddress = Annotated[str, AfterValidator(web_address)]


def bucket_address(address: str) -> str:
    """The address of a bucket and a prefix in it; it is logged, so it may hold no credentials."""
    parts = urlsplit(address)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise PydanticCustomError(HIDDEN_VALUE, "should be an address like s3://bucket/prefix and nothing more")
    if parts.scheme not in ("s3", "gs", "az") or not parts.hostname:
        raise ValueError("should be an address like s3://bucket/prefix, gs://bucket/prefix or az://container/prefix")
    return address.rstrip("/")


BucketAddress = Annotated[str, AfterValidator(bucket_address)]


def folder_on_drive(folder: str) -> str:
    if not folder.strip():
        raise ValueError("is empty; name the folder, e.g. My Drive/Lectures")
    return folder


def folders_on_drive(folders: tuple[str, ...]) -> tuple[str, ...]:
    """All of them at once: a list takes one that is refused for one that is not there."""
    for folder in folders:
        folder_on_drive(folder)
    return folders


FolderOnDrive = Annotated[str, AfterValidator(folder_on_drive)]
