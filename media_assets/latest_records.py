"""What Dagster's event log says last of files in one asset: that it was made, or why it failed since.

What the records mean is in `records`; what is new in the log is read by its `EventFeed`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import dagster as dg

from media_assets.records import Failed, Withdrawn, events_of

_PAGE = 500


def made_ids(instance: dg.DagsterInstance, asset: str, keys: Collection[str] | None = None) -> Mapping[str, int]:
    """The files that have the artifact recorded, each with the storage id of the latest record.

    Args:
        keys: The files to look at; None: all.
    """
    return _latest_ids(instance, asset, dg.DagsterEventType.ASSET_MATERIALIZATION, keys)


def latest_failures(
    instance: dg.DagsterInstance, asset: str, made: Mapping[str, int], keys: Collection[str] | None = None
) -> dict[str, dg.AssetObservation]:
    """By file, the record of its failure, where it failed since it was made last.

    Args:
        made: See `made_ids`.
        keys: The files to look at; None: all.
    """
    found = _failure_records(instance, asset, made, keys)
    return {key: record.asset_observation for key, record in found.items() if record.asset_observation}


def failures(
    instance: dg.DagsterInstance, asset: str, made: Mapping[str, int], keys: Collection[str] | None = None
) -> dict[str, Failed]:
    """The same in the project's terms."""
    found = _failure_records(instance, asset, made, keys)
    return {key: event for key, record in found.items() for event in events_of(record) if isinstance(event, Failed)}


def _failure_records(
    instance: dg.DagsterInstance, asset: str, made: Mapping[str, int], keys: Collection[str] | None
) -> dict[str, dg.EventLogRecord]:
    noted = _latest_ids(instance, asset, dg.DagsterEventType.ASSET_OBSERVATION, keys)
    suspects = sorted(key for key, storage_id in noted.items() if storage_id > made.get(key, -1))
    latest: dict[str, dg.EventLogRecord | None] = {}
    for start in range(0, len(suspects), _PAGE):
        for key, record in _failed_or_withdrawn(instance, asset, suspects[start : start + _PAGE]):
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
