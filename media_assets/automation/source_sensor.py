"""The sensor of a source: it notices new, changed and removed files, registers them and requests what they need.

A few new or changed files get a run through all stages. Many are registered at once and left to the conditions
(`conditions`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import cached_property

import dagster as dg

from media_assets.automation.source_memory import forget_imported, imported_cursor, sensor_name
from media_assets.base.errors import MediaAssetsError
from media_assets.base.keys import display_name
from media_assets.base.wording import counted, describe_seconds
from media_assets.config.settings import Settings
from media_assets.dagster_seams.future_ticks import bring_back
from media_assets.pipeline.abandoned_runs import close_abandoned_runs
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.lanes import LIVE_TAGS, bulk_request
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import media_files, register, registered
from media_assets.pipeline.pools import apply_pool_limits
from media_assets.pipeline.records import REMOVED, REMOVED_KEYS
from media_assets.places.pace import Pace
from media_assets.places.registered import RegisteredKeys
from media_assets.places.source import Changes, Source, SourceEntry
from media_assets.places.store import ManifestReader

_MOST_REPORTED = 20
_MOST_IN_ONE_EVENT = 100


def source_sensor(
    name: str, library: Library, settings: Settings, stages: Sequence[dg.AssetKey]
) -> dg.SensorDefinition:
    """Watches one source."""
    automation = settings.automation
    section = settings.sources[name]
    interval_seconds = automation.interval_of(section)

    @dg.sensor(
        name=sensor_name(name),
        asset_selection=list(stages),
        minimum_interval_seconds=interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Registers the files of source {name!r} and requests those that are new or changed.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        source = library.sources[name]
        apply_pool_limits(context.instance, settings.pools)
        close_abandoned_runs(context.instance, library.workspaces.take_up_deaths())
        bring_back(context.instance)
        state = InstanceState(context.instance)
        if context.cursor:
            forget_imported(state, name)
        cursor = context.cursor or imported_cursor(state, name)
        pace, now = Pace.read(name, state) if cursor else None, time.time()
        wait_seconds = (
            pace.wait_seconds(now, interval_seconds, automation.quiet_factor, is_paid=section.looks_are_paid)
            if pace
            else 0.0
        )
        if wait_seconds:
            return dg.SkipReason(f"nothing changes in {name}: looked at again in {describe_seconds(wait_seconds)}")
        try:
            changes = source.changes(cursor, state)
        except MediaAssetsError as error:
            raise dg.Failure(description=str(error)) from error
        # Drive's cursor moves with whatever happens in the account.
        changed = bool(changes.changed or changes.removed) or not (source.has_ids or changes.cursor == cursor)
        before = pace or Pace(looked_at=now, changed_at=now)
        before.after(now, time.time() - now, changed=changed).write(name, state)
        tick = _Tick(
            context,
            library,
            source,
            changes,
            stages,
            is_first=cursor is None,
            live_files=automation.live_files,
        )
        return tick.result()

    return watch


class _Tick:
    """One look at a source: what to register, to request and to report."""

    def __init__(
        self,
        context: dg.SensorEvaluationContext,
        library: Library,
        source: Source,
        changes: Changes,
        stages: Sequence[dg.AssetKey],
        *,
        is_first: bool,
        live_files: int,
    ) -> None:
        self._context = context
        self._is_first = is_first
        self._live_files = live_files
        self._library = library
        self._source = source
        self._changes = changes
        self._stages = stages

    def result(self) -> dg.SensorResult | dg.SkipReason:
        known = RegisteredKeys(self._source, self._registered())
        self._changes = known.changes(self._changes)
        self._report_waiting()
        new = [entry for entry in self._changes.changed if entry.key not in known]
        changed = [entry for entry in self._changes.changed if entry.key in known and self._is_outdated(entry)]
        if not (new or changed or self._changes.removed):
            self._context.update_cursor(self._changes.cursor)
            return dg.SkipReason(f"nothing new in {self._source.name}; {counted(len(self._changes.waiting))} not ready")
        if len(new) + len(changed) <= self._live_files:
            registrations, requests = self._live(new, changed)
        else:
            registrations, requests = self._bulk(new, changed)
        self._context.log.info(
            f"{self._source.name}: {len(new)} new, {len(changed)} changed, {len(self._changes.removed)} removed, "
            f"{len(self._changes.waiting)} not ready"
        )
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=registrations,
            asset_events=list(self._removals()),
            cursor=self._changes.cursor,
        )

    def _live(
        self, new: Sequence[SourceEntry], changed: Sequence[SourceEntry]
    ) -> tuple[list[dg.AddDynamicPartitionsRequest], list[dg.RunRequest]]:
        # The daemon registers them just before it submits the runs, so that no condition sees them idle in between.
        registrations = [media_files.build_add_request([entry.key for entry in new])] if new else []
        requests = [
            dg.RunRequest(
                partition_key=entry.key,
                asset_selection=list(self._stages),
                tags=LIVE_TAGS,
            )
            for entry in (*new, *changed)
        ]
        return registrations, requests

    def _bulk(
        self, new: Sequence[SourceEntry], changed: Sequence[SourceEntry]
    ) -> tuple[list[dg.AddDynamicPartitionsRequest], list[dg.RunRequest]]:
        # New ones are missing, which the conditions see by themselves. Registered here, because the daemon checks the
        # keys of a request one by one.
        register(self._context.instance, (entry.key for entry in new))
        if not changed:
            return [], []
        return [], [bulk_request({self._stages[0]: [entry.key for entry in changed]})]

    def _registered(self) -> Sequence[str]:
        if self._changes.changed or self._changes.removed:
            return registered(self._context.instance)
        return ()

    def _is_outdated(self, entry: SourceEntry) -> bool:
        manifest = self._manifests.manifest(self._stages[0].path[-1], entry.key)
        if manifest is None:
            # A file that failed has none to compare with; it is here because it is not what it was.
            return not self._is_first
        return manifest.inputs.get("source") != entry.revision

    @cached_property
    def _manifests(self) -> ManifestReader:
        """Those of the first stage, all at once where many are asked for, as at the first look at a large library."""
        first = self._stages[0].path[-1]
        store = self._library.store(first)
        few = len(self._changes.changed) <= self._live_files
        return store if few else store.as_of_now(first)

    def _removals(self) -> Iterable[dg.AssetObservation]:
        """An event for each of a few, which the UI shows with the file; many share events, for each is stored apart."""
        said = {REMOVED: "the source file is gone; its artifacts are kept"}
        removed = self._changes.removed
        for key in removed[:_MOST_REPORTED]:
            yield dg.AssetObservation(self._stages[0], partition=key, metadata=said)
        for start in range(_MOST_REPORTED, len(removed), _MOST_IN_ONE_EVENT):
            keys = list(removed[start : start + _MOST_IN_ONE_EVENT])
            yield dg.AssetObservation(self._stages[0], metadata={**said, REMOVED_KEYS: dg.MetadataValue.json(keys)})
        for key in self._changes.removed:
            self._context.log.info(f"{display_name(key)} is gone from {self._source.name}; its artifacts are kept")

    def _report_waiting(self) -> None:
        for key, reason in list(self._changes.waiting.items())[:_MOST_REPORTED]:
            self._context.log.info(f"{display_name(key)} waits: {reason}")
