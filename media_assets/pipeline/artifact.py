"""What a stage hands over for one file, and what a later stage gets of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter

from media_assets.base.files import read_file
from media_assets.places.manifest import Manifest

Value = TypeVar("Value", bound=BaseModel)


@dataclass(frozen=True)
class Artifact(Generic[Value]):
    """What a stage made of one file."""

    value: Value
    files: Mapping[str, Path] = field(default_factory=dict)
    """The files, by the names they are kept under; each lies in the work directory and is taken from there."""
    document: str | None = None
    """The name of the file that holds the value as JSON, if one does."""
    version: str | None = None
    """What later stages are made from; absent: everything in here."""
    media_seconds: float | None = None
    """How long the recording plays; what later stages may take depends on it."""
    cost_usd: float = 0.0


@dataclass
class Stored(Generic[Value]):
    """The artifact of an earlier stage, read only as far as it is asked for."""

    manifest: Manifest
    value_type: type[Value]
    fetch: Callable[[str | None], Path]
    sign: Callable[[str, int], str | None] = lambda _name, _seconds: None

    @cached_property
    def value(self) -> Value:
        if self.manifest.document:
            text = read_file(self.fetch(self.manifest.document))
            return TypeAdapter(self.value_type).validate_json(text)
        return TypeAdapter(self.value_type).validate_python(self.manifest.value)

    def local_path(self, name: str | None = None) -> Path:
        """A path at which the file of that name can be read; without a name, the source file itself.

        Raises:
            SourceChanged: the source is no longer what this artifact was made from.
        """
        return self.fetch(name)

    def signed_link(self, name: str, seconds: int) -> str | None:
        """A secret address at which another machine can fetch the file for a while; None where its store has none."""
        return self.sign(name, seconds)
