"""The gate before Docker's socket, and the launcher behind it, against an engine that is a real server on a socket."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import dagster as dg
import docker
import pytest
import yaml
from dagster._core.launcher.base import WorkerStatus
from docker.errors import APIError, NotFound

from media_assets.abandoned_runs import owner_tags
from media_assets.containers.gate import Allowed, Gate
from media_assets.containers.run_launcher import RunLauncher

ALLOWED = Allowed(image="media-assets:latest", network="stack", volumes_from="stack-code")
CONFIG = yaml.safe_load((Path(__file__).parent.parent / "deploy" / "docker" / "dagster.yaml").read_text("utf-8"))
OTHERS: dict[str, Any] = {"HostConfig": {"VolumesFrom": None}, "Config": {"Env": ["PASSWORD=secret"]}}


class Engine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """As much of Docker's API as creating, looking at and ending containers takes. `stranger` is none of ours."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        super().__init__(path, _EngineHandler)
        self.containers: dict[str, dict[str, Any]] = {"stranger": OTHERS | {"State": {"Status": "running"}}}
        self.asked: list[str] = []


class _EngineHandler(BaseHTTPRequestHandler):
    server: Engine

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(f"GET {self.path}")
        if self.path == "/version":
            self._answer(200, {"ApiVersion": "1.41", "Version": "20.10"})
        elif self.path.endswith("/json") and "/containers/" in self.path:
            name = self.path.split("/")[-2]
            found = self.server.containers.get(name)
            self._answer(
                *((200, {"Id": name, "Name": name, "Image": "x", **found}) if found else (404, {"message": "no"}))
            )
        else:
            self._answer(404, {"message": "no such page"})

    def do_POST(self) -> None:
        self.server.asked.append(f"POST {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/containers/create"):
            self.server.containers["new"] = {**json.loads(body), "State": {"Status": "created"}}
            self._answer(201, {"Id": "new", "Warnings": []})
        else:
            name, action = self.path.split("?")[0].split("/")[-2:]
            self.server.containers[name]["State"] = {"Status": {"start": "running"}.get(action, "exited")}
            self._answer(204, None)

    def _answer(self, status: int, body: Any) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if content:
            self.wfile.write(content)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(str(tmp_path / "docker.sock")) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def gate(engine: Engine) -> Iterator[str]:
    """Its address."""
    with Gate(("127.0.0.1", 0), str(engine.server_address), ALLOWED) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def client(gate: str) -> Iterator[docker.DockerClient]:
    with ExitStack() as stack:
        made = docker.DockerClient(base_url=gate)
        stack.callback(made.close)
        yield made


def run_container(**changes: Any) -> dict[str, Any]:
    """What the launcher of deploy/docker/dagster.yaml asks for, with what docker-compose.yml adds."""
    kwargs = dict(CONFIG["run_launcher"]["config"]["container_kwargs"])
    del kwargs["stop_timeout"]
    kwargs |= {"image": "media-assets:latest", "network": "stack", "volumes_from": ["stack-code"], "mem_limit": "1g"}
    kwargs |= {"cpu_period": 100000, "cpu_quota": 200000, "auto_remove": True, "labels": {"dagster/run_id": "1"}}
    return {**kwargs, "command": ["dagster"], "environment": {"A": "b"}, "detach": True, **changes}


def test_a_run_container_is_created_started_looked_at_and_stopped(engine: Engine, client: docker.DockerClient) -> None:
    container = client.containers.create(**run_container())
    container.start()
    container.reload()
    assert container.status == "running"
    container.stop(timeout=3)
    assert engine.containers["new"]["State"]["Status"] == "exited"
    assert engine.containers["new"]["HostConfig"]["Tmpfs"] == {"/tmp": ""}


