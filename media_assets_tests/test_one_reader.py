"""Only a few modules ask Dagster for events of assets, so that all who count or tell agree on what happened."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import media_assets
from media_assets.dagster_seams import events_together
from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.operation.backup import events as backup_events
from media_assets.pipeline import latest_records, records

ASKS = {
    "AssetRecordsFilter",
    "EventRecordsFilter",
    "fetch_materializations",
    "fetch_observations",
    "fetch_planned_materializations",
    "fetch_run_status_changes",
    "get_asset_records",
    "get_event_records",
    "get_latest_data_version_record",
    "get_latest_materialization_event",
    "get_latest_materialization_events",
    "get_latest_planned_materialization_info",
    "get_latest_storage_id_by_partition",
    "get_latest_tags_by_partition",
    "get_materialized_partitions",
    "get_maximum_record_id",
    "SqlEventLogStorageTable",
}
"""Names by which Dagster is asked."""

MAY_ASK = {
    records: "what the records mean, and what is new",
    latest_records: "what they say by now",
    backup_events: "whole records, as they were written, which another instance gets",
    dagster_fixes: "for Dagster itself, not for the project",
    events_together: "for Dagster itself, which writes them",
}


def asked_in(source: str) -> Iterator[str]:
    """The names of `ASKS` that a module uses, however it came by them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ASKS:
            yield node.attr
        elif isinstance(node, ast.Name | ast.alias):
            name = node.id if isinstance(node, ast.Name) else node.name
            if name in ASKS:
                yield name
        elif isinstance(node, ast.Constant) and node.value in ASKS:
            yield str(node.value)


def test_nobody_else_asks_dagster_for_events_of_assets() -> None:
    allowed = {Path(str(module.__file__)).resolve() for module in MAY_ASK}
    root = Path(str(media_assets.__file__)).resolve().parent
    found = {str(path.relative_to(root)): sorted(set(asked_in(path.read_text("utf-8")))) for path in root.rglob("*.py")}
    asking = {path: names for path, names in found.items() if names}
    asking_allowed = {path for path in asking if root / path in allowed}
    assert asking_allowed == {str(path.relative_to(root)) for path in allowed}, "one of them need not be allowed"
    assert {path: names for path, names in asking.items() if path not in asking_allowed} == {}


def test_each_way_to_ask_is_seen() -> None:
    assert list(asked_in("instance.event_log_storage.get_event_records(x)")) == ["get_event_records"]
    assert list(asked_in("from dagster import AssetRecordsFilter as F")) == ["AssetRecordsFilter"]
    assert list(asked_in("getattr(storage, 'fetch_observations')(key)")) == ["fetch_observations"]
    assert list(asked_in("'what get_event_records does'")) == []
