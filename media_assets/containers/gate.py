"""A gate before Docker's socket: lets through what starting, watching and stopping run containers needs.

Whoever may talk to Docker is root on the host. The webserver and the daemon have to start and stop run containers, so
docker-compose.yml gives the socket to this process alone, and those two reach it over a network that nothing else is
on. Nothing that was sent goes on as it came: path, headers and body of what Docker is asked are written here, from what
was checked, and so is the answer. What a container may be says `run_container`; only such containers can be stopped,
and of those and the other containers of the project only the state can be read.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import socketserver
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, responses
from pathlib import Path
from typing import Any

from media_assets.containers.run_container import Allowed, RefusedRun
from media_assets.containers.strict_http import Request, read_request, write_answer

_ENGINE_SECONDS = 120
"""How long Docker may take, besides the time that a container gets to end."""
_MAX_ANSWER_BYTES = 4_000_000
_LEFT_SECONDS = 2
_LEFT_READS = 32
_API = r"/v1\.(?:4[1-9]|[5-9][0-9])"
"""Versions of the API from Docker Engine 20.10 on. Older ones understand the same requests otherwise."""
_CONTAINER = r"/containers/(?P<container>[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127})"
_STATE = {"Status", "Running", "Paused", "Restarting", "OOMKilled", "Dead"}
_STATE |= {"ExitCode", "Error", "StartedAt", "FinishedAt"}


class Gate(socketserver.ThreadingTCPServer):
    """Serves Docker's API, as far as it is allowed.

    Args:
        address: Host and port to listen on; port 0 takes a free one.
        engine: The path of Docker's socket.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], engine: str, allowed: Allowed) -> None:
        super().__init__(address, _Handler)
        self.engine = engine
        self.allowed = allowed