@pytest.mark.parametrize(
    "changes",
    [
        {"privileged": True},
        {"volumes": {"/": {"bind": "/host", "mode": "rw"}}},
        {"mounts": [docker.types.Mount("/host", "/", type="bind")]},
        {"volumes_from": ["stack-docker-gate-1"]},
        {"volumes_from": ["stack-code", "stack-docker-gate-1"]},
        {"image": "busybox"},
        {"network": "stack-control"},
        {"network": None, "network_mode": "host"},
        {"pid_mode": "host"},
        {"ipc_mode": "host"},
        {"cap_add": ["SYS_ADMIN"]},
        {"cap_drop": []},
        {"security_opt": ["no-new-privileges:true", "seccomp=unconfined"]},
        {"security_opt": []},
        {"devices": ["/dev/sda:/dev/sda:rwm"]},
        {"device_cgroup_rules": ["b *:* rwm"]},
        {"user": "root"},
        {"entrypoint": ["sh"]},
        {"runtime": "other"},
        {"ports": {"3000/tcp": 3000}},
        {"restart_policy": {"Name": "always"}, "auto_remove": False},
        {"cgroup_parent": "/"},
        {"sysctls": {"net.ipv4.ip_forward": "1"}},
    ],
    ids=str,
)
def test_what_would_reach_the_host_is_refused(
    changes: dict[str, Any], engine: Engine, client: docker.DockerClient
) -> None:
    with pytest.raises(APIError, match="refused by the gate") as refused:
        client.containers.create(**run_container(**changes))
    assert refused.value.status_code == 403
    assert set(engine.containers) == {"stranger"}
    assert not [asked for asked in engine.asked if asked.startswith("POST")]


def test_containers_of_others_cannot_be_ended_and_show_only_their_state(
    engine: Engine, client: docker.DockerClient
) -> None:
    stranger = client.containers.get("stranger")
    assert stranger.status == "running"
    assert "secret" not in json.dumps(stranger.attrs)
    for act in (stranger.stop, stranger.kill, stranger.start):
        with pytest.raises(APIError, match="not a run container"):
            act()
    assert engine.containers["stranger"]["State"]["Status"] == "running"


def test_nothing_else_of_docker_is_there(engine: Engine, client: docker.DockerClient) -> None:
    for act in (
        client.images.list,
        client.volumes.list,
        client.containers.list,
        client.info,
        lambda: client.images.pull("busybox:latest"),
        lambda: client.api.exec_create("stranger", "sh"),
        lambda: client.api.remove_container("stranger"),
        lambda: client.containers.get("stranger/../../images"),
    ):
        with pytest.raises((APIError, NotFound)):
            act()
    assert set(engine.asked) <= {"GET /version"}


# ----------------------------------------------------------------------------------------------- the launcher


@pytest.fixture
def launcher(gate: str, monkeypatch: pytest.MonkeyPatch) -> RunLauncher:
    monkeypatch.setenv("DOCKER_HOST", gate)
    return RunLauncher(**CONFIG["run_launcher"]["config"])


def run_of(tags: dict[str, str]) -> dg.DagsterRun:
    return dg.DagsterRun("job", status=dg.DagsterRunStatus.STARTED, tags=tags)


def test_a_run_of_the_command_line_is_alive_as_long_as_its_container(engine: Engine, launcher: RunLauncher) -> None:
    run = run_of({**owner_tags(), "media_assets/host": "stranger"})
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    engine.containers["stranger"]["State"]["Status"] = "exited"
    assert launcher.check_run_worker_health(run).status is WorkerStatus.FAILED
    del engine.containers["stranger"]
    assert launcher.check_run_worker_health(run).status is WorkerStatus.NOT_FOUND


def test_a_run_in_a_container_of_its_own_is_alive_as_long_as_that(engine: Engine, launcher: RunLauncher) -> None:
    run = run_of({"docker/container_id": "stranger"})
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    engine.containers["stranger"]["State"]["Status"] = "exited"
    assert launcher.check_run_worker_health(run).status is WorkerStatus.FAILED
    del engine.containers["stranger"]
    assert launcher.check_run_worker_health(run).status is WorkerStatus.NOT_FOUND
