"""Answers in JSON of which nobody knows where the text stands: they are paid for once, and no retry pays again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.transcriber import Transcriber
from media_assets.base.errors import BadResult, Fatal, MediaAssetsError, Transient
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.openai_server import Raw


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("beep") / "beep.wav", tone(440, 1.0))


def failure(engine: Transcriber, server: AudioServer, beep: Path, work: Path, answer: object) -> MediaAssetsError:
    sent = len(server.uploads)
    server.script = [Raw(json.dumps(answer))]
    with pytest.raises(MediaAssetsError) as caught:
        transcribe(engine, beep, Work(work), seconds=1.0)
    assert len(server.uploads) - sent == 1, "paid once"
    return caught.value


@pytest.mark.parametrize(
    ("answer", "tree"),
    [
        ({"foo": {"bar": [{"baz": "hello", "at": 1}]}}, "{foo: {bar: [{baz, at}]}}"),
        ({"prediction": {"label": "speech", "score": 0.9}}, "{prediction: {label, score}}"),
        ({"choices": [{"message": {"content": "hello"}}], "id": "7"}, "{choices: [{message: {content}}], id}"),
        ({"text": {"value": "hello"}}, "{text: {value}}"),
        ({"text": 5}, "{text}"),
        ({"results": []}, "{results: []}"),
        ({"results": [{"alternatives": [{"said": "hello"}]}]}, "{results: [{alternatives: [{said}]}]}"),
        ({"output": "https://files.example/7.json", "status": "succeeded"}, "{output, status}"),
        ({"status": "completed", "result": None}, "{status, result}"),
        ([{"label": "a"}, {"label": "b"}], "[{label}]"),
        ({"message": "Welcome to the API", "docs": "/docs"}, "{message, docs}"),
    ],
)
def test_an_answer_in_no_known_form_stops_the_run_and_shows_the_names_in_it(
    answer: object, tree: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    error = failure(transcriber(server, max_retries=0), server, beep, tmp_path, answer)
    assert type(error) is Fatal
    assert f"({tree})" in error.reason
    assert server.base_url.split("/v1")[0] in error.reason
    assert "`transcription.base_url`" in error.next_step


def test_the_words_of_such_an_answer_are_quoted_and_its_values_are_not(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    answer = {"message": "Welcome to the API", "secret": "a value that is nobody's business"}
    error = failure(transcriber(server, max_retries=0), server, beep, tmp_path, answer)
    assert "Welcome to the API" in error.reason
    assert "business" not in str(error)


def test_the_names_in_a_large_answer_are_cut_off(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    many = {f"name {index} " * 20: {"deep": {"deep": {"deep": {"deep": {"deep": 1}}}}} for index in range(1000)}
    error = failure(transcriber(server, max_retries=0), server, beep, tmp_path, {"first": 1, **many})
    assert "{first, name 0" in error.reason
    assert len(error.reason) < 500
    server.key = None
    error = failure(transcriber(server), server, beep, tmp_path, {"sk-abcdefghijklmnop": {"a": 1}})
    assert "sk-abc" not in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        [{"word": "one", "start": 0.1, "end": 0.4}, {"word": "two", "start": 0.5, "end": 0.9}],
        [{"transcript": "one", "start_ms": 100, "end_ms": 400}, {"transcript": "two", "start_ms": 500, "end_ms": 900}],
    ],
)
def test_a_bare_list_of_words_or_of_transcripts_is_known(
    answer: object, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    server.script = [Raw(json.dumps(answer))]
    said = transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=1.0)
    assert said.text == "one two"
    assert (said.segments[0].start_seconds, said.segments[-1].end_seconds) == (0.1, 0.9)


def test_one_such_answer_among_others_is_that_files_matter_and_is_not_paid_again(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    engine = transcriber(server, max_retries=0)
    transcribe(engine, beep, Work(tmp_path), seconds=1.0)
    (tmp_path / "second").mkdir()
    error = failure(engine, server, beep, tmp_path / "second", {"foo": {"bar": 1}})
    assert type(error) is BadResult
    assert "({foo: {bar}})" in error.reason
    assert error.place
    assert "media-assets retry" in error.next_step


def test_silence_is_an_answer_in_order_too(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    engine = transcriber(server, max_retries=0)
    server.script = [Raw('{"text": ""}')]
    assert transcribe(engine, beep, Work(tmp_path), seconds=1.0).segments == ()
    (tmp_path / "second").mkdir()
    assert type(failure(engine, server, beep, tmp_path / "second", {"foo": 1})) is BadResult


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"message": "the model is overloaded, try again later"}, Transient, "overloaded"),
        ({"detail": "rate limit reached"}, Transient, "rate limit reached"),
        ({"message": "insufficient balance", "id": 7}, Fatal, "quota"),
        ({"detail": {"error": "invalid file", "code": 503}}, Transient, "invalid file"),
        ({}, Transient, "neither text nor"),
    ],
)
def test_a_server_that_says_what_is_wrong_is_believed(
    answer: object, kind: type[MediaAssetsError], words: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    error = failure(transcriber(server, max_retries=0), server, beep, tmp_path, answer)
    assert type(error) is kind
    assert words in error.reason


def test_a_piece_that_is_too_long_with_status_200_is_sent_in_halves(server: AudioServer, tmp_path: Path) -> None:
    audio = write_wav(tmp_path / "long.wav", tone(440, 24.0))
    server.script = [Raw(json.dumps({"error": {"message": "Maximum content size exceeded"}}))]
    engine = transcriber(server, max_retries=0, piece_seconds=30)
    assert transcribe(engine, audio, Work(tmp_path), seconds=24.0).text
    assert round(server.uploads[0].seconds) == 24
    assert max(upload.seconds for upload in server.uploads[1:]) <= 12.1
