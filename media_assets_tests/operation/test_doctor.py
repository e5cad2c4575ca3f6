"""What the doctor finds on this machine."""

from __future__ import annotations

import http.server
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from media_assets.base.secrets import Secrets
from media_assets.config.errors import SettingsError
from media_assets.config.load import load_settings
from media_assets.config.settings import Settings
from media_assets.operation.doctor.doctor import Check, checks, failed

NO_SECRETS = Secrets(openai_api_key=None)


def library(folder: Path, **sections: Any) -> Settings:
    """A library whose folders are there, but for what is given."""
    (folder / "media").mkdir(exist_ok=True)
    return Settings.model_validate(
        {
            "state_dir": folder / "state",
            "sources": {"media": {"path": folder / "media"}},
            "stores": {"artifacts": {"path": folder / "artifacts"}},
            "limits": {"min_free_bytes": 0},
            **sections,
        }
    )


def examined(settings: Settings, secrets: Secrets = NO_SECRETS) -> dict[str, Check]:
    found = list(checks(settings, secrets))
    by_name = {check.name: check for check in found}
    assert len(by_name) == len(found)
    return by_name


def look(settings: Settings, name: str) -> Check:
    """One check and those before it, which spares the seconds of those behind it."""
    return next(check for check in checks(settings, NO_SECRETS) if check.name == name)


def before_the_engines(settings: Settings) -> dict[str, Check]:
    """All checks of places. What comes behind them does not depend on a folder."""
    found = takewhile(lambda check: check.name != "ffmpeg", checks(settings, NO_SECRETS))
    return {check.name: check for check in found}


def wrong(found: dict[str, Check]) -> set[str]:
    return {name for name, check in found.items() if not check.ok}


@pytest.fixture
def unprivileged_folder() -> Iterator[Path]:
    """A folder in which the test is no superuser; tests of rights say nothing about one."""
    user = os.geteuid()
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    if user == 0:
        shutil.chown(folder, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(user)
        shutil.rmtree(folder)


@pytest.mark.thorough
def test_a_sound_library_passes_every_check(tmp_path: Path) -> None:
    settings = library(tmp_path)
    (tmp_path / "media" / "a.mp4").touch()
    found = examined(settings)
    assert wrong(found) == set()
    assert list(found) == [
        "settings",
        "source media",
        "store artifacts",
        "state_dir",
        "ffmpeg",
        "transcriber",
        "who speaks",
        "a second of sound",
        "credentials",
        "summarizer",
    ]
    assert all(check.detail for check in found.values())
    assert found["source media"].detail == f"{tmp_path / 'media'}: 1 entry"
    assert "model tiny.en (installed with media-assets)" in found["transcriber"].detail
    assert "extractive" in found["summarizer"].detail


@pytest.mark.thorough
def test_the_doctor_leaves_nothing_behind(tmp_path: Path) -> None:
    settings = library(tmp_path)
    examined(settings)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "media"]


