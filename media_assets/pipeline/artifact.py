"""What a stage hands over for one file, and what a later stage gets of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import BadArtifact, BadMedia
from media_assets.base.files import read_file
from media_assets.base.keys import display_name
from media_assets.base.telling import text_of
from media_assets.places.manifest import Manifest
from media_assets.places.store import EditedFile

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
    figures: Mapping[str, float] = field(default_factory=dict)
    """What was measured on the way and decides nothing, by name: for the checks of quality. No part of its version."""
    by_hand: bool = False
    """Whether a person's work is in it, which no copy of another file's artifact may take the place of."""
    unfinished: BadMedia | None = None
    """Why a part of it could not be made: what is there is stored, for people and for the next attempt (`Earlier`), and
    the file is red with this reason."""


@dataclass
class Stored(Generic[Value]):
    """The artifact of an earlier stage, read only as far as it is asked for."""

    manifest: Manifest
    value_type: type[Value]
    fetch: Callable[[str | None], Path]
    sign: Callable[[str, int], str | None] = lambda _name, _seconds: None
    where: Callable[[], str] = lambda: "its store"
    """The place it lies at, for messages."""

    @cached_property
    def value(self) -> Value:
        """The value.

        Raises:
            BadArtifact: what is stored does not read as one.
        """
        document = self.manifest.document
        adapter = TypeAdapter(self.value_type)
        try:
            if document:
                return adapter.validate_json(read_file(self.local_path(document)))
            return adapter.validate_python(self.manifest.value)
        except ValidationError as error:
            what = f"{document or 'manifest.json'} is no {self.value_type.__name__}: {first_of(error)}"
            if document and sha256_of(self.local_path(document)) != self.manifest.file(document).sha256:
                raise self._edited(document, what) from error
            raise self._bad(what, first_of(error, with_input=False)) from error

    def local_path(self, name: str | None = None) -> Path:
        """A path at which the file of that name can be read; without a name, the source file itself.

        Raises:
            SourceChanged: the source is no longer what this artifact was made from.
            BadArtifact: there is no file of that name.
        """
        names = [stored.name for stored in self.manifest.files]
        if name is not None and name not in names:
            raise self._bad(f"it has no file {name}, only {', '.join(names) or 'its value'}", f"no file {name}")
        return self.fetch(name)

    def damaged(self, name: str) -> BadArtifact:
        """The error for a file that is not what was stored."""
        return self._bad(f"{name} is not what was stored (its checksum is another)", "")

    def _edited(self, name: str, what: str) -> BadArtifact:
        """The error for a file that somebody changed where it is stored, or that was damaged there."""
        return BadArtifact(
            f"its {self.manifest.asset} cannot be used: {what}; it was changed since it was stored",
            next_step=f"Mend {name} there, or delete it to have it written again, then `media-assets process`",
        )

    def _bad(self, what: str, place: str) -> BadArtifact:
        asset, name = self.manifest.asset, display_name(self.manifest.key)
        try:
            where = self.where()
        except Exception as error:  # noqa: BLE001  a place that cannot tell it has nothing to do with what is wrong
            where = f"its store ({type(error).__name__} when asked for its address)"
        return BadArtifact(
            f"its {asset}, as it is stored at {where}, cannot be used: {what}",
            next_step=f"Have it made again (`media-assets process --force --stage {asset} --file '{name}'`), then "
            f"`media-assets retry`. Are all so, then {asset} stores something else by now: raise its code_version",
            place=place and f"{asset}: {place}",
        )

    def signed_link(self, name: str, seconds: int) -> str | None:
        """A secret address at which another machine can fetch the file for a while; None where its store has none."""
        return self.sign(name, seconds)


@dataclass(frozen=True)
class Earlier(Generic[Value]):
    """What a stage made of this file before, whatever from: a stage may take over of it what still holds."""

    stored: Stored[Value] | None
    """The artifact that lies there now; None where there is none."""
    edited: Mapping[str, EditedFile]
    """Files of it that a person changed where they lie, by their names."""
    all_anew: bool
    """Whether a person wants everything made again: then nothing that cost work is taken over."""


def first_of(error: Exception, *, with_input: bool = True) -> str:
    """The first thing that is wrong with a value, in a line.

    Args:
        with_input: Whether the values that stand in its text may be repeated.
    """
    if not isinstance(error, ValidationError):
        return text_of(error)
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    said = found["msg"] if with_input else found["type"]
    return text_of(": ".join(filter(None, [".".join(map(str, found["loc"])), said])))
