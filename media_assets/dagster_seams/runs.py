"""Runs and backfills as Dagster stores them: tags, states, and tables.

Seen with Dagster 1.13. The tags are part of what Dagster shows and filters by, and their names are not exported; of
runs and backfills the public interface has no counts and no pages.
"""

from __future__ import annotations

from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import KeyValueStoreTable
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    BACKFILL_ID_TAG,
    MAX_RETRIES_TAG,
    PARENT_RUN_ID_TAG,
    WILL_RETRY_TAG,
)

__all__ = [
    "ASSET_PARTITION_RANGE_END_TAG",
    "ASSET_PARTITION_RANGE_START_TAG",
    "BACKFILL_ID_TAG",
    "FINISHED_STATUSES",
    "MAX_RETRIES_TAG",
    "PARENT_RUN_ID_TAG",
    "WILL_RETRY_TAG",
    "BulkActionStatus",
    "BulkActionsFilter",
    "KeyValueStoreTable",
    "SqlRunStorage",
]
