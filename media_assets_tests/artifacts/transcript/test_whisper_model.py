from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2
import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.model import load_model
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.transcriber import Tools
from media_assets.base.errors import Fatal
from media_assets.media.ffmpeg import FFmpeg
from media_assets_tests.tiny_whisper import write_tiny_whisper


def settings(model: Path | str, **others: Any) -> FasterWhisperTranscription:
    return FasterWhisperTranscription(engine="faster-whisper", model=str(model), **{"device": "cpu", **others})


def refusal(model: Path | str, act: Callable[[FasterWhisperTranscription], Any], **others: Any) -> Fatal:
    with pytest.raises(Fatal) as caught:
        act(settings(model, **others))
    return caught.value


def check(configured: FasterWhisperTranscription) -> str:
    return configured.open(Tools(FFmpeg())).check()


@pytest.mark.parametrize("act", [check, load_model])
def test_a_model_that_may_not_be_fetched_is_fatal_and_the_command_to_get_it_is_given(tmp_path, act):
    error = refusal("small", act, allow_download=False, download_dir=tmp_path)
    assert "small (484 MB) is not on this machine" in error.reason
    assert "transcription.allow_download: true" in error.next_step
    assert f"faster_whisper.download_model('small', cache_dir='{tmp_path}')" in error.next_step


@pytest.mark.thorough
def test_a_model_that_cannot_be_fetched_is_fatal_and_the_command_to_get_it_is_given(tmp_path):
    # In a process of its own: the address of the model hub is read once, and nobody listens at this one.
    program = (
        "import sys\n"
        "from media_assets.artifacts.transcript.engines.faster_whisper.model import load_model\n"
        "from media_assets.base.errors import Fatal\n"
        "from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription\n"
        "try:\n"
        "    load_model(FasterWhisperTranscription("
        "engine='faster-whisper', model='base', device='cpu', download_dir=sys.argv[1]))\n"
        "except Fatal as error:\n"
        "    print(error.reason, error.next_step, sep='\\n')\n"
    )
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    reason, next_step = answer.stdout.strip().splitlines()
    assert reason.startswith("the Whisper model base (145 MB) is not on this machine and could not be fetched: ")
    assert f"faster_whisper.download_model('base', cache_dir='{tmp_path}')" in next_step


def test_before_the_first_use_doctor_says_that_the_model_will_be_fetched(tmp_path):
    assert "model small (fetched at its first use (484 MB)), on cpu" in check(settings("small", download_dir=tmp_path))


@pytest.mark.parametrize("name", ["smal", "./no/such/folder", "/no/such/folder"])
def test_what_is_neither_a_folder_nor_a_known_name_is_fatal_and_the_names_are_listed(tmp_path, name):
    error = refusal(name, check, download_dir=tmp_path)
    assert f"no Whisper model {name}" in error.reason
    assert "large-v3" in error.next_step


def test_a_folder_with_something_else_is_fatal_and_what_is_missing_is_named(tmp_path):
    model = write_tiny_whisper(tmp_path / "model")
    (model / "tokenizer.json").unlink()
    for act in (check, load_model):
        assert "it has no tokenizer.json" in refusal(model, act).reason


@pytest.mark.parametrize("file", ["model.bin", "config.json", "tokenizer.json"])
def test_a_damaged_model_is_fatal(tmp_path, file):
    model = write_tiny_whisper(tmp_path / "model")
    content = (model / file).read_bytes()
    (model / file).write_bytes(content[: len(content) // 2])
    error = refusal(model, load_model)
    assert "cannot be loaded" in error.reason
    assert str(model) in error.reason


@pytest.mark.skipif(ctranslate2.get_cuda_device_count() > 0, reason="this machine has a CUDA device")
def test_cuda_without_a_device_is_fatal(tmp_path):
    error = refusal("small", check, device="cuda", download_dir=tmp_path)
    assert "no CUDA device" in error.reason
    assert "transcription.device: auto" in error.next_step


def test_a_compute_type_the_device_does_not_support_is_fatal_and_the_others_are_listed(tmp_path):
    model = write_tiny_whisper(tmp_path / "model")
    unsupported = {"float16", "bfloat16", "int16", "int8_bfloat16"} - ctranslate2.get_supported_compute_types("cpu")
    error = refusal(model, load_model, compute_type=min(unsupported))
    assert f"cannot compute with {min(unsupported)}" in error.reason
    assert "float32" in error.next_step


def test_a_supported_compute_type_is_used(tmp_path):
    model = write_tiny_whisper(tmp_path / "model")
    assert load_model(settings(model, compute_type="int8")).model.compute_type.startswith("int8")


@pytest.mark.thorough
def test_a_language_the_model_does_not_know_is_fatal(tmp_path):
    english = write_tiny_whisper(tmp_path / "tiny.en", english_only=True)
    error = refusal(english, load_model, language="de")
    assert "tiny.en" in error.reason
    assert "one for many languages" in error.next_step
    assert "'fr'" in refusal(english, load_model, language=["en", "fr"]).reason
    older = write_tiny_whisper(tmp_path / "older")
    error = refusal(older, load_model, language=["zh", "yue"])
    assert "does not know the language 'yue'" in error.reason
    assert ", zh, or remove it" in error.next_step


def test_doctor_reads_where_the_model_is(tmp_path):
    model = write_tiny_whisper(tmp_path / "model")
    line = check(settings(model))
    assert line.startswith("faster-whisper 1.")
    assert line.endswith(f"model model (in {model}), on cpu")
