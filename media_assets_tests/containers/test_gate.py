"""The gate before Docker's socket, and the launcher behind it, against an engine that is a real server on a socket."""

from __future__ import annotations

import json
from typing import Any

import dagster as dg
import docker
import pytest
from dagster._core.launcher.base import WorkerStatus
from docker.errors import APIError, NotFound

from media_assets.containers.run_launcher import RunLauncher
from media_assets.pipeline.abandoned_runs import owner_tags
from media_assets_tests.containers.docker_engine import COMMAND, CONFIG, OTHERS, RUN_ID, Engine, run_container


def test_a_run_container_is_created_started_looked_at_and_stopped(engine: Engine, client: docker.DockerClient) -> None:
    container = client.containers.create(**run_container())
    container.start()
    container.reload()
    assert container.status == "running"
    container.stop(timeout=3)
    assert engine.containers["new"]["State"]["Status"] == "exited"
    assert engine.containers["new"]["HostConfig"]["Tmpfs"] == {"/tmp": ""}
    assert engine.containers["new"]["Config"]["Cmd"] == COMMAND
    assert engine.asked[-1] == "POST /v1.41/containers/new/stop?t=3"


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
        {"device_requests": [docker.types.DeviceRequest(count=-1, capabilities=[["gpu"]])]},
        {"tmpfs": {"/etc": ""}},
        {"tmpfs": {"/tmp": "exec,dev,suid"}},
        {"userns_mode": "host"},
        {"cgroupns": "host"},
        {"uts_mode": "host"},
        {"extra_hosts": {"postgres": "192.0.2.1"}},
        {"links": {"stack-postgres-1": "postgres"}},
        {"dns": ["192.0.2.1"]},
        {"group_add": ["0"]},
        {"healthcheck": {"test": ["CMD", "sh"]}},
        {"working_dir": "/"},
        {"hostname": "postgres"},
        {"domainname": "postgres"},
        {"name": "postgres"},
        {"platform": "linux/arm64"},
        {"stop_signal": "SIGKILL"},
        {"oom_kill_disable": True},
        {"storage_opt": {"size": "1T"}},
        {"log_config": docker.types.LogConfig(type="syslog", config={"syslog-address": "tcp://192.0.2.1"})},
        {"ulimits": [docker.types.Ulimit(name="nofile", soft=1, hard=1)]},
        {"volume_driver": "local"},
        {"networking_config": {"stack": docker.types.EndpointConfig("1.41", aliases=["postgres"])}},
        {"mem_limit": "5g"},
        {"mem_limit": None},
        {"memswap_limit": -1},
        {"cpu_quota": 300000},
        {"cpu_quota": -1},
        {"cpu_period": 1000},
        {"pids_limit": 1001},
        {"pids_limit": -1},
        {"read_only": False},
        {"tty": True},
        {"environment": {"NVIDIA_VISIBLE_DEVICES": "all"}},
        {"environment": ["POSTGRES_DB=a", "POSTGRES_DB=b"]},
        {"environment": ["POSTGRES_DB"]},
        {"command": ["sh", "-c", "true"]},
        {"labels": {"dagster/run_id": RUN_ID}},
        {"labels": {"dagster/run_id": RUN_ID, "media_assets.project": "other"}},
        {"labels": {"dagster/run_id": RUN_ID, "media_assets.project": "stack", "traefik.enable": "true"}},
    ],
    ids=str,
)
def test_what_would_reach_the_host_is_refused(
    changes: dict[str, Any], engine: Engine, client: docker.DockerClient
) -> None:
    with pytest.raises(APIError, match="refused by the gate") as refused:
        client.containers.create(**run_container(**changes))
    assert refused.value.status_code == 403
    assert set(engine.containers) == set(OTHERS)
    assert not [asked for asked in engine.asked if asked.startswith("POST")]


def test_containers_of_others_are_not_there_and_those_of_the_project_show_only_their_state(
    engine: Engine, client: docker.DockerClient
) -> None:
    with pytest.raises(NotFound, match="of this project"):
        client.containers.get("stranger")
    cli = client.containers.get("cli")
    assert cli.status == "running"
    assert "secret" not in json.dumps(cli.attrs)
    assert "secret" not in json.dumps(client.api.version(api_version=False))
    for act in (cli.stop, cli.start, lambda: client.api.stop("stranger"), lambda: client.api.start("stranger")):
        with pytest.raises(NotFound, match="of this project"):
            act()
    assert not [asked for asked in engine.asked if asked.startswith("POST")]


def test_nothing_else_of_docker_is_there(engine: Engine, client: docker.DockerClient) -> None:
    for act in (
        client.images.list,
        client.volumes.list,
        client.containers.list,
        client.info,
        lambda: client.images.pull("busybox:latest"),
        lambda: client.api.exec_create("cli", "sh"),
        lambda: client.api.kill("cli"),
        lambda: client.api.remove_container("cli"),
        lambda: client.containers.get("cli/../../images"),
    ):
        with pytest.raises((APIError, NotFound)):
            act()
    assert set(engine.asked) <= {"GET /version"}


def test_a_container_may_have_less_than_the_limits(engine: Engine, client: docker.DockerClient) -> None:
    client.containers.create(**run_container(mem_limit="1m", cpu_quota=1000, pids_limit=1, init=False))
    assert engine.containers["new"]["HostConfig"]["Memory"] == 1024**2


# ----------------------------------------------------------------------------------------------- the launcher


@pytest.fixture
def launcher(gate: str, monkeypatch: pytest.MonkeyPatch) -> RunLauncher:
    monkeypatch.setenv("DOCKER_HOST", gate)
    return RunLauncher(**CONFIG["run_launcher"]["config"])


def run_of(tags: dict[str, str]) -> dg.DagsterRun:
    return dg.DagsterRun("job", status=dg.DagsterRunStatus.STARTED, tags=tags)


def test_a_run_of_the_command_line_is_alive_as_long_as_its_container(engine: Engine, launcher: RunLauncher) -> None:
    run = run_of({**owner_tags(), "media_assets/host": "cli"})
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    engine.containers["cli"]["State"]["Status"] = "exited"
    assert launcher.check_run_worker_health(run).status is WorkerStatus.FAILED
    del engine.containers["cli"]
    assert launcher.check_run_worker_health(run).status is WorkerStatus.NOT_FOUND


def test_a_run_in_a_container_of_its_own_is_alive_as_long_as_that(engine: Engine, launcher: RunLauncher) -> None:
    run = run_of({"docker/container_id": "cli"})
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    engine.containers["cli"]["State"]["Status"] = "exited"
    assert launcher.check_run_worker_health(run).status is WorkerStatus.FAILED
    del engine.containers["cli"]
    assert launcher.check_run_worker_health(run).status is WorkerStatus.NOT_FOUND
