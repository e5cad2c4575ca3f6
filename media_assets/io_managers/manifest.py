"""The record kept with every artifact: what it was made from, by what, and which files it consists of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue

from media_assets.models import Model


class StoredFile(Model):
    """A file of an artifact, as it was when it was published."""

    name: str
    """As the asset calls it, e.g. `transcript.srt`."""
    path: str
    """Where it lies: relative to the store's root; for a file beside its source see `Locations.written`."""
    size_bytes: int
    sha256: str


class Manifest(Model):
    """What the store knows about the artifact of one asset for one file."""

    format: Literal[1] = 1
    asset: str
    key: str
    fingerprint: str
    """Of everything the artifact was made from; see `fingerprint_of`."""
    version: str
    """Of what came out. Later stages are made from this: the same result made again moves nothing behind it."""
    not_applicable: str | None = None
    """Why the stage has nothing to do for this file; None for an artifact that was made."""
    value: JsonValue = None
    """The typed value as JSON, unless `document` says in which file it is."""
    document: str | None = None
    media_seconds: float | None = None
    """How long the recording plays."""
    files: tuple[StoredFile, ...] = ()
    placement: Literal["folder", "beside_source"] = "folder"
    inputs: dict[str, str]
    """The version of each artifact it was made from."""
    code_version: str
    settings: dict[str, JsonValue]
    made_at: datetime
    made_in_seconds: float
    made_by_run: str
    reused_from: str | None = None
    """Key of the file of equal content whose artifact this is a copy of."""
    cost_usd: float = 0.0

    def file(self, name: str) -> StoredFile:
        """The file the asset calls `name`.

        Raises:
            KeyError: there is none of that name.
        """
        for stored in self.files:
            if stored.name == name:
                return stored
        raise KeyError(f"{self.asset} of {self.key} has no file {name!r}; it has {[f.name for f in self.files]}")


def fingerprint_of(asset: str, code_version: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """SHA-256 over everything that decides what the artifact will be."""
    return _digest({"asset": asset, "code_version": code_version, "settings": settings, "inputs": inputs})


def version_of(value: JsonValue, files: Mapping[str, str]) -> str:
    """SHA-256 over what came out: the value and the checksum of each file by name."""
    return _digest({"value": value, "files": files})


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
