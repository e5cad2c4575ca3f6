"""The event log's own records: cursors, and events written and read as they are stored.

Seen with Dagster 1.13. A backup that keeps when a file was made, and by which run, has to write events as they were;
the public interface writes new ones only.
"""

from __future__ import annotations

from dagster._core.event_api import EventLogCursor
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._serdes import deserialize_value, serialize_value
from dagster._time import get_current_timestamp
from dagster_shared.check import CheckError
from dagster_shared.serdes.errors import DeserializationError

__all__ = [
    "RUNLESS_JOB_NAME",
    "RUNLESS_RUN_ID",
    "AssetMaterializationPlannedData",
    "AssetObservationData",
    "CheckError",
    "DagsterEvent",
    "DeserializationError",
    "EventLogCursor",
    "EventLogEntry",
    "StepMaterializationData",
    "deserialize_value",
    "get_current_timestamp",
    "serialize_value",
]
