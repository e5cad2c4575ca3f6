"""What asset checks found last of each partition, from the table in which Dagster keeps it.

Seen with Dagster 1.13. The public interface tells the last of each check, of whichever partition, and `status` asks
about all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple, cast

import dagster as dg
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._serdes import deserialize_value
from sqlalchemy import Select, func, select

from media_assets.base.batches import batched

_PAGE = 500
_COLUMNS = AssetCheckExecutionsTable.c
_ENDED = ("SUCCEEDED", "FAILED")


class CheckRecord(NamedTuple):
    """The last result of one check of one partition."""

    id: int
    check: str
    partition: str
    passed: bool
    storage_id: int
    """The number of its event; those of later events are higher."""


def check_records(instance: dg.DagsterInstance, asset: str) -> list[CheckRecord]:
    """The last results of all checks of all partitions of an asset."""
    latest = _latest(asset)
    columns = (
        _COLUMNS.id,
        _COLUMNS.check_name,
        _COLUMNS.partition,
        _COLUMNS.execution_status,
        _COLUMNS.evaluation_event_storage_id,
    )
    with cast("SqlEventLogStorage", instance.event_log_storage).index_connection() as connection:
        rows = connection.execute(select(*columns).where(_COLUMNS.id.in_(latest))).all()
    return [CheckRecord(id, check, key, status == "SUCCEEDED", number or 0) for id, check, key, status, number in rows]


def evaluations(instance: dg.DagsterInstance, ids: Collection[int]) -> Iterator[dg.AssetCheckEvaluation]:
    """What the checks of these records said, in the order of the records."""
    storage = cast("SqlEventLogStorage", instance.event_log_storage)
    for page in batched(sorted(ids), _PAGE):
        with storage.index_connection() as connection:
            query = select(_COLUMNS.evaluation_event).where(_COLUMNS.id.in_(page)).order_by(_COLUMNS.id)
            found = connection.scalars(query).all()
        for text in found:
            event = deserialize_value(text, EventLogEntry).get_dagster_event()
            yield event.asset_check_evaluation_data


def _latest(asset: str) -> Select[tuple[int]]:
    return (
        select(func.max(_COLUMNS.id))
        .where(
            _COLUMNS.asset_key == dg.AssetKey(asset).to_string(),
            _COLUMNS.partition.is_not(None),
            _COLUMNS.execution_status.in_(_ENDED),
        )
        .group_by(_COLUMNS.check_name, _COLUMNS.partition)
    )
