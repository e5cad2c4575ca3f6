"""From an archive to a library and its Dagster instance.

What is there already is kept, the newer and the older alike, and counted; so an import may be repeated, and one that
was broken off is finished by the next. A store is the truth about its artifacts: a manifest is written to it only where
there is none and the files it names are there, and Dagster is told only of artifacts that are in their store.

Files are registered after their artifacts were recorded, and the memory of the sensors comes last: so nothing that runs
meanwhile takes them for missing, and nothing is left out when the import is broken off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from media_assets.automation.source_memory import remember, remembered
from media_assets.base.checksums import sha256_of
from media_assets.base.errors import BadMedia, SourceChanged
from media_assets.base.files import PRIVATE_MODE, read_file, write_whole
from media_assets.base.paths import below
from media_assets.operation.backup.archive import Archive
from media_assets.operation.backup.events import (
    Recorded,
    carried,
    failed_run,
    materializations,
    record_failed,
    record_made,
)
from media_assets.operation.backup.exporting import pages
from media_assets.operation.backup.rows import (
    ArtifactRow,
    FailureRow,
    KeyRow,
    journal_name,
    manifest_of,
    materialization_of,
    memory_of,
    observation_of,
    require_written_by_export,
    rows,
)
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.latest_records import latest_failures, made_ids
from media_assets.pipeline.library import Library
from media_assets.pipeline.marks import ATTEMPT, FAILED, IMPORTED_TAG
from media_assets.pipeline.partitions import register, registered
from media_assets.pipeline.shown import link
from media_assets.pipeline.stage import FileAsset
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.manifest import Manifest
from media_assets.places.registered import RegisteredKeys
from media_assets.places.stems import languages_said
from media_assets.places.store import ArtifactStore, ManifestReader, Target


@dataclass
class AssetImport:
    """What became of one asset: each artifact of the archive is in one of the first five."""

    there: int = 0
    """How many are in the store as the archive knows them."""
    restored: int = 0
    """How many have their manifest again: their files were in the store."""
    absent: int = 0
    """How many are not in the store, and will be made again."""
    newer: int = 0
    """How many the store has in a newer version, which is kept."""
    older: int = 0
    """How many the store has in an older version, which is kept: its files are those of that version."""
    recorded: int = 0
    """How many artifacts Dagster was told of."""
    failures: int = 0
    """How many failures Dagster was told of."""
    kept: int = 0
    """Failures that were left out, because this instance knows something else of the file."""


@dataclass
class Imported:
    """What became of an archive."""

    files: int = 0
    new_files: int = 0
    assets: dict[str, AssetImport] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


class Importer:
    """One import.

    Args:
        dry_run: Look and count, and change nothing.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        library: Library,
        stages: Sequence[FileAsset[Any]],
        archive: Archive,
        *,
        dry_run: bool = False,
    ) -> None:
        self._instance = instance
        self._library = library
        self._stages = {stage.name: stage for stage in stages}
        self._archive = archive
        self._dry_run = dry_run
        self._done = Imported()
        known = registered(instance)
        self._known = frozenset(known)
        self._renamed = {
            name: RegisteredKeys(source, known) for name, source in library.sources.items() if source.has_ids
        }

    def run(self, note: Callable[[str], None] = lambda _: None) -> Imported:
        """Take up the archive.

        Args:
            note: Told what comes next.

        Raises:
            Fatal: the archive is damaged, or was not written by `export`, and nothing was changed; or a store cannot be
                written.
        """
        note("checking the archive")
        self._archive.verify()
        require_written_by_export(self._archive, self._library.sources, frozenset(self._stages))
        for asset in dict.fromkeys((*self._archive.below("artifacts"), *self._archive.below("failures"))):
            if asset in self._stages:
                note(asset)
                self._done.assets[asset] = AssetImport()
                self._import_artifacts(asset)
                self._import_failures(asset)
            else:
                self._done.remarks.append(f"{asset} is left out: this version of media-assets has no such asset")
        self._import_journals()
        self._register()
        self._import_memories()
        return self._done

    # ------------------------------------------------------------------------------------------- artifacts

    def _import_artifacts(self, asset: str) -> None:
        store = self._library.store(asset)
        reader = store.as_of_now(asset)
        made = made_ids(self._instance, asset)
        known = frozenset(made) | frozenset(latest_failures(self._instance, asset, made))
        for page in pages(rows(self._archive, f"artifacts/{asset}.jsonl", ArtifactRow)):
            events = [event for row in page if (event := self._artifact(asset, row, store, reader, known))]
            self._done.assets[asset].recorded += len(events)
            if not self._dry_run:
                record_made(self._instance, events)

    def _artifact(
        self, asset: str, row: ArtifactRow, store: ArtifactStore, reader: ManifestReader, known: frozenset[str]
    ) -> dg.AssetMaterialization | None:
        """What Dagster is to be told of an artifact, if anything."""
        done, key = self._done.assets[asset], self._key(row.key)
        manifest = manifest_of(asset, row, key)
        here = reader.manifest(asset, key)
        if here is None:
            here = self._restored(manifest, store)
            if here is None:
                done.absent += 1
                return None
            done.restored += 1
        elif (here.fingerprint, here.version) == (manifest.fingerprint, manifest.version):
            done.there += 1
        else:
            done.newer += here.made_at >= manifest.made_at
            done.older += here.made_at < manifest.made_at
            return None  # the next pass records it as it is
        if row.recorded is None or key in known:
            return None
        event = materialization_of(asset, row.recorded)
        # Where the store lies may be another place on this machine.
        where = {"artifact": link(store.link(here))} if "artifact" in event.metadata else {}
        return carried(Recorded(event, row.recorded.timestamp), key, self._archive.index.id, where)

    def _restored(self, manifest: Manifest, store: ArtifactStore) -> Manifest | None:
        """An artifact of which the store has the files alone, with its manifest; None when it has not all of them."""
        if not store.intact(manifest):
            return None
        if isinstance(store, FolderArtifacts) and any(
            sha256_of(store.local_path(stored)) != stored.sha256 for stored in manifest.files
        ):
            return None  # names are used again there, and a size says little
        try:
            target = self._target(manifest)
        except (SourceChanged, BadMedia):
            return None  # it lies beside a source file that is gone
        return manifest if self._dry_run else store.copy(manifest, manifest, target)

    def _target(self, manifest: Manifest) -> Target:
        if manifest.placement == "folder":
            return Target("folder")
        source = self._library.source(manifest.key)
        beside = source.beside(source.entry(manifest.key))
        return Target("beside_source", beside, languages_said(manifest, beside.name))

    # ------------------------------------------------------------------------------------------- failures

    def _import_failures(self, asset: str) -> None:
        made = made_ids(self._instance, asset)
        failed = latest_failures(self._instance, asset, made)
        for page in pages(rows(self._archive, f"failures/{asset}.jsonl", FailureRow)):
            told = {self._key(row.key): observation_of(asset, row) for row in page}
            own = materializations(self._instance, asset, [made[key] for key in told if key in made])
            events = []
            for key, event in told.items():
                if key in failed:
                    self._done.assets[asset].kept += _reason(failed[key]) != _reason(event)
                elif key in own and IMPORTED_TAG not in (own[key].materialization.tags or {}):
                    self._done.assets[asset].kept += 1  # it was made here since
                else:
                    events.append(event._replace(partition=key))
            self._done.assets[asset].failures += len(events)
            if events and not self._dry_run:
                archive_id = self._archive.index.id
                assets = [name for name, member in self._archive.below("failures").items() if self._holds(member)]
                record_failed(self._instance, failed_run(self._instance, archive_id, assets), archive_id, events)

    def _holds(self, member: str) -> bool:
        return self._archive.index.members[member].size_bytes > 0

    # ------------------------------------------------------------------------------------------- the rest

    def _key(self, key: str) -> str:
        """The key of the same file here: a file with an id may be registered under another name."""
        known = self._renamed.get(key.partition(":")[0])
        return known.key(key) if known else key

    def _register(self) -> None:
        keys = [self._key(row.root) for row in rows(self._archive, "partitions.jsonl", KeyRow)]
        self._done.files = len(keys)
        self._done.new_files = len(frozenset(keys) - self._known)
        strangers = sorted({key.partition(":")[0] for key in keys} - set(self._library.sources))
        if strangers:
            self._done.remarks.append(f"library.yaml has no sources {', '.join(strangers)}; their files are registered")
        if not self._dry_run:
            register(self._instance, keys)

    def _import_memories(self) -> None:
        state = InstanceState(self._instance)
        for source, name in self._archive.below("sources").items():
            if source not in self._library.sources:
                continue
            memory = memory_of(self._archive, source, name)
            here = remembered(self._instance, state, source)
            if here is None:
                if not self._dry_run:
                    remember(state, source, memory)
            elif here != memory:
                self._done.remarks.append(f"the sensor of {source} has looked here before, and goes on from there")

    def _import_journals(self) -> None:
        folder = self._library.settings.state_dir / "duplicates"
        for stem, name in self._archive.below("duplicates").items():
            path = below(folder, journal_name(stem, name))
            content = self._archive.read(name)
            here = read_file(path) if path.exists() else b""
            if content.startswith(here):
                if content != here and not self._dry_run:
                    write_whole(path, content, mode=PRIVATE_MODE)
            elif not here.startswith(content):
                self._done.remarks.append(f"{path} is another journal here, and is kept")


def _reason(event: dg.AssetObservation) -> tuple[object, ...]:
    return tuple(value.value if (value := event.metadata.get(name)) else "" for name in (FAILED, ATTEMPT))
