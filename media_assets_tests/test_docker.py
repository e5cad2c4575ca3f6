"""The stack of docker-compose.yml as it is brought up, used and hit: `make test-docker`, where Docker answers."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from dotenv import dotenv_values

from media_assets_tests.broken_library import speech, tone
from media_assets_tests.compose_stack import ComposeStack, docker, engine_problem

pytestmark = [pytest.mark.docker, pytest.mark.timeout(3000)]

STAGES = ("drive_file", "m4a_audio", "transcript", "summary", "thumbnail")
SECRET = "sk-planted-where-it-must-not-show"
# docs/deployment.md says so.
ENVIRONMENT_OF_RUNS = {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "DAGSTER_RUN_JOB_NAME"}
QUICK = {
    "OPENAI_API_KEY": SECRET,
    "MEDIA_ASSETS_AUTOMATION__SOURCE_INTERVAL_SECONDS": "5",
    "MEDIA_ASSETS_AUTOMATION__SETTLE_SECONDS": "2",
    "MEDIA_ASSETS_AUTOMATION__CONDITION_INTERVAL_SECONDS": "10",
    "MEDIA_ASSETS_AUTOMATION__LIVE_FILES": "2",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    if problem := engine_problem():
        pytest.skip(f"no Docker engine answers ({problem})")
    began = time.monotonic()
    with ComposeStack(tmp_path_factory.mktemp("stack"), QUICK) as running:
        print(f"up in {time.monotonic() - began:.0f} s, the image included")
        yield running


class Library:
    """Clips that are dropped into the watched folder, and what became of them."""

    def __init__(self, stack: ComposeStack, scratch: Path) -> None:
        self.stack = stack
        self._scratch = scratch

    def drop(self, name: str, start_seconds: float, seconds: float) -> str:
        """Something is said in it; returns its key."""
        clip = speech(self._scratch / f"{name}.m4a", start_seconds, seconds)
        shutil.move(clip, self.stack.media / clip.name)
        return f"media:{clip.name}"

    def is_green(self, keys: list[str]) -> bool:
        return all(set(keys) <= self.stack.cells(stage)["materialized"] for stage in STAGES)

    def is_quiet(self) -> bool:
        states = [run["status"] for run in self.stack.runs()] + [each["status"] for each in self.stack.backfills()]
        return not {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "REQUESTED", "CANCELING"} & set(states)

    def wait_until_green(self, keys: list[str]) -> None:
        began = time.monotonic()
        self.stack.wait_for(lambda: self.is_green(keys), seconds=600, what=f"{len(keys)} green rows")
        self.stack.wait_for(self.is_quiet, seconds=180, what="the end of all runs")
        print(f"{len(keys)} green rows after {time.monotonic() - began:.0f} s")

    def a_working_run(self) -> tuple[str, str]:
        """A run in the middle of its work, a transcription if it has one to do, and its container."""
        return self.stack.wait_for(self._transcribing, seconds=240, what="a run that works")  # type: ignore[no-any-return]

    def _transcribing(self) -> tuple[str, str] | None:
        containers = self.stack.run_containers()
        for run in self.stack.runs():
            stages = {stage["path"][-1] for stage in run["assetSelection"] or ()}
            if run["status"] == "STARTED" and "transcript" in stages and run["id"] in containers:
                return run["id"], containers[run["id"]]
        return None

    def check_nothing_is_lost_or_doubled(self, keys: list[str]) -> None:
        manifests = self.stack.manifests()
        assert set(manifests) == {(stage, key) for stage in STAGES for key in keys}
        files = Counter(Path(path).parts[3] for path in self.stack.artifacts() if "/." not in path)
        expected = Counter(dict.fromkeys(STAGES, 0))
        for (stage, _), manifest in manifests.items():
            expected[stage] += len(manifest.files) + 1
        assert files == expected, "a file that belongs to no artifact"
        for stage in STAGES:
            cells = {state: found for state, found in self.stack.cells(stage).items() if found}
            assert cells == {"materialized": set(keys)}, f"{stage}: {cells}\n{self._runs()}"

    def _runs(self) -> str:
        """A line for each, the newest first."""
        return "\n".join(
            f"{run['id']} {run['status']} {run['startTime']} to {run['endTime']} of "
            f"{[stage['path'][-1] for stage in run['assetSelection'] or ()]}, "
            f"{ {tag['key']: tag['value'] for tag in run['tags'] if not tag['key'].startswith('.')} }"
            for run in self.stack.runs()
        )


def test_what_is_dropped_in_is_processed_through_crashes_of_each_part_and_once(
    stack: ComposeStack, tmp_path: Path
) -> None:
    """One story, in one test: each part goes on where the one before ended."""
    library = Library(stack, tmp_path)
    nothing_listens_in_public(stack)
    keys = a_clip_goes_through_in_a_container_without_secrets(library)
    keys = the_crash_of_a_run_is_repaired(library, keys)
    keys = the_crash_of_the_daemon_is_repaired(library, keys)
    keys = the_crash_of_the_database_is_repaired(library, keys)
    keys = a_run_is_ended_from_the_ui_and_the_command_line_goes_on(library, keys)
    no_secret_shows(stack)


def nothing_listens_in_public(stack: ComposeStack) -> None:
    published = {
        (container["Name"], binding["HostIp"], port)
        for container in stack.containers()
        for port, bindings in container["NetworkSettings"]["Ports"].items()
        for binding in bindings or ()
    }
    assert published == {(f"/{stack.name}-webserver-1", "127.0.0.1", "3000/tcp")}


def a_clip_goes_through_in_a_container_without_secrets(library: Library) -> list[str]:
    keys = [library.drop("first", 0.0, 20.0)]
    library.a_working_run()
    (run,) = [found for found in library.stack.containers() if found["Config"]["Labels"].get("dagster/run_id")]
    image = json.loads(docker("image", "inspect", run["Image"]))[0]["Config"]["Env"]
    beyond_the_image = {variable.split("=")[0] for variable in run["Config"]["Env"] if variable not in image}
    assert beyond_the_image == ENVIRONMENT_OF_RUNS
    assert SECRET not in json.dumps(run)
    password = dotenv_values(library.stack.root / ".env")["POSTGRES_PASSWORD"]
    assert json.dumps(run).count(str(password)) == 1, "in the environment, and not in the command"
    assert run["Config"]["User"] not in ("", "0", "0:0", "root")
    assert not run["HostConfig"]["Privileged"]
    assert not any("docker.sock" in mount["Source"] for mount in run["Mounts"])
    library.wait_until_green(keys)
    library.check_nothing_is_lost_or_doubled(keys)
    return keys


def the_crash_of_a_run_is_repaired(library: Library, keys: list[str]) -> list[str]:
    """A batch, by way of the conditions and a backfill."""
    before = library.stack.manifests()
    keys = [*keys, *(library.drop(f"batch {number}", 1.0 + 2 * number, 20.0) for number in range(4))]
    killed, container = library.a_working_run()
    docker("kill", container)
    library.wait_until_green(keys)
    library.check_nothing_is_lost_or_doubled(keys)
    after = library.stack.manifests()
    assert {name: after[name] for name in before} == before, "something finished was made again"
    assert [run["id"] for run in library.stack.runs() if run["status"] == "FAILURE"] == [killed]
    retried = [tag for run in library.stack.runs() for tag in run["tags"] if tag["key"] == "dagster/parent_run_id"]
    assert [tag["value"] for tag in retried] == [killed]
    return keys


def the_crash_of_the_daemon_is_repaired(library: Library, keys: list[str]) -> list[str]:
    before = library.stack.manifests()
    keys = [*keys, library.drop("while the daemon dies", 10.0, 15.0)]
    library.a_working_run()
    library.stack.crash("daemon")
    library.wait_until_green(keys)
    library.check_nothing_is_lost_or_doubled(keys)
    after = library.stack.manifests()
    assert {name: after[name] for name in before} == before
    return keys


def the_crash_of_the_database_is_repaired(library: Library, keys: list[str]) -> list[str]:
    before = library.stack.manifests()
    keys = [*keys, library.drop("while the database dies", 12.5, 18.0)]
    library.a_working_run()
    library.stack.crash("postgres", user="postgres")
    library.stack.up()
    library.wait_until_green(keys)
    library.check_nothing_is_lost_or_doubled(keys)
    after = library.stack.manifests()
    assert {name: after[name] for name in before} == before
    return keys


def a_run_is_ended_from_the_ui_and_the_command_line_goes_on(library: Library, keys: list[str]) -> list[str]:
    """Ended through the gate; then `process` works in a container of its own, and run monitoring lets it."""
    stack = library.stack
    keys = [*keys, library.drop("ended", 5.0, 25.0)]
    run, container = library.a_working_run()
    answer = stack.query(
        "mutation End($run: String!) { terminateRun(runId: $run) { __typename ... on PythonError { message } } }",
        run=run,
    )
    assert answer["terminateRun"]["__typename"] == "TerminateRunSuccess", answer
    stack.wait_for(
        lambda: container not in stack.run_containers().values(), seconds=60, what="the end of the container"
    )
    stack.wait_for(library.is_quiet, seconds=60, what="a quiet instance")
    began = time.monotonic()
    tone(stack.media / "tone.ogg", 440, 1)
    keys.append("media:tone.ogg")
    output = stack.compose("run", "--rm", "-T", "code", "media-assets", "process", seconds=600)
    print(f"process took {time.monotonic() - began:.0f} s")
    assert not re.search(r"[1-9]\d* failed", output), output
    library.wait_until_green(keys)
    library.check_nothing_is_lost_or_doubled(keys)
    ended = Counter(run["status"] for run in stack.runs())
    assert (ended["FAILURE"], ended["CANCELED"]) == (1, 1), ended
    return keys


def no_secret_shows(stack: ComposeStack) -> None:
    """Of those that stand in .env for media_assets: in no container's description, and in nothing that it printed."""
    assert SECRET in (stack.root / ".env").read_text("utf-8")
    assert SECRET in stack.compose("exec", "-T", "code", "cat", "/library/.env"), "it does reach the library"
    assert SECRET not in json.dumps(stack.containers())
    assert SECRET not in stack.compose("logs", "--no-color")
    history = docker("image", "history", "--no-trunc", "media-assets-test:latest")
    password = str(dotenv_values(stack.root / ".env")["POSTGRES_PASSWORD"])
    assert not {word for word in (SECRET, password) if word in history}
    found = docker("run", "--rm", "media-assets-test:latest", "find", "/library", "/opt", "/home", "-name", ".env*")
    assert not found, f"in a layer: {found}"


