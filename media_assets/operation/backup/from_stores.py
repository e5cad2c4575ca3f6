"""A Dagster instance made anew from the stores alone: when its database is lost and there is no archive of it.

Files are found in the sources, and artifacts by their manifests. What only the database knew is lost: why files failed,
and what the UI showed of artifacts besides what is in their manifests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from media_assets.dagster_seams.data_versions import (
    CODE_VERSION_TAG,
    DATA_VERSION_TAG,
    NULL_EVENT_POINTER,
    DataVersion,
    compute_logical_data_version,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from media_assets.operation.backup.events import RECORDED_AT, record_made
from media_assets.operation.backup.exporting import pages
from media_assets.operation.backup.importing import AssetImport, Imported
from media_assets.pipeline.latest_records import latest_failures, made_ids
from media_assets.pipeline.library import Library
from media_assets.pipeline.marks import IMPORTED_TAG
from media_assets.pipeline.partitions import register, registered
from media_assets.pipeline.recorder import stored_metadata
from media_assets.pipeline.stage import FileAsset
from media_assets.places.manifest import Manifest
from media_assets.places.registered import RegisteredKeys

_ORIGIN = "stores"


def record_what_is_there(
    instance: dg.DagsterInstance,
    library: Library,
    stages: Sequence[FileAsset[Any]],
    *,
    dry_run: bool = False,
    note: Callable[[str], None] = lambda _: None,
) -> Imported:
    """Register all files of the sources, and record the artifacts of which the instance knows nothing.

    Raises:
        Fatal: a source cannot be listed.
    """
    known = registered(instance)
    done = Imported()
    note("looking for files")
    keys = list(dict.fromkeys([*known, *_listed(library, known)]))
    done.files, done.new_files = len(keys), len(keys) - len(known)
    versions = _DataVersions(library)
    for stage in stages:
        note(stage.name)
        made = made_ids(instance, stage.name)
        recorded = frozenset(made) | frozenset(latest_failures(instance, stage.name, made))
        counts = done.assets[stage.name] = AssetImport()
        for page in pages(_manifests(library, stage.name, keys)):
            tags = {key: versions.tags(stage, key, manifest) for key, manifest in page}
            events = [_event(library, key, manifest, tags[key]) for key, manifest in page if key not in recorded]
            counts.there += len(page)
            counts.recorded += len(events)
            if not dry_run:
                record_made(instance, events)
    if not dry_run:
        register(instance, keys)
    return done


def _listed(library: Library, known: Sequence[str]) -> Iterator[str]:
    for source in library.sources.values():
        yield from (entry.key for entry in RegisteredKeys(source, known).entries(source.scan()))


def _manifests(library: Library, asset: str, keys: Sequence[str]) -> Iterator[tuple[str, Manifest]]:
    reader = library.store(asset).as_of_now(asset)
    for key in keys:
        manifest = reader.manifest(asset, key)
        if manifest:
            yield key, manifest


def _event(library: Library, key: str, manifest: Manifest, tags: Mapping[str, str]) -> dg.AssetMaterialization:
    metadata = stored_metadata(library.store(manifest.asset), manifest, reused=False)
    return dg.AssetMaterialization(
        manifest.asset,
        partition=key,
        metadata={**metadata, RECORDED_AT: dg.MetadataValue.timestamp(manifest.made_at)},
        tags={**tags, IMPORTED_TAG: _ORIGIN},
    )


class _DataVersions:
    """What Dagster tags materializations with, computed from manifests: else the UI takes all of them for outdated."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._of: dict[str, dict[str, DataVersion]] = {}
        # There are few different ones, and a library has a million artifacts.
        self._computed: dict[tuple[object, ...], DataVersion] = {}

    def tags(self, stage: FileAsset[Any], key: str, manifest: Manifest) -> dict[str, str]:
        """The tags of one artifact. Those of the stages before it have been asked for."""
        code_version = self._code_version(stage, manifest)
        inputs = {dg.AssetKey(name): self._of[name][key] for name in stage.upstreams if key in self._of.get(name, {})}
        known = (stage.name, code_version, *inputs.items())
        if known not in self._computed:
            self._computed[known] = compute_logical_data_version(code_version, inputs)
        version = self._of.setdefault(stage.name, {})[key] = self._computed[known]
        tags = {CODE_VERSION_TAG: code_version, DATA_VERSION_TAG: version.value}
        for name, its_version in inputs.items():
            tags[get_input_data_version_tag(name)] = its_version.value
            tags[get_input_event_pointer_tag(name)] = NULL_EVENT_POINTER
        return tags

    def _code_version(self, stage: FileAsset[Any], manifest: Manifest) -> str:
        """That of today, or for an artifact made with other code or settings one that Dagster finds outdated."""
        chosen = self._library.section(stage.settings_for)
        if manifest.code_version == stage.code_version and manifest.settings in (
            chosen if isinstance(chosen, list) else [chosen]
        ):
            return self._library.section(stage.full_code_version)
        return manifest.code_version
