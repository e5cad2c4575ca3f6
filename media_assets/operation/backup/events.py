"""Dagster's records of artifacts, many at once: read from one instance, and written to another.

Dagster writes a record at a time, with several connections for each: 5 ms of CPU on SQLite, and as many waits for the
disk. In batches (`store_event_batch`) it is 0.2 ms: on PostgreSQL by Dagster, on SQLite by `dagster_seams.fixes`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import dagster as dg

from media_assets.dagster_seams.data_versions import INPUT_EVENT_POINTER_TAG_PREFIX, NULL_EVENT_POINTER
from media_assets.dagster_seams.event_log import (
    RUNLESS_JOB_NAME,
    RUNLESS_RUN_ID,
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    EventLogEntry,
    StepMaterializationData,
    get_current_timestamp,
)
from media_assets.dagster_seams.runs import BACKFILL_ID_TAG, MAX_RETRIES_TAG
from media_assets.pipeline.marks import IMPORTED_TAG

RECORDED_AT = "recorded_at"
"""Metadata of an imported record: when the artifact was recorded in the first place."""

_JOB = "__ASSET_JOB"


class Recorded(NamedTuple):
    """A materialization, and when it was recorded (Unix time)."""

    materialization: dg.AssetMaterialization
    timestamp: float


def materializations(instance: dg.DagsterInstance, asset: str, storage_ids: Sequence[int]) -> dict[str, Recorded]:
    """What was recorded under these ids, by file."""
    records_filter = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), storage_ids=storage_ids)
    page = instance.fetch_materializations(records_filter, limit=len(storage_ids)) if storage_ids else None
    return {
        str(record.partition_key): Recorded(record.asset_materialization, record.timestamp)
        for record in (page.records if page else ())
        if record.asset_materialization
    }


def carried(
    recorded: Recorded, key: str, archive_id: str, metadata: Mapping[str, dg.MetadataValue]
) -> dg.AssetMaterialization:
    """A materialization as it is recorded in another instance, where there are no such events and backfills.

    Args:
        key: The key that the file has there.
        metadata: What is another there.
    """
    found = recorded.materialization
    tags = {
        name: NULL_EVENT_POINTER if name.startswith(INPUT_EVENT_POINTER_TAG_PREFIX) else value
        for name, value in (found.tags or {}).items()
        if name != BACKFILL_ID_TAG
    }
    return dg.AssetMaterialization(
        found.asset_key,
        description=found.description,
        partition=key,
        metadata={RECORDED_AT: dg.MetadataValue.timestamp(recorded.timestamp), **found.metadata, **metadata},
        tags=tags | {IMPORTED_TAG: archive_id},
    )


def record_made(instance: dg.DagsterInstance, events: Iterable[dg.AssetMaterialization]) -> None:
    """Record materializations of one asset that belong to no run."""
    instance.event_log_storage.store_event_batch(
        [
            _entry(
                DagsterEvent(
                    dg.DagsterEventType.ASSET_MATERIALIZATION.value,
                    job_name=RUNLESS_JOB_NAME,
                    event_specific_data=StepMaterializationData(event, []),
                ),
                RUNLESS_RUN_ID,
            )
            for event in events
        ]
    )


def failed_run(instance: dg.DagsterInstance, archive_id: str, assets: Iterable[str]) -> str:
    """The id of a run that stands for all runs in which files of an archive failed; it is added when it is not there.

    So they are red in the UI too, and automation takes them for what was tried already.
    """
    run = dg.DagsterRun(
        _JOB,
        run_id=str(uuid.UUID(archive_id)),
        status=dg.DagsterRunStatus.FAILURE,
        asset_selection=frozenset(map(dg.AssetKey, assets)),
        tags={IMPORTED_TAG: archive_id, MAX_RETRIES_TAG: "0"},
    )
    if not instance.has_run(run.run_id):
        instance.add_run(run)
        instance.report_engine_event("These files had failed before the library's state was imported.", run)
    return run.run_id


def record_failed(
    instance: dg.DagsterInstance, run_id: str, archive_id: str, events: Sequence[dg.AssetObservation]
) -> None:
    """Record failures of one asset, as those of a run."""
    asset_key = events[0].asset_key
    step = asset_key.path[-1]
    planned = [
        DagsterEvent.build_asset_materialization_planned_event(
            _JOB, step, AssetMaterializationPlannedData(asset_key, partition=event.partition)
        )
        for event in events
    ]
    instance.event_log_storage.store_event_batch([_entry(event, run_id) for event in planned])
    noted = [
        DagsterEvent(
            dg.DagsterEventType.ASSET_OBSERVATION.value,
            job_name=_JOB,
            step_key=step,
            event_specific_data=AssetObservationData(
                dg.AssetObservation(
                    asset_key,
                    partition=event.partition,
                    metadata=event.metadata,
                    tags={**(event.tags or {}), IMPORTED_TAG: archive_id},
                )
            ),
        )
        for event in events
    ]
    instance.event_log_storage.store_event_batch([_entry(event, run_id) for event in noted])


def _entry(event: DagsterEvent, run_id: str) -> EventLogEntry:
    return EventLogEntry(  # type: ignore[no-untyped-call]
        user_message="",
        level=logging.INFO,
        job_name=event.job_name,
        run_id=run_id,
        error_info=None,
        # Not the time of the original: what is older than the last wiping of an asset does not count.
        timestamp=get_current_timestamp(),
        step_key=event.step_key,
        dagster_event=event,
    )
