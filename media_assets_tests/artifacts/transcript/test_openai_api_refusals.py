"""Servers of audio transcriptions that do not take a part of the request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import BadMedia, Fatal
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import silence, write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import AudioServer, openai_audio_server
from media_assets_tests.openai_server import Body, Fault, Status

GRANULARITIES = "timestamp_granularities[]"
SETTINGS = {"prompt": "Ann, Bob", "language": "en"}


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with openai_audio_server() as running:
        yield running


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("beep") / "beep.wav", silence(0.3), tone(500, 0.5), silence(0.2))


def fastapi(where: str) -> Fault:
    detail = [{"type": "extra_forbidden", "loc": ["body", where], "msg": "Extra inputs are not permitted"}]
    return Body(422, json.dumps({"detail": detail}))


@pytest.mark.parametrize(
    ("field", "refusal"),
    [
        (GRANULARITIES, Status(400, "timestamp_granularities is not supported by this model")),
        (GRANULARITIES, fastapi("timestamp_granularities[]")),
        (GRANULARITIES, Body(422, "")),
        (GRANULARITIES, Body(400, json.dumps({"error": "word timestamps are not available"}))),
        ("temperature", Status(400, "Unsupported parameter: temperature", param="temperature")),
        ("prompt", Body(501, json.dumps({"message": "prompt is not implemented"}))),
        ("language", Status(400, "language 'en' is not supported")),
    ],
)
def test_a_part_that_is_refused_is_left_out_and_that_is_remembered(
    field: str, refusal: Fault, server: AudioServer, beep: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuses = lambda fields: refusal if field in fields else None
    engine = transcriber(server, max_retries=0, price_per_minute=60.0, **SETTINGS)
    work = Work(tmp_path)

    said = transcribe(engine, beep, work, seconds=1.0)

    assert [segment.text for segment in said.segments] == ["pitch500."]
    assert [field in upload.fields for upload in server.uploads] == [True, False]
    assert server.uploads[-1].text("response_format") == "verbose_json"
    assert work.spending.spent_usd == pytest.approx(1.0), "the refused request costs nothing"
    assert f"does not take {field.removesuffix('[]')}" in caplog.text
    transcribe(engine, beep, Work(tmp_path), seconds=1.0)
    assert len(server.uploads) == 3


@pytest.mark.parametrize(
    "refusal",
    [
        Status(400, "response_format 'verbose_json' is not compatible with model 'x'. Use 'json' or 'text' instead."),
        Status(400, "Unsupported value", param="response_format"),
        fastapi("response_format"),
    ],
)
def test_times_are_estimated_where_none_are_given(
    refusal: Fault, server: AudioServer, beep: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuses = lambda fields: refusal if fields["response_format"] == ["verbose_json"] else None
    engine = transcriber(server, max_retries=0)

    said = transcribe(engine, beep, Work(tmp_path), seconds=1.0)

    (segment,) = said.segments
    assert segment.text == "pitch500."
    assert 0.2 < segment.start_seconds < segment.end_seconds < 0.9
    assert "times are estimated" in caplog.text
    transcribe(engine, beep, Work(tmp_path), seconds=1.0)
    assert len(server.uploads) == 3


def test_no_format_is_asked_for_where_none_is_taken(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    server.refuses = lambda fields: fastapi("response_format") if "response_format" in fields else None
    assert transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=1.0).text == "pitch500."
    assert len(server.uploads) == 3


@pytest.mark.parametrize("takes", ["text", "srt"])
def test_captions_are_asked_for_where_nothing_else_is_taken(
    takes: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    def refuse(fields: dict[str, Any]) -> Fault | None:
        known = fields.get("response_format", ["text"]) == [takes]
        return None if known else Status(400, f"response_format must be {takes}", param="response_format")

    server.refuses = refuse
    said = transcribe(transcriber(server, max_retries=0, price_per_minute=60.0), beep, Work(tmp_path), seconds=1.0)
    assert said.text == "pitch500."
    assert said.cost_usd == pytest.approx(1.0), "refusals are free"
    assert said.note is not None and "without any times" in said.note
    assert server.uploads[-1].text("response_format") == (None if takes == "text" else "srt")


def test_times_that_are_configured_are_not_given_up(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    def refuse(fields: dict[str, Any]) -> Fault | None:
        known = fields["response_format"] == ["json"]
        return None if known else Status(400, "response_format verbose_json is not supported")

    server.refuses = refuse
    with pytest.raises(Fatal, match="verbose_json is not supported"):
        transcribe(transcriber(server, answers="timed"), beep, Work(tmp_path), seconds=1.0)


def test_a_refusal_that_names_nothing_and_stays_is_quoted(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    server.refuses = lambda _: Body(422, json.dumps({"detail": "the sound is odd"}))
    with pytest.raises(BadMedia, match="the sound is odd"):
        transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=1.0)
    assert len(server.uploads) <= 4
    server.refuses = None
    transcribe(transcriber(server), beep, Work(tmp_path), seconds=1.0)
    assert GRANULARITIES in server.uploads[-1].fields
