"""The lines of an archive, and whether they are such as `export` writes: looked at in full before anything is changed.

What does not belong here: whether an archive is damaged (`archive`), and what is done with what stands in it
(`importing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import dagster as dg
from pydantic import BaseModel, RootModel, ValidationError

from media_assets.automation.source_memory import SourceMemory, is_of
from media_assets.base.errors import Fatal
from media_assets.base.keys import why_impossible
from media_assets.base.model import Model, mistakes
from media_assets.base.paths import LeadsOut, plain_name
from media_assets.base.telling import shortened
from media_assets.dagster_seams.event_log import CheckError, DeserializationError, deserialize_value
from media_assets.operation.backup.archive import Archive
from media_assets.places.manifest import Manifest
from media_assets.places.manifest_formats import FORMATS
from media_assets.places.source import Source

_LONGEST_SHOWN = 80


class RecordedRow(Model):
    event: str
    timestamp: float


class ArtifactRow(Model):
    """A line of `artifacts/`; see `exporting`."""

    key: str
    manifest: dict[str, Any]
    recorded: RecordedRow | None


class FailureRow(Model):
    """A line of `failures/`."""

    key: str
    observation: str


class KeyRow(RootModel[str]):
    """A line of `partitions.jsonl`."""


_Row = TypeVar("_Row", bound=BaseModel)
_Event = TypeVar("_Event", dg.AssetMaterialization, dg.AssetObservation)


def rows(archive: Archive, member: str, kind: type[_Row]) -> Iterator[_Row]:
    """The lines of a member.

    Raises:
        Fatal: one is no such line.
    """
    for number, row in enumerate(archive.lines(member), start=1):
        try:
            yield kind.model_validate(row)
        except ValidationError as error:
            raise strange(f"line {number} of {member} is no such row ({mistakes(error)[0]})") from None


def require_written_by_export(archive: Archive, sources: Mapping[str, Source], assets: frozenset[str]) -> None:
    """Look at each line of an archive but for what Dagster is told of artifacts.

    Args:
        sources: Those of this library: which of them know files by ids decides what a key can be.
        assets: Those of this library; of others only the keys are looked at.

    Raises:
        Fatal: something is not as `export` writes it, above all a key that no file can have.
    """
    for number, row in enumerate(rows(archive, "partitions.jsonl", KeyRow), start=1):
        _require_key(row.root, sources, f"line {number} of partitions.jsonl")
    for asset, member in archive.below("artifacts").items():
        for number, artifact in enumerate(rows(archive, member, ArtifactRow), start=1):
            if asset in assets:
                manifest = manifest_of(asset, artifact, artifact.key)
                _require_key(manifest.reused_from or artifact.key, sources, f"line {number} of {member}")
            _require_key(artifact.key, sources, f"line {number} of {member}")
    for asset, member in archive.below("failures").items():
        for number, failure in enumerate(rows(archive, member, FailureRow), start=1):
            if asset in assets:
                observation_of(asset, failure)
            _require_key(failure.key, sources, f"line {number} of {member}")
    for source, name in archive.below("sources").items():
        memory_of(archive, source, name)
    for stem, name in archive.below("duplicates").items():
        journal_name(stem, name)


def manifest_of(asset: str, row: ArtifactRow, key: str) -> Manifest:
    """The manifest of a line, as that of the file which has this key here."""
    manifest = FORMATS.manifest(row.manifest, f"the {asset} of {key} in the archive", repair="Take another archive")
    if manifest.asset != asset:
        raise strange(f"it has a {manifest.asset} among the artifacts of {asset}")
    return manifest.model_copy(update={"key": key})


def materialization_of(asset: str, row: RecordedRow) -> dg.AssetMaterialization:
    """What Dagster knew of an artifact."""
    event = _event(row.event, dg.AssetMaterialization)
    if event.asset_key != dg.AssetKey(asset):
        raise strange(f"it has an event of {event.asset_key.to_user_string()} among those of {asset}")
    return event


def observation_of(asset: str, row: FailureRow) -> dg.AssetObservation:
    """What Dagster knew of a failure."""
    event = _event(row.observation, dg.AssetObservation)
    if event.asset_key != dg.AssetKey(asset):
        raise strange(f"it has failures of other assets among those of {asset}")
    return event


def memory_of(archive: Archive, source: str, name: str) -> SourceMemory:
    """What the sensor of a source remembers."""
    try:
        memory = SourceMemory.model_validate_json(archive.read(name))
    except ValidationError as error:
        raise strange(f"{name} is not what a sensor remembers ({mistakes(error)[0]})") from None
    if not is_of(memory, source):
        raise strange(f"{name} is not what a sensor remembers")
    return memory


def journal_name(stem: str, member: str) -> str:
    """Name of the file of a journal of moved duplicates."""
    try:
        return plain_name(f"{stem}.jsonl")
    except LeadsOut:
        raise strange(f"it names a file outside, {member}") from None


def strange(what: str) -> Fatal:
    """The error for an archive with something else in it."""
    return Fatal(f"the archive was not written by `export`: {what}", next_step="Take another archive")


def _require_key(key: str, sources: Mapping[str, Source], where: str) -> None:
    source = sources.get(key.partition(":")[0])
    why = why_impossible(key, has_ids=source.has_ids if source else None)
    if why:
        raise strange(f"{where} has a key that no file can have, {shortened(ascii(key), _LONGEST_SHOWN)}: it {why}")


def _event(text: str, kind: type[_Event]) -> _Event:
    """What Dagster wrote, read again; of that kind and no other."""
    try:
        return deserialize_value(text, kind)
    # What its reader raises of text that is none of its own: it checks types and names of classes as it goes.
    except (DeserializationError, CheckError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise strange(f"a record in it is none of Dagster's ({type(error).__name__})") from None