def test_the_settings_are_told_with_the_file_they_came_from(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text("sources: {a: {path: a}, b: {path: b}}")
    found = before_the_engines(load_settings(tmp_path / "library.yaml"))
    assert found["settings"].detail == f"{tmp_path / 'library.yaml'}: 2 sources"
    assert wrong(found) >= {"source a", "source b"}


def test_settings_that_cannot_be_loaded_make_a_failed_check(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "library.yaml")
    check = failed("settings", caught.value)
    assert not check.ok
    assert check.detail == f"there is no {tmp_path / 'library.yaml'}"
    assert check.next_step.startswith("`media-assets init` writes one")


@pytest.mark.thorough
def test_a_source_that_is_not_there_stops_no_other_check(tmp_path: Path) -> None:
    found = examined(library(tmp_path, sources={"gone": {"path": tmp_path / "gone"}}))
    assert wrong(found) == {"source gone"}
    assert found["source gone"].detail == f"there is no folder {tmp_path / 'gone'}"
    assert "sources.gone.path" in found["source gone"].next_step
    assert len(found) == 10


def test_a_source_that_is_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = look(library(tmp_path, sources={"file": {"path": tmp_path / "file"}}), "source file")
    assert found.detail == f"{tmp_path / 'file'} is no folder"


def test_a_source_that_may_not_be_listed_is_told(unprivileged_folder: Path) -> None:
    settings = library(unprivileged_folder)
    (unprivileged_folder / "media").chmod(0o000)
    found = before_the_engines(settings)
    assert wrong(found) == {"source media"}
    assert found["source media"].detail == f"{unprivileged_folder / 'media'} may not be listed"
    (unprivileged_folder / "media").chmod(0o700)


def test_an_empty_source_is_fine_and_says_what_to_put_there(tmp_path: Path) -> None:
    check = look(library(tmp_path), "source media")
    assert check.ok
    assert check.detail.endswith("is empty: put recordings or photos into it")


def test_of_a_large_source_only_the_first_entries_are_counted(tmp_path: Path) -> None:
    settings = library(tmp_path)
    for number in range(1001):
        (tmp_path / "media" / str(number)).touch()
    assert look(settings, "source media").detail.endswith("1000 entries and more")


def test_a_store_that_may_not_be_written_is_told(unprivileged_folder: Path) -> None:
    settings = library(unprivileged_folder)
    (unprivileged_folder / "artifacts").mkdir(mode=0o500)
    found = before_the_engines(settings)
    assert wrong(found) == {"store artifacts"}
    assert f"{unprivileged_folder / 'artifacts'} cannot be written" in found["store artifacts"].detail
    assert found["store artifacts"].next_step


def test_a_store_that_is_there_is_written(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    check = look(library(tmp_path), "store artifacts")
    assert check.ok
    assert check.detail.startswith(f"{tmp_path / 'artifacts'}: writable")


def test_a_store_that_is_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "artifacts").touch()
    found = before_the_engines(library(tmp_path))
    assert wrong(found) == {"store artifacts"}
    assert found["store artifacts"].detail == f"{tmp_path / 'artifacts'} is no folder"


def test_sources_have_to_be_writable_when_artifacts_go_beside_them(unprivileged_folder: Path) -> None:
    settings = library(unprivileged_folder, outputs={"summary": {"placement": "beside_source"}})
    assert look(settings, "artifacts beside media").ok
    (unprivileged_folder / "media").chmod(0o500)
    assert wrong(before_the_engines(settings)) == {"artifacts beside media"}
    (unprivileged_folder / "media").chmod(0o700)


def test_too_little_free_space_names_both_figures(tmp_path: Path) -> None:
    found = before_the_engines(library(tmp_path, limits={"min_free_bytes": 10**18}))
    assert wrong(found) == {"store artifacts", "state_dir"}
    assert "and 1000000000.0 GB are to be left free" in found["state_dir"].detail
    assert "limits.min_free_bytes" in found["state_dir"].next_step


def test_an_ffmpeg_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = examined(library(tmp_path, ffmpeg={"path": tmp_path / "ffmpeg"}))
    assert "ffmpeg" in wrong(found)
    assert str(tmp_path / "ffmpeg") in found["ffmpeg"].detail
    assert found["summarizer"].ok


def test_a_transcription_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = examined(
        library(
            tmp_path,
            transcription={
                "engine": "faster-whisper",
                "model": str(tmp_path / "no-model"),
                "allow_download": False,
            },
        )
    )
    assert wrong(found) == {"transcriber"}
    assert str(tmp_path / "no-model") in found["transcriber"].detail
    assert found["transcriber"].next_step


@pytest.mark.thorough
def test_a_missing_key_of_openai_is_told_by_the_name_of_its_variable(tmp_path: Path) -> None:
    found = examined(library(tmp_path, summary={"engine": "openai"}))
    assert wrong(found) == {"credentials", "summarizer"}
    assert found["credentials"].detail == "OPENAI_API_KEY is not set"
    assert ".env" in found["credentials"].next_step


class _Models(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"object": "list", "data": [{"id": "tiny", "object": "model", "created": 1, "owned_by": "us"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not into the output of the tests."""


@pytest.fixture
def server() -> Iterator[str]:
    """A server that lists one model."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Models) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/v1"
        listening.shutdown()
        thread.join()


@pytest.mark.thorough
def test_a_translator_is_looked_at_where_anything_is_translated(tmp_path: Path, server: str) -> None:
    assert "translator" not in examined(library(tmp_path))
    rule = {"when": {"paths": ["**"]}, "use": {"engine": "libretranslate", "base_url": server, "languages": ["de"]}}
    chosen = {"model": "tiny", "base_url": server, "languages": ["de"]}
    found = examined(
        library(
            tmp_path, translation={"engine": "openai", **chosen}, translation_rules=[rule], budgets={"per_day_usd": 1}
        )
    )
    assert wrong(found) == {"translator of rule 1", "budgets"}
    assert "tiny" in found["translator"].detail
    assert "does not answer like a LibreTranslate server" in found["translator of rule 1"].detail
    assert "no price for tiny" in found["budgets"].detail


@pytest.mark.thorough
def test_a_server_of_ones_own_needs_no_key(tmp_path: Path, server: str) -> None:
    found = examined(library(tmp_path, summary={"engine": "openai", "model": "tiny", "base_url": server}))
    assert wrong(found) == set()
    assert "OPENAI_API_KEY is not set" in found["credentials"].detail
    assert "tiny" in found["summarizer"].detail


@pytest.mark.thorough
def test_the_value_of_a_key_is_never_shown(tmp_path: Path, server: str) -> None:
    settings = library(tmp_path, summary={"engine": "openai", "model": "tiny", "base_url": server})
    found = examined(settings, Secrets(openai_api_key=SecretStr("sk-hush")))
    assert found["credentials"].detail == "OPENAI_API_KEY is set"
    assert "hush" not in str(found)
