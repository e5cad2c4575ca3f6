"""Every command of the README, run as it stands there, in a copy of the checkout."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from media_assets_tests.command_line import typed
from media_assets_tests.dagster_dev import heed_interrupts
from media_assets_tests.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parent.parent
COPIED = (
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "library.yaml",
    "dagster.yaml",
    "workspace.yaml",
    "samples",
)
STARTS_THE_UI = {"make dev", ".venv/bin/media-assets --config samples/library.yaml dev"}
DEMOS = {"make demo", "make demo-drive"}
FORKED = {".venv/bin/media-assets", "media-assets"}
STARTED = ["status"]
"""One of the commands that are forked elsewhere is started by a shell, as people do it."""
RUNS_THIS_VERY_TEST = {"make test"}


def commands() -> list[str]:
    """The commands of the README's shell blocks, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "README.md").read_text("utf-8"), re.DOTALL)
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that is set up, as far as the commands can tell."""
    root = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, root / name, ignore=shutil.ignore_patterns(".media_assets", "artifacts"))
        else:
            shutil.copy2(CHECKOUT / name, root / name)
            os.utime(root / name, (0, 0))  # older than what was installed from it: make has nothing to install again
    (root / ".venv").symlink_to(sys.prefix)
    (root / "media").mkdir(exist_ok=True)
    return root


def environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "MEDIA_ASSETS", "MAKE"))
    }


def run(command: str, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, shell=True, cwd=root, env=environment(), text=True, capture_output=True, timeout=500)


def test_the_readme_has_the_two_commands() -> None:
    assert {"make demo", "make test"} <= set(commands())


@pytest.fixture(scope="module")
def first_demo(copy: Path) -> subprocess.CompletedProcess[str]:
    return run("make demo", copy)


@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_make_demo_shows_everything(copy: Path, first_demo: subprocess.CompletedProcess[str]) -> None:
    first = first_demo
    assert first.returncode == 0, first.stdout + first.stderr
    for expected in (
        "samples/artifacts/",
        "media-assets --config samples/library.yaml dev",
        "David Brandt: Good morning",
        "Anna Keller: Good morning",
        "give every recording",
        "✗",
    ):
        assert expected in first.stdout, first.stdout
    assert len(artifacts(copy)) > 30


def artifacts(copy: Path) -> dict[Path, int]:
    """When each file of the demo's artifacts was written, in nanoseconds."""
    found = (copy / "samples" / "artifacts").rglob("*")
    return {path: path.stat().st_mtime_ns for path in found if path.is_file()}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("first_demo")
def test_a_second_make_demo_makes_nothing(copy: Path) -> None:
    made = artifacts(copy)
    second = run("make demo", copy)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "reused: " in second.stdout
    assert not re.search(r"\d made", second.stdout), second.stdout
    assert artifacts(copy) == made


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_make_demo_drive_shows_the_same_in_drive(copy: Path) -> None:
    shutil.copytree(CHECKOUT / "media_assets_tests", copy / "media_assets_tests")
    done = run("make demo-drive", copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Lectures/talks/looking-after-recordings.m4a" in done.stdout
    assert re.search(r"for the second, 0 uploads in it", done.stdout), done.stdout


@pytest.mark.thorough
@pytest.mark.parametrize(
    "command",
    [c for c in commands() if c not in {"make demo", "make demo-drive", *RUNS_THIS_VERY_TEST, *STARTS_THE_UI}],
)
def test_a_command_works_on_a_library_that_is_still_empty(command: str, copy: Path) -> None:
    program, *arguments = shlex.split(command)
    done = typed(*arguments, cwd=copy) if program in FORKED and arguments != STARTED else run(command, copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_make_dev_starts_the_ui(copy: Path) -> None:
    _start_the_ui("make dev", copy)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_samples_can_be_seen_in_the_ui(copy: Path) -> None:
    _start_the_ui(".venv/bin/media-assets --config samples/library.yaml dev", copy)


def _start_the_ui(command: str, copy: Path) -> None:
    assert command in STARTS_THE_UI & set(commands())
    log = copy / "ui.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, shell=True, cwd=copy, env=environment(), stdout=output, stderr=output,
            start_new_session=True, preexec_fn=heed_interrupts,
        )  # fmt: skip
    try:
        wait_until(_sensors, 120, goes_on=lambda: process.poll() is None, saying=log.read_text, pause_seconds=1)
        assert {"request_missing"} < set(_sensors())
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
    assert not re.search("warning|deprecat|supersed|traceback", log.read_text("utf-8", "replace"), re.IGNORECASE)


def _sensors() -> dict[str, str]:
    """The sensors of the UI at its usual address, and whether they are on."""
    query = (
        "{ repositoriesOrError { ... on RepositoryConnection { nodes { sensors { name sensorState { status } } } } } }"
    )
    try:
        answer = requests.post("http://127.0.0.1:3000/graphql", json={"query": query}, timeout=30)
    except requests.ConnectionError:
        return {}
    nodes = answer.json()["data"]["repositoriesOrError"].get("nodes", [])
    sensors = {sensor["name"]: sensor["sensorState"]["status"] for node in nodes for sensor in node["sensors"]}
    assert set(sensors.values()) <= {"RUNNING"}, json.dumps(sensors)
    return sensors