class _Engine(HTTPConnection):
    """One connection to Docker's socket."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("docker")
        self._path = path
        self._seconds = seconds

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Any = None
    """What is sent as JSON; None sends nothing."""


class _Unanswered(Exception):
    """Docker did not do what was asked; `answer` says it as Docker did."""

    def __init__(self, answer: _Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class _Handler(socketserver.StreamRequestHandler):
    """Answers one request and closes: what else came over the connection is not looked at."""

    server: Gate
    timeout = 30

    def handle(self) -> None:
        asked = "what could not be read"
        try:
            request = read_request(self.rfile)
            if request is None:
                return
            asked = f"{request.method} {request.target}"
            answer = self._answer(request)
        except RefusedRun as refused:
            sys.stderr.write(f"refused {asked!a}: {refused}\n")
            answer = _Answer(403, {"message": f"refused by the gate: {refused}"})
        except _Unanswered as unanswered:
            answer = unanswered.answer
        except (TimeoutError, ConnectionError):
            return
        self._send(answer)

    def _send(self, answer: _Answer) -> None:
        """Reads what was left before it closes: closing over unread bytes would take the answer back."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            write_answer(self.wfile, answer.status, answer.body)
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LEFT_SECONDS)
            for _ in range(_LEFT_READS):
                if not self.connection.recv(65536):
                    return

    def _answer(self, request: Request) -> _Answer:
        for method, path, act in _ROUTES:
            match = re.fullmatch(path, request.target)
            if match and method == request.method:
                if request.body and act is not _create:
                    raise RefusedRun("a body that is not needed")
                return act(self, match, request.body)
        raise RefusedRun("not needed for runs")

    def ask(self, method: str, path: str, body: bytes = b"", wait_seconds: int = 0) -> _Answer:
        """What Docker answers.

        Raises:
            _Unanswered: Something else than success.
        """
        engine = _Engine(self.server.engine, _ENGINE_SECONDS + wait_seconds)
        try:
            engine.request(method, path, body or None, {"Content-Type": "application/json"} if body else {})
            answer = engine.getresponse()
            content = answer.read(_MAX_ANSWER_BYTES)
        except (OSError, HTTPException) as error:
            raise _Unanswered(_Answer(502, {"message": f"Docker does not answer the gate: {error!r}"})) from error
        finally:
            engine.close()
        if answer.status >= 300 or answer.status < 200:
            status = answer.status if 300 <= answer.status < 600 else 502
            raise _Unanswered(_Answer(status, {"message": _message(content) or responses.get(status, "")}))
        return _Answer(answer.status, _described(content))

    def container(self, match: re.Match[str], is_it: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
        """What Docker says of the container that is asked for; a stranger is not there."""
        described: dict[str, Any] = self.ask("GET", f"{_version(match)}/containers/{match['container']}/json").body
        if not is_it(described):
            raise _Unanswered(_Answer(404, {"message": f"No such container of this project: {match['container']}"}))
        return described


def _ping(handler: _Handler, *_: object) -> _Answer:
    handler.ask("GET", "/_ping")
    return _Answer(200, "OK")


def _docker_version(handler: _Handler, *_: object) -> _Answer:
    version = handler.ask("GET", "/version").body
    return _Answer(200, _only(version, "Version", "ApiVersion", "MinAPIVersion"))


def _inspect(handler: _Handler, match: re.Match[str], _: bytes) -> _Answer:
    """Its state alone: the environment has secrets."""
    described = handler.container(match, handler.server.allowed.is_ours)
    state = _only(described.get("State") or {}, *_STATE)
    return _Answer(200, {**_only(described, "Id", "Name"), "State": state})


def _create(handler: _Handler, match: re.Match[str], body: bytes) -> _Answer:
    container = handler.server.allowed.rebuilt(body)
    created = handler.ask("POST", f"{_version(match)}/containers/create", container)
    return _Answer(created.status, _only(created.body, "Id", "Warnings"))


def _start(handler: _Handler, match: re.Match[str], _: bytes) -> _Answer:
    described = handler.container(match, handler.server.allowed.is_run)
    return _Answer(handler.ask("POST", f"{_version(match)}/containers/{described['Id']}/start").status)


def _stop(handler: _Handler, match: re.Match[str], _: bytes) -> _Answer:
    described = handler.container(match, handler.server.allowed.is_run)
    seconds = int(match["seconds"] or 0)
    query = f"?t={seconds}" if match["seconds"] else ""
    path = f"{_version(match)}/containers/{described['Id']}/stop{query}"
    return _Answer(handler.ask("POST", path, wait_seconds=seconds).status)


_ROUTES = (
    ("GET", r"/_ping", _ping),
    ("GET", r"/version", _docker_version),
    ("GET", f"(?P<version>{_API}){_CONTAINER}/json", _inspect),
    ("POST", f"(?P<version>{_API})/containers/create", _create),
    ("POST", f"(?P<version>{_API}){_CONTAINER}/start", _start),
    ("POST", rf"(?P<version>{_API}){_CONTAINER}/stop(?:\?t=(?P<seconds>[0-9]{{1,4}}))?", _stop),
)
"""What the launcher of Dagster calls, and the health check of the container."""


def _version(match: re.Match[str]) -> str:
    return match["version"]


def _only(described: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: described[name] for name in names if name in described}


def _described(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _message(content: bytes) -> str:
    return str(_described(content).get("message", ""))[:2000]


def allowed_by_environment() -> Allowed:
    """What docker-compose.yml says, and the instance that is part of the image."""
    import yaml
    from docker.utils import parse_bytes

    instance = yaml.safe_load(Path(os.environ["DAGSTER_HOME"], "dagster.yaml").read_text("utf-8"))
    launcher = instance["run_launcher"]["config"]
    return Allowed(
        image=os.environ["RUN_IMAGE"],
        network=os.environ["RUN_NETWORK"],
        volumes_from=os.environ["RUN_VOLUMES_FROM"],
        project=os.environ["RUN_PROJECT"],
        environment=(*launcher["env_vars"], "DAGSTER_RUN_JOB_NAME"),
        memory_bytes=parse_bytes(os.environ["RUN_MEMORY"]),
        cpus=int(os.environ["RUN_CPUS"]),
        processes=launcher["container_kwargs"]["pids_limit"],
    )


def main() -> None:
    """Listens on all addresses of its container; docker-compose.yml publishes none of them."""
    allowed = allowed_by_environment()
    with Gate(("0.0.0.0", 2375), "/var/run/docker.sock", allowed) as gate:  # noqa: S104
        sys.stderr.write(f"run containers: {allowed}\n")
        gate.serve_forever()


if __name__ == "__main__":
    main()
