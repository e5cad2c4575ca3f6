"""A gate before Docker's socket: lets through what starting, watching and stopping run containers needs.

Whoever may talk to Docker is root on the host. The webserver and the daemon have to start and stop run containers, so
docker-compose.yml gives the socket to this process alone, and those two reach it over a network that nothing else is
on. A container that is created through it has our image, the folders of the code location and no privileges, or it is
not created; only such containers can be started and stopped, and of any container only the state can be read.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_CONTAINER = r"/containers/(?P<container>[\w.-]+)"
_API = r"(?:/v[\d.]+)?"
_READ = re.compile(_API + r"(?:/_ping|/version)")
_INSPECT = re.compile(_API + _CONTAINER + r"/json")
_CREATE = re.compile(_API + r"/containers/create(?:\?name=[\w.-]+)?")
_CONTROL = re.compile(_API + _CONTAINER + r"/(?:start|stop|kill)(?:\?(?:t|signal)=\w+)?")

_PLAIN = {"Image", "Cmd", "Env", "Labels", "HostConfig", "NetworkingConfig"}
_PLAIN |= {"AttachStdin", "AttachStdout", "AttachStderr", "OpenStdin", "StdinOnce", "Tty"}
_HOST_PLAIN = {"NetworkMode", "VolumesFrom", "CapDrop", "SecurityOpt", "AutoRemove", "Init", "ReadonlyRootfs", "Tmpfs"}
_HOST_PLAIN |= {"CpuPeriod", "CpuQuota", "CpuShares", "NanoCpus", "Memory", "MemorySwap", "ShmSize", "PidsLimit"}
_HOST_PLAIN |= {"DeviceRequests"}
"""A request for graphics cards; it reaches no other device."""
_SECURITY = ["no-new-privileges:true"]


@dataclass(frozen=True)
class Allowed:
    """What a run container is.

    Args:
        image: Its image.
        network: Its only network.
        volumes_from: The container whose folders it gets.
    """

    image: str
    network: str
    volumes_from: str

    def refusal(self, container: Mapping[str, Any]) -> str | None:
        """Why this container, as in the body of Docker's `POST /containers/create`, may not be; None if it may."""
        host: Mapping[str, Any] = container.get("HostConfig") or {}
        networks = (container.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        odd = [name for name, value in container.items() if value and name not in _PLAIN]
        odd += [name for name, value in host.items() if value and name not in _HOST_PLAIN]
        if odd:
            return f"{', '.join(odd)}: not for run containers"
        for name, found, expected in (
            ("Image", container.get("Image"), self.image),
            ("NetworkMode", host.get("NetworkMode"), self.network),
            ("networks", list(networks) or [self.network], [self.network]),
            ("VolumesFrom", host.get("VolumesFrom"), [self.volumes_from]),
            ("CapDrop", host.get("CapDrop"), ["ALL"]),
            ("SecurityOpt", host.get("SecurityOpt"), _SECURITY),
        ):
            if found != expected:
                return f"{name} has to be {expected}, not {found}"
        return None


class Gate(ThreadingHTTPServer):
    """Serves Docker's API, as far as it is allowed.

    Args:
        address: Host and port to listen on; port 0 takes a free one.
        engine: The path of Docker's socket.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], engine: str, allowed: Allowed) -> None:
        super().__init__(address, _Handler)
        self.engine = engine
        self.allowed = allowed


class _Engine(HTTPConnection):
    """One connection to Docker's socket."""

    def __init__(self, path: str) -> None:
        super().__init__("docker")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gate

    def do_GET(self) -> None:
        if _READ.fullmatch(self.path):
            self._answer(*self._ask("GET", self.path))
        elif _INSPECT.fullmatch(self.path):
            status, body = self._ask("GET", self.path)
            self._answer(status, _state(body) if status == 200 else body)
        else:
            self._refuse("not needed for runs")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if _CREATE.fullmatch(self.path):
            refusal = self.server.allowed.refusal(json.loads(body))
        elif control := _CONTROL.fullmatch(self.path):
            refusal = None if self._is_run(control["container"]) else "not a run container"
        else:
            refusal = "not needed for runs"
        if refusal:
            self._refuse(refusal)
        else:
            self._answer(*self._ask("POST", self.path, body))

    def _is_run(self, container: str) -> bool:
        """Whether it has been created through this gate: nothing else has the folders of the code location this way."""
        status, body = self._ask("GET", f"/containers/{container}/json")
        return status == 404 or json.loads(body)["HostConfig"]["VolumesFrom"] == [self.server.allowed.volumes_from]

    def _ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        engine = _Engine(self.server.engine)
        try:
            engine.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = engine.getresponse()
            return answer.status, answer.read()
        finally:
            engine.close()

    def _refuse(self, reason: str) -> None:
        self.log_message("refused %s %s: %s", self.command, self.path, reason)
        self._answer(403, json.dumps({"message": f"refused by the gate: {reason}"}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)


def _state(body: bytes) -> bytes:
    """Of a description of a container, what says whether it runs; its environment has secrets."""
    described = json.loads(body)
    return json.dumps({name: described[name] for name in ("Id", "Name", "State", "Image")}).encode()


def main() -> None:
    """Listens on all addresses of its container; docker-compose.yml publishes none of them."""
    allowed = Allowed(os.environ["RUN_IMAGE"], os.environ["RUN_NETWORK"], os.environ["RUN_VOLUMES_FROM"])
    with Gate(("0.0.0.0", 2375), "/var/run/docker.sock", allowed) as gate:  # noqa: S104
        sys.stderr.write(f"run containers: {allowed}\n")
        gate.serve_forever()


if __name__ == "__main__":
    main()
