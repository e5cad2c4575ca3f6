"""Asks a Dagster webserver over GraphQL, as the UI does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests


class QueryFailed(AssertionError):
    """The webserver answered with errors."""


class DagsterUI:
    """The webserver at a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """The data of a GraphQL answer.

        Raises:
            QueryFailed: there are errors in it.
        """
        answer = requests.post(
            f"http://127.0.0.1:{self._port}/graphql", json={"query": text, "variables": variables}, timeout=60
        )
        body = answer.json()
        if "errors" in body:
            raise QueryFailed("\n".join(error["message"] for error in body["errors"]))
        return dict(body["data"])

    def is_loaded(self) -> bool:
        """Whether the webserver answers and has the code location."""
        try:
            data = self.query("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")
        except requests.ConnectionError:
            return False
        return bool(data["repositoriesOrError"].get("nodes"))

    def cells(self, asset: str) -> Mapping[str, set[str]]:
        """Keys of partitions by state: `materialized`, `failed`, `materializing`, `unmaterialized`."""
        data = self.query(
            """query Cells($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
                 partitionKeys
                 assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions failedPartitions
                   materializingPartitions unmaterializedPartitions } } } } }""",
            key={"path": [asset]},
        )
        statuses = data["assetNodeOrError"]["assetPartitionStatuses"]
        return {name.removesuffix("Partitions"): set(statuses.get(name) or ()) for name in statuses}

    def partition_keys(self, asset: str) -> list[str]:
        """In the order that ranges of partitions follow."""
        data = self.query(
            """query Keys($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) {
                 ... on AssetNode { partitionKeys } } }""",
            key={"path": [asset]},
        )
        return list(data["assetNodeOrError"]["partitionKeys"])

    def runs(self) -> list[dict[str, Any]]:
        """All runs, newest first."""
        data = self.query(
            """{ runsOrError(limit: 1000) { ... on Runs { results {
                 id status assetSelection { path } tags { key value } startTime endTime creationTime } } } }"""
        )
        return list(data["runsOrError"]["results"])

    def log_of(self, run_id: str) -> list[str]:
        """The messages in the log of a run."""
        data = self.query(
            """query Log($id: ID!) { logsForRun(runId: $id) { ... on EventConnection {
                 events { ... on MessageEvent { message } } } } }""",
            id=run_id,
        )
        return [event["message"] for event in data["logsForRun"]["events"] if "message" in event]

    def backfills(self) -> list[dict[str, Any]]:
        data = self.query(
            """{ partitionBackfillsOrError(limit: 100) { ... on PartitionBackfills { results {
                 id status numPartitions } } } }"""
        )
        return list(data["partitionBackfillsOrError"]["results"])

    def latest_observation(self, asset: str, partition: str) -> dict[str, str]:
        """The metadata of the latest observation of a cell."""
        data = self.query(
            """query Seen($key: AssetKeyInput!, $partitions: [String!]) { assetNodeOrError(assetKey: $key) {
                 ... on AssetNode { assetObservations(partitions: $partitions, limit: 1) {
                   metadataEntries { label ... on TextMetadataEntry { text } } } } } }""",
            key={"path": [asset]},
            partitions=[partition],
        )
        observations = data["assetNodeOrError"]["assetObservations"]
        entries = observations[0]["metadataEntries"] if observations else []
        return {entry["label"]: entry.get("text", "") for entry in entries}

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """The newest looks of a sensor, by `timestamp` (when it began) and `endTimestamp` (null: it goes on)."""
        data = self.query(
            """{ repositoriesOrError { ... on RepositoryConnection { nodes {
                 sensors { name sensorState { ticks(limit: 25) { timestamp endTimestamp status } } } } } } }"""
        )
        (repository,) = data["repositoriesOrError"]["nodes"]
        (found,) = [each["sensorState"]["ticks"] for each in repository["sensors"] if each["name"] == sensor]
        return list(found)

    def stop_sensor(self, name: str) -> None:
        """What the switch in the list of sensors does."""
        data = self.query(
            """{ repositoriesOrError { ... on RepositoryConnection { nodes {
                 sensors { name sensorState { id } } } } } }"""
        )
        (repository,) = data["repositoriesOrError"]["nodes"]
        (state,) = [sensor["sensorState"]["id"] for sensor in repository["sensors"] if sensor["name"] == name]
        stop = "mutation Stop($id: String) { stopSensor(id: $id) { __typename } }"
        assert self.query(stop, id=state)["stopSensor"]["__typename"] == "StopSensorMutationResult"

    def launch_backfill(self, assets: list[str], partitions: list[str]) -> str:
        """What the button does; returns the id of the backfill."""
        data = self.query(
            """mutation Launch($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
                 __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
            params={"assetSelection": [{"path": [asset]} for asset in assets], "partitionNames": partitions},
        )
        return str(data["launchPartitionBackfill"]["backfillId"])
