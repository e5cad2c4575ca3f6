"""The files of a run, read from the database without those of all other runs.

Dagster 1.13.27: a run over a range of partitions reads the keys of all partitions four times, to take those between the
first and the last. In a library of 50,000 files that takes longer than a run of 50 files on the files themselves. The
database knows which keys lie between two. To be removed when `DynamicPartitionsDefinition` asks for them alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.definitions.partitions.definition import PartitionsDefinition
from dagster._core.storage.event_log.schema import DynamicPartitionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from sqlalchemy import ScalarSelect, select

_of_all_keys = PartitionsDefinition.get_partition_keys_in_range


def _keys_in_range(self: dg.DynamicPartitionsDefinition, partition_key_range: dg.PartitionKeyRange) -> Sequence[str]:
    """The keys from the first to the last of a range, in the order in which they were registered.

    Raises:
        DagsterInvalidInvocationError: one of the two is not registered.
    """
    with partition_loading_context() as context:
        instance = context.dynamic_partitions_store
    storage = instance.event_log_storage if isinstance(instance, dg.DagsterInstance) else None
    if self.name is None or not isinstance(storage, SqlEventLogStorage):
        return _of_all_keys(self, partition_key_range)
    columns = DynamicPartitionsTable.c
    first, last = (_id_of(self.name, key) for key in (partition_key_range.start, partition_key_range.end))
    query = (
        select(columns.partition)
        .where(columns.partitions_def_name == self.name, columns.id >= first, columns.id <= last)
        .order_by(columns.id)
    )
    with storage.index_connection() as connection:
        found = connection.scalars(query).all()
    return found or _of_all_keys(self, partition_key_range)  # which says what is wrong with the range


def _id_of(name: str, key: str) -> ScalarSelect[int]:
    columns = DynamicPartitionsTable.c
    return select(columns.id).where(columns.partitions_def_name == name, columns.partition == key).scalar_subquery()


def apply() -> None:
    """Mend it, for this process; a second call changes nothing."""
    dg.DynamicPartitionsDefinition.get_partition_keys_in_range = _keys_in_range  # type: ignore[method-assign,assignment]
