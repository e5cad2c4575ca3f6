"""What Dagster's event log says of files in one asset by now: that it was made, or why it failed since.

What the records mean is in `records`; what is new in the log is read by its `EventFeed`. Nobody else asks Dagster for
events of assets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import dagster as dg

from media_assets.base.batches import batched
from media_assets.pipeline.records import Failed, Withdrawn, events_of

_PAGE = 500
_EVENTS_PAGE = 1000


def newest_id(instance: dg.DagsterInstance) -> int:
    """The id of the newest event of the instance, of whatever kind; 0 where there is none."""
    return instance.event_log_storage.get_maximum_record_id() or 0


def made_ids(instance: dg.DagsterInstance, asset: str, keys: Collection[str] | None = None) -> Mapping[str, int]:
    """The files that have the artifact recorded, each with the storage id of the latest record.

    Args:
        keys: The files to look at; None: all.
    """
    return _latest_ids(instance, asset, dg.DagsterEventType.ASSET_MATERIALIZATION, keys)


def noted_ids(instance: dg.DagsterInstance, asset: str, keys: Collection[str]) -> Mapping[str, int]:
    """The files of which the log says something else than that the artifact is there, such as a failure, each with the
    storage id of the latest record."""
    return _latest_ids(instance, asset, dg.DagsterEventType.ASSET_OBSERVATION, keys)


def latest_made(instance: dg.DagsterInstance, asset: str) -> dg.AssetMaterialization | None:
    """What was recorded last when the asset was made, of whichever file; None when it never was."""
    entry = instance.get_latest_materialization_event(dg.AssetKey(asset))
    return entry.asset_materialization if entry else None


def ever_failed(instance: dg.DagsterInstance, asset: str) -> set[str]:
    """The files that failed at least once, through a fault of their own; one that was over budget did not."""
    found: set[str] = set()
    withdrawn: set[str] = set()
    cursor, more = None, True
    while more:
        page = instance.fetch_observations(dg.AssetKey(asset), limit=_EVENTS_PAGE, cursor=cursor)
        cursor, more = page.cursor, page.has_more
        for record in page.records:
            for event in events_of(record):  # the newest first
                if isinstance(event, Withdrawn):
                    withdrawn.add(event.key)
                elif isinstance(event, Failed) and event.key in withdrawn:
                    withdrawn.discard(event.key)
                elif isinstance(event, Failed) and not event.is_held:
                    found.add(event.key)
    return found


def latest_failures(
    instance: dg.DagsterInstance, asset: str, made: Mapping[str, int]
) -> dict[str, dg.AssetObservation]:
    """The record of the failure of each file that failed since it was made last.

    Args:
        made: See `made_ids`.
    """
    found = _failure_records(instance, asset, made, None)
    return {key: record.asset_observation for key, record in found.items() if record.asset_observation}


def failures(
    instance: dg.DagsterInstance, asset: str, made: Mapping[str, int], keys: Collection[str] | None = None
) -> dict[str, Failed]:
    """The same in the project's terms, of some files or, for None, of all."""
    found = _failure_records(instance, asset, made, keys)
    return {key: event for key, record in found.items() for event in events_of(record) if isinstance(event, Failed)}


def _failure_records(
    instance: dg.DagsterInstance, asset: str, made: Mapping[str, int], keys: Collection[str] | None
) -> dict[str, dg.EventLogRecord]:
    noted = _latest_ids(instance, asset, dg.DagsterEventType.ASSET_OBSERVATION, keys)
    suspects = sorted(key for key, storage_id in noted.items() if storage_id > made.get(key, -1))
    latest: dict[str, dg.EventLogRecord | None] = {}
    for page in batched(suspects, _PAGE):
        for key, record in _failed_or_withdrawn(instance, asset, page):
            if key not in latest and record.storage_id > made.get(key, -1):
                is_failure = any(isinstance(event, Failed) for event in events_of(record))
                latest[key] = record if is_failure else None
    return {key: record for key, record in latest.items() if record}


def _failed_or_withdrawn(
    instance: dg.DagsterInstance, asset: str, keys: Sequence[str]
) -> Iterator[tuple[str, dg.EventLogRecord]]:
    """The records of failures, and of those that were taken back, newest first."""
    records_filter = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=keys)
    cursor, more = None, True
    while more:
        page = instance.fetch_observations(records_filter, limit=_PAGE, cursor=cursor)
        cursor, more = page.cursor, page.has_more
        for record in page.records:
            for event in events_of(record):
                if isinstance(event, Failed | Withdrawn):
                    yield event.key, record


def _latest_ids(
    instance: dg.DagsterInstance, asset: str, kind: dg.DagsterEventType, keys: Collection[str] | None
) -> Mapping[str, int]:
    storage, asset_key = instance.event_log_storage, dg.AssetKey(asset)
    if keys is not None and len(keys) <= _PAGE:  # each is a variable of the statement
        return storage.get_latest_storage_id_by_partition(asset_key, kind, set(keys))
    found = storage.get_latest_storage_id_by_partition(asset_key, kind)
    return found if keys is None else {key: number for key, number in found.items() if key in keys}
