"""From a library and its Dagster instance to an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg

from media_assets.automation.source_memory import remembered
from media_assets.base.batches import batched
from media_assets.base.files import read_file
from media_assets.base.keys import why_impossible
from media_assets.config.settings import Settings
from media_assets.dagster_seams.event_log import serialize_value
from media_assets.operation.backup.archive import ArchiveWriter, new_archive
from media_assets.operation.backup.events import materializations
from media_assets.pipeline.abandoned_runs import UNFINISHED
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.latest_records import latest_failures, made_ids
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.stage import FileAsset

Item = TypeVar("Item")

PAGE = 500
"""So many files at once: what is in memory, and what a query or a transaction holds."""


@dataclass
class Exported:
    """What is in an archive."""

    files: int = 0
    artifacts: dict[str, int] = field(default_factory=dict)
    """How many artifacts of each asset."""
    failures: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    """Recorded as made, and not in their store any more: not in the archive either."""
    unfinished_runs: int = 0
    impossible: int = 0
    """Registered keys that no file can have, such as those that somebody added by hand: not in the archive."""


def export_library(
    instance: dg.DagsterInstance,
    library: Library,
    settings: Settings,
    stages: Sequence[FileAsset[Any]],
    path: Path,
    note: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Write the state of a library to `path`.

    Args:
        note: Told what comes next.

    Raises:
        Fatal: there is something at `path` already, or a store cannot be read.
    """
    done = Exported(unfinished_runs=instance.get_runs_count(dg.RunsFilter(statuses=UNFINISHED)))
    with new_archive(path) as archive:
        keys, done.impossible = _possible(registered(instance), library)
        done.files = len(keys)
        with archive.lines("partitions.jsonl") as write:
            for key in keys:
                write(key)
        for stage in stages:
            note(stage.name)
            _export_stage(instance, library, stage.name, keys, archive, done)
        _export_sources(instance, settings.sources, archive)
        for journal in sorted((settings.state_dir / "duplicates").glob("*.jsonl")):
            with archive.member(f"duplicates/{journal.name}") as append:
                append(read_file(journal))
        archive.about = {
            "files": done.files,
            "artifacts": dict(done.artifacts),
            "failures": dict(done.failures),
            "sources": {name: section.type for name, section in settings.sources.items()},
            "stores": {name: section.type for name, section in settings.stores.items()},
        }
        note("reading it again")
    return done


def _possible(keys: Sequence[str], library: Library) -> tuple[Sequence[str], int]:
    """The keys that a file can have, and how many others there are: `import` refuses those."""
    has_ids = {name: source.has_ids for name, source in library.sources.items()}
    possible = [key for key in keys if not why_impossible(key, has_ids=has_ids.get(key.partition(":")[0]))]
    return possible, len(keys) - len(possible)


def _export_stage(
    instance: dg.DagsterInstance,
    library: Library,
    asset: str,
    keys: Sequence[str],
    archive: ArchiveWriter,
    done: Exported,
) -> None:
    made = made_ids(instance, asset)
    count = lost = 0
    with archive.lines(f"artifacts/{asset}.jsonl") as write:
        for row in _artifacts(instance, library, asset, keys, made):
            if row is None:
                lost += 1
                continue
            write(row)
            count += 1
    possible = frozenset(keys)
    failed = {key: event for key, event in latest_failures(instance, asset, made).items() if key in possible}
    with archive.lines(f"failures/{asset}.jsonl") as write:
        for key, observation in failed.items():
            write({"key": key, "observation": serialize_value(observation)})
    done.artifacts[asset], done.failures[asset] = count, len(failed)
    if lost:
        done.lost[asset] = lost


def _artifacts(
    instance: dg.DagsterInstance, library: Library, asset: str, keys: Sequence[str], made: Mapping[str, int]
) -> Iterator[dict[str, Any] | None]:
    """A row for each artifact that is there; None for one that only Dagster knows of."""
    reader = library.store(asset).as_of_now(asset)
    for page in pages(keys):
        recorded = materializations(instance, asset, [made[key] for key in page if key in made])
        for key in page:
            manifest = reader.manifest(asset, key)
            known = recorded.get(key)
            if manifest:
                row = {"key": key, "manifest": manifest.model_dump(mode="json"), "recorded": None}
                if known:
                    row["recorded"] = {"event": serialize_value(known.materialization), "timestamp": known.timestamp}
                yield row
            elif known:
                yield None


def _export_sources(instance: dg.DagsterInstance, sources: Iterable[str], archive: ArchiveWriter) -> None:
    state = InstanceState(instance)
    for source in sources:
        memory = remembered(instance, state, source)
        if memory:
            with archive.member(f"sources/{source}.json") as write:
                write(memory.model_dump_json().encode())


def pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    """`PAGE` of them at a time."""
    return batched(items, PAGE)
