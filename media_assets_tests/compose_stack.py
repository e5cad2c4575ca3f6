"""A copy of the checkout, brought up by Docker Compose under a name of its own, for tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from media_assets.places.manifest import Manifest
from media_assets_tests.dagster_dev import free_port
from media_assets_tests.dagster_ui import DagsterUI, QueryFailed
from media_assets_tests.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parent.parent
# What .dockerignore lets through, and what Compose reads.
_COPIED = (
    ".dockerignore",
    ".env.example",
    "Dockerfile",
    "README.md",
    "dagster.yaml",
    "deploy",
    "docker-compose.yml",
    "docs",
    "library.yaml",
    "media_assets",
    "pyproject.toml",
    "requirements.lock",
)
RUN_LABEL = "dagster/run_id"
_UP_SECONDS = 1800
"""The first time includes building the image."""


def docker(*arguments: str, seconds: float = 120) -> str:
    """The output of a docker command; fails with its errors."""
    done = subprocess.run(["docker", *arguments], text=True, capture_output=True, timeout=seconds)
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def engine_problem() -> str | None:
    """Why nothing can be brought up here; None if it can."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    for command in (["info", "--format", "{{.ServerVersion}}"], ["compose", "version"]):
        done = subprocess.run(["docker", *command], text=True, capture_output=True, timeout=60)
        if done.returncode:
            return f"docker {command[0]}: {(done.stderr or done.stdout).strip()}"
    return None


class ComposeStack(DagsterUI):
    """`docker compose up -d --wait` in a copy of the checkout with a copied .env; taken down at the end, volumes too.

    Args:
        root: An empty folder for the copy.
        variables: What differs from .env.example, besides the name and the port, which are the stack's own.
    """

    def __init__(self, root: Path, variables: Mapping[str, str]) -> None:
        super().__init__(free_port())
        self.root = root
        self.name = f"media-assets-test-{uuid.uuid4().hex[:8]}"
        self.media = root / "media"
        self._variables = {
            "COMPOSE_PROJECT_NAME": self.name,
            "WEB_PORT": str(self._port),
            "METRICS_PORT": str(free_port()),
            "LOGIN_PORT": str(free_port()),
            "IMAGE": "media-assets-test:latest",
            **({"MEDIA_UID": str(os.getuid()), "MEDIA_GID": str(os.getgid())} if os.getuid() else {}),
            **variables,
        }

    def __enter__(self) -> Self:
        for name in _COPIED:
            source, target = CHECKOUT / name, self.root / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        self.media.mkdir()
        text = (self.root / ".env.example").read_text("utf-8")
        for name, value in self._variables.items():
            text, replaced = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
            text += "" if replaced else f"{name}={value}\n"
        (self.root / ".env").write_text(text, "utf-8")
        try:
            self.up("--build")
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def compose(self, *arguments: str, seconds: float = 120) -> str:
        folder = ("--project-directory", str(self.root), "--file", str(self.root / "docker-compose.yml"))
        return docker("compose", *folder, *arguments, seconds=seconds)

    def up(self, *options: str) -> None:
        try:
            self.compose("up", "-d", *options, "--wait", seconds=_UP_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def down(self) -> None:
        runs = docker("ps", "-aq", "--filter", f"label=media_assets.project={self.name}").split()
        if runs:
            docker("rm", "-f", *runs)
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "20")

    def logs(self) -> str:
        return self.compose("logs", "--tail", "60")

    def run_containers(self) -> dict[str, str]:
        """Ids of the live ones, by the id of their run."""
        form = f'{{{{.Label "{RUN_LABEL}"}}}} {{{{.ID}}}}'
        lines = docker("ps", "--filter", f"label={RUN_LABEL}", "--filter", f"network={self.name}", "--format", form)
        return dict(line.split() for line in lines.splitlines())

    def containers(self) -> list[dict[str, Any]]:
        """`docker inspect` of all containers of the stack, those of runs included."""
        ids = docker("ps", "-aq", "--no-trunc", "--filter", f"network={self.name}").split()
        ids += docker("ps", "-aq", "--no-trunc", "--filter", f"network={self.name}-control").split()
        return list(json.loads(docker("inspect", *sorted(set(ids)))))

    def crash(self, service: str, user: str = "") -> None:
        """SIGKILL to what the service runs, as a crash: after `docker kill` Docker would not start it again."""
        self.compose(
            "exec",
            "-T",
            *(["--user", user] if user else []),
            service,
            "sh",
            "-c",
            "kill -9 $(cat /proc/1/task/1/children)",
        )

    def wait_for(self, condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
        """The first true answer of `condition`; fails with the logs when there is none in time."""
        errors = [""]

        def answer() -> Any:
            try:
                return condition()
            except QueryFailed as failure:
                # After a restart of the database each connection that the webserver had kept fails once.
                errors.append(str(failure))

        return wait_until(answer, seconds, saying=lambda: f"{what}\n{errors[-1]}\n{self.logs()}", pause_seconds=0.5)

    # ------------------------------------------------------------------------------------------ artifacts

    def artifacts(self) -> list[str]:
        """Paths of all files below `artifacts`, sorted."""
        return sorted(self.compose("exec", "-T", "code", "find", "/library/artifacts", "-type", "f").splitlines())

    def manifests(self) -> dict[tuple[str, str], Manifest]:
        """By asset and key; one that is there twice would be a defect."""
        paths = [path for path in self.artifacts() if path.endswith("/manifest.json") and "/." not in path]
        if not paths:
            return {}
        lines = self.compose("exec", "-T", "code", "tail", "-qn", "+1", *paths)
        found = [Manifest.model_validate(value) for value in _documents(lines)]
        by_name = {(manifest.asset, manifest.key): manifest for manifest in found}
        assert len(by_name) == len(found) == len(paths)
        return by_name


def _documents(text: str) -> list[Any]:
    """JSON documents one behind the other."""
    decoder, found, position = json.JSONDecoder(), [], 0
    while (text := text[position:].lstrip()) != "":
        value, position = decoder.raw_decode(text)
        found.append(value)
    return found
