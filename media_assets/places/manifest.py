"""The record kept with every artifact: what it was made from, by what, and which files it consists of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue

from media_assets.base.keys import decode_path
from media_assets.base.model import Model
from media_assets.base.paths import LeadsOut, plain, plain_name


def _written_path(path: str) -> str:
    """A path in one of the forms that stores write; what it has to lie below only the store knows."""
    plain(decode_path(path).removeprefix("/"))
    plain(path.removeprefix("/"))
    return path


def _asset_name(name: str) -> str:
    if not re.fullmatch(r"\w+", name, re.ASCII):
        raise LeadsOut(f"{name!r} is no name of an asset")
    return name


class StoredFile(Model):
    """A file of an artifact, as it was when it was published."""

    name: Annotated[str, AfterValidator(plain_name)]
    """What the asset calls it, e.g. `transcript.srt`."""
    path: Annotated[str, AfterValidator(_written_path)]
    """Where it lies: relative to the store's root; for a file beside its source see `Locations.written`."""
    size_bytes: int
    sha256: str


class Manifest(Model):
    """What the store knows about the artifact of one asset for one file."""

    format: Literal[1] = 1
    asset: Annotated[str, AfterValidator(_asset_name)]
    key: str
    fingerprint: str
    """Fingerprint of everything the artifact was made from; see `fingerprint_of`."""
    version: str
    """Version of what came out. Later stages are made from this: the same result made again moves nothing behind it."""
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
    figures: dict[str, float] = Field(default_factory=dict)
    """What was measured while it was made, by name; no part of its version."""
    by_hand: bool = False
    """Whether a person's work is in it."""

    def file(self, name: str) -> StoredFile:
        """The file the asset calls `name`.

        Raises:
            KeyError: there is none of that name.
        """
        for stored in self.files:
            if stored.name == name:
                return stored
        raise KeyError(f"{self.asset} of {self.key} has no file {name!r}; it has {[f.name for f in self.files]}")


def why_of_another(manifest: Manifest, asset: str, folder: str) -> str | None:
    """What in a manifest is not of the artifact in whose folder it was found; None if nothing is.

    What it names is removed when the artifact is made again, so it has to be this artifact's own. What lies beside its
    source is known by other records.
    """
    if manifest.asset != asset:
        return f"it is of {manifest.asset}"
    for stored in manifest.files:
        own = stored.path.startswith(f"{folder}/") and stored.path.endswith(f"/{stored.name}")
        if manifest.placement == "folder" and not own:
            return f"it names {stored.path!r}, which is not its own"
    return None


def fingerprint_of(asset: str, code_version: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """SHA-256 over everything that decides what the artifact will be."""
    return _digest({"asset": asset, "code_version": code_version, "settings": settings, "inputs": inputs})


def fingerprint_of_unfinished(fingerprint: str) -> str:
    """What an artifact of which a part is missing is known by; no whole one has it."""
    return _digest({"unfinished": fingerprint})


def version_of(value: JsonValue, files: Mapping[str, str]) -> str:
    """SHA-256 over what came out: the value and the checksum of each file by name."""
    return _digest({"value": value, "files": files})


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
