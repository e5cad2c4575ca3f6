"""What a run container may be: reads the body of Docker's `POST /containers/create`, and writes one that is allowed.

What was asked for is never handed on. Docker's decoder takes keys in any case, the last or a mixture of keys that stand
twice, and has its own idea of null; so a body that was merely looked at can say something else to Docker. Here each key
and each value has to be one that is listed, everything else is refused, and the body that Docker gets is built anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

_MAX_BYTES = 1_000_000
_SECURITY = ["no-new-privileges:true"]
_CPU_PERIOD = 100_000
"""Microseconds of one period; docker-compose.yml counts processors in it."""
_COMMAND = ["dagster", "api"]
_COMMANDS = ("execute_run", "resume_run")
_NOT_ATTACHED = ("AttachStdin", "AttachStdout", "AttachStderr", "OpenStdin", "StdinOnce", "Tty", "NetworkDisabled")
"""Clients say so, it is what Docker does anyway, and it is not handed on."""
_RUN = "dagster/run_id"
_PROJECT = "media_assets.project"
_COMPOSE_PROJECT = "com.docker.compose.project"


class RefusedRun(Exception):
    """Why something is not handed to Docker; shown to who asked."""


@dataclass(frozen=True)
class Allowed:
    """What a run container is.

    Args:
        image: Its image.
        network: Its only network.
        volumes_from: The container whose folders it gets.
        project: The name of the Compose project, in its labels.
        environment: Names of the variables it may get.
        memory_bytes: How much memory it may have, at most.
        cpus: How many processors, at most.
        processes: How many processes, at most.
    """

    image: str
    network: str
    volumes_from: str
    project: str = "media-assets"
    environment: Collection[str] = field(
        default=("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "DAGSTER_RUN_JOB_NAME")
    )
    memory_bytes: int = 4 * 1024**3
    cpus: int = 2
    processes: int = 1000

    def rebuilt(self, body: bytes) -> bytes:
        """The body to hand to Docker, from the one that was sent.

        Raises:
            Refused: That is not a run container.
        """
        asked = _object("the container", _read_json(body))
        return json.dumps(_checked("", asked, self._container(), {"Image", "Cmd", "Labels", "HostConfig"})).encode()

    def is_run(self, described: Mapping[str, Any]) -> bool:
        """Whether the container that Docker describes so was created through the gate, by its labels and folders."""
        config, host = described.get("Config") or {}, described.get("HostConfig") or {}
        labels = config.get("Labels") or {}
        folders = host.get("VolumesFrom")
        return bool(labels.get(_RUN)) and labels.get(_PROJECT) == self.project and folders == [self.volumes_from]

    def is_ours(self, described: Mapping[str, Any]) -> bool:
        """Whether it is a run, a service or `docker compose run` of this project: `media-assets` works in those too."""
        labels = (described.get("Config") or {}).get("Labels") or {}
        return self.is_run(described) or labels.get(_COMPOSE_PROJECT) == self.project

    def _container(self) -> dict[str, _Check]:
        return {
            **dict.fromkeys(_NOT_ATTACHED, _left_out(False)),
            "Image": _exactly(self.image),
            "Cmd": _command,
            "Env": self._variables,
            "Labels": lambda name, value: _checked(name, _object(name, value), self._labels(), {_RUN, _PROJECT}),
            "HostConfig": lambda name, value: _checked(name, _object(name, value), self._host(), _HOST_REQUIRED),
            # Clients name the network once more; `NetworkMode` says it all.
            "NetworkingConfig": _left_out(
                {}, {self.network: None}, {"EndpointsConfig": {self.network: None}}, {"EndpointsConfig": {}}
            ),
        }

    def _host(self) -> dict[str, _Check]:
        return {
            "NetworkMode": _exactly(self.network),
            "VolumesFrom": _exactly([self.volumes_from]),
            "CapDrop": _exactly(["ALL"]),
            "SecurityOpt": _exactly(_SECURITY),
            "ReadonlyRootfs": _exactly(True),
            "Tmpfs": _exactly({"/tmp": ""}),  # noqa: S108  inside the container
            "Init": _exactly(True, False),
            "AutoRemove": _exactly(True, False),
            "Memory": _at_most(self.memory_bytes),
            "PidsLimit": _at_most(self.processes),
            "CpuPeriod": _exactly(_CPU_PERIOD),
            "CpuQuota": _at_most(self.cpus * _CPU_PERIOD),
        }

    def _labels(self) -> dict[str, _Check]:
        return {
            _RUN: _text(r"[\w-]{1,64}"),
            "dagster/job_name": _text(r"\w{1,200}"),
            _PROJECT: _exactly(self.project),
            # Empty, so that Compose does not take it for a service of its own.
            _COMPOSE_PROJECT: _exactly(""),
            "com.docker.compose.service": _exactly(""),
        }

    def _variables(self, name: str, value: Any) -> list[str]:
        variables = _texts(name, value)
        names = [variable.partition("=")[0] for variable in variables if "=" in variable]
        if len(names) < len(variables) or len(set(names)) < len(names):
            raise RefusedRun(f"{name} has to have NAME=VALUE once for each name")
        if strange := set(names) - set(self.environment):
            raise RefusedRun(
                f"{name}: {', '.join(sorted(strange))} is not among `env_vars` in dagster.yaml of the image"
            )
        return variables


_HOST_REQUIRED = {"NetworkMode", "VolumesFrom", "CapDrop", "SecurityOpt", "ReadonlyRootfs"}
_HOST_REQUIRED |= {"Memory", "PidsLimit", "CpuPeriod", "CpuQuota"}
"""What has to be said: where nothing is, Docker has no limit."""

_LEAVE_OUT = object()
_Check = Callable[[str, Any], Any]
"""Gives what to hand on for the key of this name, or raises `Refused`."""


def _read_json(content: bytes) -> Any:
    """JSON as one decoder and the next understand it alike.

    Raises:
        Refused: A key stands twice, or it is not plain JSON in UTF-8.
    """
    if len(content) > _MAX_BYTES:
        raise RefusedRun("too long for a run container")
    try:
        text = content.decode("utf-8")
        return json.loads(text, object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RefusedRun(f"not JSON that can be read in one way only: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text[:20]} is no whole number")


def _checked(where: str, asked: Mapping[str, Any], known: Mapping[str, _Check], required: set[str]) -> dict[str, Any]:
    if odd := sorted(set(asked) - set(known)):
        raise RefusedRun(f"{', '.join(ascii(name) for name in odd)}: not for run containers")
    if missing := sorted(required - set(asked)):
        raise RefusedRun(f"{', '.join(missing)}: has to be set")
    found = {name: known[name](f"{where}.{name}" if where else name, value) for name, value in asked.items()}
    return {name: value for name, value in found.items() if value is not _LEAVE_OUT}


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RefusedRun(f"{name} has to be an object")
    return value


def _same(value: Any, other: Any) -> bool:
    """Python takes 1 for True."""
    return json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)


def _exactly(*allowed: Any) -> _Check:
    def check(name: str, value: Any) -> Any:
        for each in allowed:
            if _same(value, each):
                return each
        raise RefusedRun(f"{name} has to be {' or '.join(map(repr, allowed))}, not {ascii(value)[:200]}")

    return check


def _left_out(*allowed: Any) -> _Check:
    exactly = _exactly(*allowed)

    def check(name: str, value: Any) -> Any:
        exactly(name, value)
        return _LEAVE_OUT

    return check


def _at_most(limit: int) -> _Check:
    def check(name: str, value: Any) -> int:
        if type(value) is not int or not 0 < value <= limit:
            raise RefusedRun(f"{name} has to be from 1 to {limit}, not {ascii(value)[:200]}")
        return value

    return check


def _text(pattern: str) -> _Check:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or re.fullmatch(pattern, value, re.ASCII) is None:
            raise RefusedRun(f"{name} is {ascii(value)[:200]}")
        return value

    return check


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise RefusedRun(f"{name} has to be a list of texts")
    for each in value:
        # Half of a character pair, which Docker reads as another character, and the end of a text in C.
        if re.search(r"[\ud800-\udfff\0]", each):
            raise RefusedRun(f"{name} has characters that no text has")
    return value


def _command(name: str, value: Any) -> list[str]:
    """What Dagster's launcher executes. It says which code to load: this keeps out mistakes, not whoever may ask."""
    command = _texts(name, value)
    if len(command) != 4 or command[:2] != _COMMAND or command[2] not in _COMMANDS:
        raise RefusedRun(f"{name} has to be `{' '.join(_COMMAND)} {' or '.join(_COMMANDS)}` and what it executes")
    return command
