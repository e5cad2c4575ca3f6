"""`media-assets modal deploy` as it is typed, against Modal's stand-in, and the app that arrives there."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

from media_assets.artifacts.transcript.engines.modal.app import _LIBRARIES
from media_assets.artifacts.transcript.engines.modal.contract import FUNCTION
from media_assets.base.errors import Fatal
from media_assets.cli.app import app
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.modal_app import transcribe, transcriber
from media_assets_tests.artifacts.transcript.sounds import noise, write_wav
from media_assets_tests.modal_server import ModalServer
from media_assets_tests.tiny_whisper import write_tiny_whisper

SOURCES = "sources: {talks: {path: talks}}\n"
MODAL = "transcription: {engine: modal, gpu: L40S, max_containers: 7, timeout_seconds: 1800, idle_seconds: 30}\n"


def deploy(folder: Path, text: str):
    (folder / "library.yaml").write_text(SOURCES + text)
    return CliRunner().invoke(app, ["--config", str(folder / "library.yaml"), "modal", "deploy"])


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_tiny_whisper(tmp_path_factory.mktemp("model") / "tiny")


@pytest.mark.thorough
def test_the_app_arrives_as_library_yaml_wants_it_and_works(modal_server: ModalServer, model, tmp_path):
    result = deploy(tmp_path, MODAL)
    assert result.exit_code == 0, result.output
    assert "media-assets is deployed with L40S: https://modal.com/id/ap-" in result.output

    (function,) = modal_server.state.definitions.values()
    assert (function.resources.gpu_config.gpu_type, function.resources.gpu_config.count) == ("L40S", 1)
    assert (function.timeout_secs, function.task_idle_timeout_secs) == (1800, 30)
    assert function.autoscaler_settings.max_containers == 7
    assert function.retry_policy.retries == 0
    assert [mount.mount_path for mount in function.volume_mounts] == ["/models"]
    assert function.volume_mounts[0].volume_id == "vo-media-assets-models"

    shipped = {file.filename for id in function.mount_ids for file in modal_server.methods.mounts[id].files}
    assert "/root/media_assets/artifacts/transcript/engines/modal/remote.py" in shipped
    assert "/root/media_assets/artifacts/transcript/engines/faster_whisper/engine.py" in shipped
    assert all(name.endswith(".py") for name in shipped if "media_assets" in name)

    audio = write_wav(tmp_path / "audio.wav", noise(3.0))
    assert transcribe(transcriber(model), audio, Work(tmp_path)).segments
    assert "library.yaml says L4 and 3600 s" in transcriber(model).check()


@pytest.mark.thorough
def test_the_image_has_the_versions_that_are_installed_here(modal_server: ModalServer, tmp_path):
    assert deploy(tmp_path, MODAL).exit_code == 0
    commands = " ".join(c for image in modal_server.methods.images.values() for c in image.dockerfile_commands)
    assert "nvidia/cuda:12" in commands
    assert f"faster-whisper=={metadata.version('faster-whisper')}" in commands
    assert f"ctranslate2=={metadata.version('ctranslate2')}" in commands


@pytest.mark.thorough
def test_what_the_function_imports_is_in_its_image():
    script = (
        "import sys; before = set(sys.modules)\n"
        "import media_assets.artifacts.transcript.engines.modal.remote\n"
        "import faster_whisper, ctranslate2, av, imageio_ffmpeg\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    imported = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    distributions = metadata.packages_distributions()
    needed = {_canonical(name) for module in imported for name in distributions.get(module, [])[:1]}
    assert needed - _with_dependencies(_LIBRARIES) - {"media-assets", "modal"} == set()


def test_where_nothing_uses_modal_there_is_nothing_to_deploy(modal_server: ModalServer, tmp_path):
    result = deploy(tmp_path, "")
    assert isinstance(result.exception, Fatal)
    assert "does not use Modal" in str(result.exception)


@pytest.mark.thorough
def test_an_app_that_only_a_rule_uses_is_deployed(modal_server: ModalServer, tmp_path):
    rule = "transcription_rules: [{when: {longer_than_seconds: 600}, use: {engine: modal, app: long}}]\n"
    assert deploy(tmp_path, rule).exit_code == 0
    assert ("main", "long", FUNCTION) in modal_server.state.functions


def test_one_app_cannot_have_two_kinds_of_containers(modal_server: ModalServer, tmp_path):
    rule = "transcription_rules: [{when: {longer_than_seconds: 600}, use: {engine: modal, gpu: T4}}]\n"
    result = deploy(tmp_path, MODAL + rule)
    assert isinstance(result.exception, Fatal)
    assert "two things about the containers of the app media-assets" in str(result.exception)


def _with_dependencies(names) -> set[str]:
    found: set[str] = set()
    waiting = [_canonical(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(_canonical(requirement.name))
    return found


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
