"""A second of speech goes through the real engines, and a package that does not fit is named."""

from __future__ import annotations

import errno
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import faster_whisper
import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.base.errors import BadMedia, Fatal, Transient
from media_assets.cli import app as cli
from media_assets.media.ffmpeg import FFmpeg
from media_assets.operation.doctor.sound import blamed, second_of_sound, wanted
from media_assets_tests.tiny_whisper import write_tiny_whisper

DEFAULT = FasterWhisperTranscription()
WITHOUT_METADATA_ERRORS = """
import av
opened = av.open
def open_less(file, mode=None, **options):
    if "metadata_errors" in options:
        raise TypeError("open() got an unexpected keyword argument 'metadata_errors'")
    return opened(file, mode, **options)
av.open = av.container.open = open_less
"""


@pytest.mark.thorough
def test_the_second_is_probed_converted_and_heard() -> None:
    found = second_of_sound([DEFAULT], FFmpeg())
    assert found.startswith("probed, converted, transcribed by faster-whisper (")
    assert "three" in found


@pytest.mark.thorough
def test_whisper_hears_it_where_its_model_is(tmp_path: Path) -> None:
    model = write_tiny_whisper(tmp_path / "tiny", words=("water", "and", "wine"))
    section = FasterWhisperTranscription(engine="faster-whisper", model=str(model or tmp_path / "tiny"), language="en")
    assert "transcribed by faster-whisper (water and wine" in second_of_sound([section], FFmpeg())


def test_nothing_is_fetched_and_nothing_is_sent(tmp_path: Path) -> None:
    absent = FasterWhisperTranscription(engine="faster-whisper", model=str(tmp_path / "none"))
    service = OpenAITranscription(engine="openai", base_url="http://127.0.0.1:9/v1")
    assert second_of_sound([absent, service], FFmpeg()) == "probed, converted"


@pytest.mark.thorough
def test_a_pyav_that_has_dropped_an_option_is_named_with_its_version(tmp_path: Path) -> None:
    """In a process of its own: what probes is a child that imports PyAV for itself."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_METADATA_ERRORS)
    (tmp_path / "media").mkdir()
    (tmp_path / "library.yaml").write_text("sources: {media: {path: media}}\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "MEDIA_A"))}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), environment.get("PYTHONPATH", "")])
    command = [
        sys.executable,
        "-m",
        "media_assets.cli",
        "--config",
        str(tmp_path / "library.yaml"),
        "doctor",
        "--quiet",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=240)
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stdout.splitlines()
    assert f"cannot probe a second of sound (av {importlib.metadata.version('av')})" in line
    assert "TypeError: open() got an unexpected keyword argument 'metadata_errors'" in line
    assert "pip install --force-reinstall 'av" in line
    assert "Traceback" not in done.stderr


def test_a_recogniser_that_has_changed_is_named_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(*_: object, **__: object) -> None:
        raise TypeError("WhisperModel.__init__() got an unexpected keyword argument 'num_workers'")

    monkeypatch.setattr(faster_whisper, "WhisperModel", changed)
    with pytest.raises(Fatal, match="cannot transcribe a second of sound with faster-whisper") as caught:
        second_of_sound([DEFAULT], FFmpeg())
    assert f"faster-whisper {importlib.metadata.version('faster-whisper')}" in caught.value.reason
    assert "unexpected keyword argument 'num_workers'" in caught.value.reason


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), "Free space"),
        (OSError(errno.EROFS, "Read-only file system", "/tmp/x"), ""),
        (MemoryError(), "workers"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (Transient("no process could be started to read it", next_step="Close some programs"), "Close some programs"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_machine_refuses_is_no_fault_of_packages(error: Exception, advice: str) -> None:
    with pytest.raises(Fatal, match=r"^cannot probe it: ") as caught, blamed("probe it", ("av",)):
        raise error
    assert advice in caught.value.next_step
    assert "pip" not in str(caught.value) and "av" not in caught.value.reason.split()


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'av'", name="av"),
        ImportError("libavcodec.so.62: cannot open shared object file"),
        AttributeError("'NoneType' object has no attribute 'submodule_search_locations'"),
        TypeError("open() got an unexpected keyword argument"),
        BadMedia("is damaged"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_package_that_is_broken_is_to_be_installed_again(error: Exception) -> None:
    with pytest.raises(Fatal, match=r"^cannot probe it \(av .*\): ") as caught, blamed("probe it", ("av",)):
        raise error
    assert "pip install --force-reinstall 'av" in caught.value.next_step


def test_advice_is_for_this_python() -> None:
    other, own = "9.9", f"{sys.version_info.major}.{sys.version_info.minor}"
    required = [
        f"some-package>=9; python_version == '{other}'",
        f"some-package>=5; python_version == '{own}'",
        "some-package>=7; extra == 'dev'",
    ]
    assert wanted("some-package", required) == "'some-package>=5'"
    assert wanted("onnxruntime", required) == "onnxruntime"


def test_a_package_that_is_gone_is_one_line_of_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "library.yaml").write_text("sources: {media: {path: media}}\n")
    monkeypatch.setitem(sys.modules, "media_assets.operation.doctor.doctor", None)
    monkeypatch.setattr(sys, "argv", ["media-assets", "--config", str(tmp_path / "library.yaml"), "doctor"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert "the module media_assets.operation.doctor.doctor is not there, and media_assets.cli.doctor (line" in line
    assert "if nobody changed media_assets, install media-assets again" in line


@pytest.mark.parametrize("error", [RuntimeError("no such weights"), ValueError("odd")])
def test_an_engine_that_stands_on_no_package_is_to_be_mended_and_nothing_installed(error: Exception) -> None:
    with pytest.raises(Fatal, match=r"^cannot load own: ") as caught, blamed("load own", ()):
        raise error
    assert "test_doctor_sound.py:" in caught.value.next_step
    assert "pip" not in caught.value.next_step