def test_a_settings_file_that_cannot_be_used_keeps_the_stack_from_being_healthy_and_says_why(
    stack: ComposeStack,
) -> None:
    file = stack.root / "library.yaml"
    sound = file.read_text("utf-8")
    file.write_text("sources: {media: {path: ./media, typ: folder}}\n", "utf-8")
    try:
        stack.compose("restart", "code")
        stack.wait_for(lambda: "typ" in stack.compose("logs", "code", "--tail", "40"), seconds=60, what="the reason")
        stack.wait_for(lambda: not stack.is_loaded(), seconds=60, what="a location that is not loaded")
    finally:
        file.write_text(sound, "utf-8")
    stack.compose("restart", "code")
    stack.up()
    stack.wait_for(stack.is_loaded, seconds=60, what="the code location")


def test_metrics_are_served_to_this_machine(stack: ComposeStack) -> None:
    stack.compose("--profile", "metrics", "up", "-d", "--wait", seconds=300)
    (container,) = [found for found in stack.containers() if found["Name"] == f"/{stack.name}-metrics-1"]
    ((binding,),) = container["NetworkSettings"]["Ports"].values()
    assert binding["HostIp"] == "127.0.0.1"
    answer = requests.get(f"http://127.0.0.1:{binding['HostPort']}/metrics", timeout=30)
    assert answer.ok
    assert "media_assets_" in answer.text


def test_taking_the_stack_down_with_a_live_run_and_bringing_it_up_again_loses_nothing(
    stack: ComposeStack, tmp_path: Path
) -> None:
    library = Library(stack, tmp_path)
    before = {key for _, key in stack.manifests()}
    key = library.drop("over the restart", 8.0, 20.0)
    library.a_working_run()
    stack.compose("stop")
    stack.up("--remove-orphans")
    library.wait_until_green([key])
    library.check_nothing_is_lost_or_doubled(sorted(before | {key}))
