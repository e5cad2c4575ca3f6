"""A real `dagster dev` for tests, asked over GraphQL as the UI does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import psutil
import requests

_START_SECONDS = 120


def heed_interrupts() -> None:
    """For a new process: what a shell runs in the background ignores interrupts, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DagsterDev:
    """`media-assets --config FILE dev`, from start to stop, as a context manager."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config = config
        self._log = log
        self._port = free_port()

    def __enter__(self) -> Self:
        command = [
            sys.executable,
            "-m",
            "media_assets.cli",
            "--config",
            str(self._config),
            "dev",
            "--port",
            str(self._port),
        ]
        ours = ("DAGSTER", "MEDIA_ASSETS")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                preexec_fn=heed_interrupts,
                cwd=self._config.parent,
            )
        try:
            self.wait_for(self._location_is_loaded, seconds=_START_SECONDS, what="the code location")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @staticmethod
    def command_lines() -> set[str]:
        """Of all processes of this machine that run now."""
        return {" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])}

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """The data of a GraphQL answer."""
        answer = requests.post(
            f"http://127.0.0.1:{self._port}/graphql", json={"query": text, "variables": variables}, timeout=60
        )
        body = answer.json()
        assert "errors" not in body, body["errors"]
        return dict(body["data"])

    def wait_for(self, condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
        """The first true answer of `condition`; fails with the end of the log when there is none in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"dagster dev ended:\n{self.log_tail()}"
            answer = condition()
            if answer:
                return answer
            time.sleep(1)
        raise AssertionError(f"{what}: not within {seconds} s\n{self.log_tail()}")

    def log_tail(self) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-60:])

    def _location_is_loaded(self) -> bool:
        try:
            data = self.query("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")
        except requests.ConnectionError:
            return False
        return bool(data["repositoriesOrError"].get("nodes"))

    # ------------------------------------------------------------------------------------------ what the UI asks

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

    def runs(self) -> list[dict[str, Any]]:
        """All runs, newest first."""
        data = self.query(
            """{ runsOrError(limit: 1000) { ... on Runs { results {
                 id status assetSelection { path } tags { key value } startTime endTime creationTime } } } }"""
        )
        return list(data["runsOrError"]["results"])

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
