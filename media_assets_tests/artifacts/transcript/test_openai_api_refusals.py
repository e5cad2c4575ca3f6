"""Servers of audio transcriptions that do not take a part of the request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_assets.base.errors import BadMedia, Fatal
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import silence, write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.openai_server import Body, Fault, Raw, Status

GRANULARITIES = "timestamp_granularities[]"
SETTINGS = {"prompt": "Ann, Bob", "language": "en"}


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


CUES = "00:00:00{mark}300 --> 00:00:00{mark}800\npitch500.\n\n"
IN = {
    "text": "pitch500.\n",
    "srt": "1\n" + CUES.format(mark=","),
    "vtt": "WEBVTT\n\n" + CUES.format(mark="."),
}


@pytest.mark.parametrize("takes", IN)
def test_captions_or_bare_text_are_asked_for_where_nothing_else_is_taken(
    takes: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    def answer(fields: dict[str, Any]) -> Fault:
        if fields.get("response_format") == [takes]:
            return Raw(IN[takes], "text/plain")
        return Status(400, f"response_format must be {takes}", param="response_format")

    server.refuses = answer
    engine = transcriber(server, max_retries=0, price_per_minute=60.0)
    said = transcribe(engine, beep, Work(tmp_path), seconds=1.0)
    assert said.text == "pitch500."
    assert said.cost_usd == pytest.approx(1.0), "refusals are free"
    (segment,) = said.segments
    if takes == "text":
        assert said.note is not None and "without any times" in said.note
    else:
        assert (segment.start_seconds, segment.end_seconds) == (0.3, 0.8)
    before = len(server.uploads)
    transcribe(engine, beep, Work(tmp_path), seconds=1.0)
    assert len(server.uploads) == before + 1, "it is remembered"


@pytest.mark.parametrize(
    "refusal",
    [
        Status(400, "Invalid file format. Supported formats: ['wav', 'mp3']"),
        Status(415, "Unsupported Media Type"),
        Body(400, json.dumps({"detail": "audio/flac is not supported, send WAV"})),
        Body(415, ""),
    ],
)
def test_wav_is_sent_where_no_flac_is_taken(
    refusal: Fault, server: AudioServer, beep: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flac: list[bool] = []

    def refuse(_: dict[str, Any]) -> Fault | None:
        flac.append(server.uploads[-1].sound[:4] == b"fLaC")
        return refusal if flac[-1] else None

    server.refuses = refuse
    engine = transcriber(server, max_retries=0)
    assert transcribe(engine, beep, Work(tmp_path), seconds=1.0).text == "pitch500."
    assert server.uploads[-1].sound[:4] == b"RIFF"
    assert np.array_equal(server.uploads[0].samples, server.uploads[-1].samples)
    assert "wants WAV" in caplog.text
    transcribe(engine, beep, Work(tmp_path), seconds=1.0)
    assert flac == [True, False, False]


def test_a_chunking_strategy_is_sent_where_one_is_demanded(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    server.refuses = lambda fields: (
        None if "chunking_strategy" in fields else Status(400, "chunking_strategy is required for diarization models")
    )
    said = transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=1.0)
    assert said.text == "pitch500."
    assert server.uploads[-1].text("chunking_strategy") == "auto"


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
