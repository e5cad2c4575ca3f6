"""An engine, the gate before it, and Docker's own client at the gate."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from media_assets.containers.gate import Gate
from media_assets_tests.containers.docker_engine import ALLOWED, Engine


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
