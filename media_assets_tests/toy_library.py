"""A library of text files with a pipeline of three trivial stages, for tests of the machinery around the stages.

The first line of a file is its text; the others say what is to happen to it, e.g. `shout: transient 2`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from media_assets.base.secrets import Secrets
from media_assets.config.opening import open_library
from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.operation.chunks import Chunks
from media_assets.operation.observers import build_observers
from media_assets.operation.planning import StagePlan
from media_assets.operation.processing import Processor
from media_assets.operation.selection import Selection
from media_assets.pipeline.batch import batches_of
from media_assets.pipeline.dagster_asset import dagster_asset, io_manager_key
from media_assets.pipeline.io_manager import ArtifactIOManager
from media_assets.pipeline.partitions import register
from media_assets.pipeline.progress import LogProgress
from media_assets.pipeline.status import LibraryStatus, library_status
from media_assets.places.manifest import Manifest
from media_assets_tests import postgres
from media_assets_tests.dagster_homes import empty_home
from media_assets_tests.toy_bench import Bench
from media_assets_tests.toy_stages import PIPELINE, SOURCE, toy_settings

EVERYTHING = Selection()
QUIET = {
    "telemetry": {"enabled": False},
    # The default redirects the output of the whole process, which a run in a thread must not do to the others.
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"},
}


class ToyLibrary:
    """A library, its definitions and its Dagster instance, all below one folder. Use it as a context manager.

    Opened again on the same folder, with other settings or in another process, it goes on where it was.

    Args:
        database: The address of Dagster's database on PostgreSQL; by default it is on SQLite, below `root`.
        changes: Sections of the settings.
    """

    def __init__(self, root: Path, *, database: Any = None, **changes: Any) -> None:
        self.root = root
        self.database: str | None = database
        self.inbox = root / "in"
        self.inbox.mkdir(parents=True, exist_ok=True)
        (root / "bench").mkdir(exist_ok=True)
        self.bench = Bench(root / "bench")
        self.settings = toy_settings(root, **changes)
        self.library = open_library(self.settings, observers=build_observers(self.settings, Secrets()))
        self.definitions = self._definitions()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        dagster_fixes.apply()
        home = empty_home(self.root)
        overrides = {**QUIET, **(postgres.storage(self.database) if self.database else {})}
        self.instance = self._open.enter_context(dg.DagsterInstance.local_temp(str(home), overrides=overrides))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _definitions(self) -> dg.Definitions:
        resources: dict[str, Any] = {
            io_manager_key(name): dg.IOManagerDefinition(resource_fn=lambda _, store=store: ArtifactIOManager(store))
            for name, store in self.library.stores.items()
        }
        resources["library"] = self.library
        resources["bench"] = dg.ResourceDefinition(resource_fn=lambda _: self.bench)
        resources["progress"] = dg.ResourceDefinition(resource_fn=lambda _: LogProgress())
        return dg.Definitions(
            assets=[dagster_asset(stage, self.settings, None, batches_of(stage, PIPELINE)) for stage in PIPELINE],
            resources=resources,
            executor=dg.in_process_executor,
        )

    def write(self, **texts: str) -> list[str]:
        """Files `<name>.txt` with these texts, registered; returns their keys."""
        for name, text in texts.items():
            (self.inbox / f"{name}.txt").write_text(text, "utf-8")
        return self.register()

    def register(self) -> list[str]:
        keys = [entry.key for entry in self.library.sources[SOURCE].scan()]
        register(self.instance, keys)
        return keys

    def run(
        self, asset: str, *, keys: Sequence[str] = (), force: bool = False, tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """One run of one stage over all files, or over the range of `keys`, as the backfill daemon starts it."""
        keys = keys or self.register()
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(asset)],
            run_config={
                "ops": {asset: {"config": {"force": force}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            tags={ASSET_PARTITION_RANGE_START_TAG: keys[0], ASSET_PARTITION_RANGE_END_TAG: keys[-1], **(tags or {})},
            raise_on_error=False,
        )

    def run_all(self, *, force: bool = False) -> list[dg.ExecuteInProcessResult]:
        return [self.run(stage.name, force=force) for stage in PIPELINE]

    def processor(self) -> Processor:
        return Processor(self.definitions, self.library, PIPELINE, self.instance)

    def process(self, selection: Selection = EVERYTHING) -> dict[str, StagePlan]:
        """What `media-assets process` and `retry` do; what they planned, by stage."""
        processor = self.processor()
        keys = processor.select(selection)
        chunks = Chunks(processor, keys, selection)
        for _ in chunks.process():
            pass
        for spent in chunks.spent.values():
            raise spent
        return chunks.plans

    def status(self) -> LibraryStatus:
        return library_status(self.instance, self.library, PIPELINE, self.register())

    def manifest(self, asset: str, key: str) -> Manifest | None:
        return self.library.store(asset).manifest(asset, key)

    def made(self, asset: str, key: str) -> Manifest:
        manifest = self.manifest(asset, key)
        assert manifest is not None, f"{asset} of {key} is missing"
        return manifest

    def text_of(self, asset: str, key: str, name: str) -> str:
        """What is in a file of an artifact."""
        with self.library.store(asset).lease(self.made(asset, key).file(name)) as path:
            return path.read_text("utf-8")

    def scratch(self) -> list[Path]:
        """What is left in the work directories."""
        return _below(self.root / "state" / "work")

    def journals(self) -> list[Path]:
        return _below(self.root / "state" / "journal")


def key_of(name: str) -> str:
    return f"{SOURCE}:{name}.txt"


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetMaterialization]:
    """What a run recorded, by partition; a second materialization of one would be a defect."""
    events = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    by_key = {str(event.partition): event for event in events}
    assert len(by_key) == len(events)
    return by_key


def observed(result: dg.ExecuteInProcessResult) -> dict[str, Mapping[str, Any]]:
    """The metadata of the observations of a run, by partition."""
    events = [event.asset_observation_data.asset_observation for event in result.get_asset_observation_events()]
    by_key: dict[str, Mapping[str, Any]] = {
        str(event.partition): {name: value.value for name, value in event.metadata.items()} for event in events
    }
    assert len(by_key) == len(events)
    return by_key


def retries(result: dg.ExecuteInProcessResult) -> int:
    """How often the step was begun anew."""
    return sum(event.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY for event in result.all_events)


def failure_of(result: dg.ExecuteInProcessResult) -> dg.Failure:
    """What the run's only step failed with."""
    (event,) = result.get_step_failure_events()
    data = event.step_failure_data.user_failure_data
    assert data is not None, event.step_failure_data.error
    return dg.Failure(description=data.description, metadata=data.metadata)


def failed_files(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The table of a failed run: the reason by file."""
    table = failure_of(result).metadata["failures"]
    assert isinstance(table, dg.TableMetadataValue)
    return {str(record.data["file"]): str(record.data["reason"]) for record in table.records}


def run_in_child(root: Path, asset: str, changes: Mapping[str, Any]) -> None:
    """The target of a child process: one run of one stage."""
    with ToyLibrary(root, **changes) as toy:
        toy.run(asset)


def _below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*")) if folder.exists() else []
