"""As much of a Docker engine as the gate asks, on a real socket, and what the gate allows."""

from __future__ import annotations

import json
import socketserver
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import yaml

from media_assets.containers.run_container import Allowed
from media_assets_tests import go_json

ALLOWED = Allowed(image="media-assets:latest", network="stack", volumes_from="stack-code", project="stack")
CONFIG = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "docker" / "dagster.yaml").read_text("utf-8"))
RUN_ID = "3f2a9c1e-0000-4000-8000-000000000000"
COMMAND = ["dagster", "api", "execute_run", '{"__class__": "ExecuteRunArgs"}']
RUNNING = {"Status": "running", "Health": {"Log": [{"Output": "secret"}]}}
OTHERS: dict[str, Any] = {
    "stranger": {"HostConfig": {"VolumesFrom": None}, "Config": {"Env": ["PASSWORD=secret"], "Labels": {}}},
    "cli": {
        "HostConfig": {"VolumesFrom": None},
        "Config": {"Env": ["PASSWORD=secret"], "Labels": {"com.docker.compose.project": "stack"}},
    },
}
"""`stranger` is none of ours; `cli` is what `docker compose run` starts."""


class Engine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """As much of Docker's API as creating, looking at and ending containers takes; it decodes as Go does."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        super().__init__(path, _EngineHandler)
        self.containers: dict[str, dict[str, Any]] = {
            name: {**each, "State": dict(RUNNING)} for name, each in OTHERS.items()
        }
        self.asked: list[str] = []
        self.bodies: list[bytes] = []


class _EngineHandler(BaseHTTPRequestHandler):
    server: Engine

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(f"GET {self.path}")
        if self.path == "/version":
            self._answer(200, {"ApiVersion": "1.41", "Version": "20.10", "KernelVersion": "secret"})
        elif self.path == "/_ping":
            self._answer(200, "OK")
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
        self.server.bodies.append(body)
        if self.path.endswith("/containers/create"):
            config = go_json.decoded(body)
            self.server.containers["new"] = {
                "Config": config,
                "HostConfig": config.pop("HostConfig"),
                "State": {"Status": "created"},
            }
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


def run_container(**changes: Any) -> dict[str, Any]:
    """What the launcher of deploy/docker/dagster.yaml asks for, with what docker-compose.yml adds."""
    kwargs = dict(CONFIG["run_launcher"]["config"]["container_kwargs"])
    del kwargs["stop_timeout"]
    kwargs |= {"image": "media-assets:latest", "network": "stack", "volumes_from": ["stack-code"], "mem_limit": "1g"}
    kwargs |= {"cpu_period": 100000, "cpu_quota": 200000, "auto_remove": True}
    labels = {"dagster/run_id": RUN_ID, "dagster/job_name": "__ASSET_JOB", "media_assets.project": "stack"}
    labels |= {"com.docker.compose.project": "", "com.docker.compose.service": ""}
    environment = {"POSTGRES_PASSWORD": "a=b", "DAGSTER_RUN_JOB_NAME": "__ASSET_JOB"}
    return {**kwargs, "command": COMMAND, "environment": environment, "labels": labels, "detach": True, **changes}
