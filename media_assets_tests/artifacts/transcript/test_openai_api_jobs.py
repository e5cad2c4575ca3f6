"""Answers of transcription servers that speak of a job and not of what was said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.errors import Fatal, MediaAssetsError, Transient
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.openai_server import Raw


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("beep") / "beep.wav", tone(440, 1.0))


def heard(server: AudioServer, beep: Path, work: Path, answer: object) -> Transcript:
    server.script = [Raw(json.dumps(answer))]
    said = transcribe(transcriber(server, max_retries=0), beep, Work(work), seconds=1.0)
    assert len(server.uploads) == 1, "paid once"
    return said


def failure(server: AudioServer, beep: Path, work: Path, answer: object) -> MediaAssetsError:
    with pytest.raises(MediaAssetsError) as caught:
        heard(server, beep, work, answer)
    assert len(server.uploads) == 1, "paid once"
    return caught.value


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": "queued", "text": None}, "status: queued"),
        ({"status": "processing"}, "status: processing"),
        ({"id": "job-7", "status": "queued"}, "status: queued"),
        ({"id": "job-7", "status": "IN_QUEUE", "segments": []}, "status: IN_QUEUE"),
        ({"status": "processing", "text": "", "segments": [], "words": []}, "status: processing"),
        ({"status": "in-progress", "text": "only the beginn"}, "status: in-progress"),
        ({"state": "PENDING", "result": None}, "state: PENDING"),
        ({"TranscriptionJob": {"TranscriptionJobStatus": "IN_PROGRESS"}}, "TranscriptionJobStatus: IN_PROGRESS"),
        ({"data": {"status": "queued", "text": None}}, "status: queued"),
        ({"status": "processing", "data": {"text": ""}}, "status: processing"),
        ({"output": {"task_status": "RUNNING", "task_id": "7"}, "request_id": "8"}, "task_status: RUNNING"),
        ({"job": {"id": "7", "state": "NotStarted"}, "text": None}, "state: NotStarted"),
        ({"status": {"name": "queued"}, "text": None}, "queued"),
        ({"status": 202, "message": "accepted", "text": None}, "status: 202"),
        ({"name": "operations/7", "done": False}, "done: False"),
        ({"status": "zamrznuto", "text": None}, "status: zamrznuto"),
        ({"result": "queued", "id": "7"}, "result: queued"),
        ({"response": {"data": {"task": {"status": "queued"}}}}, "status: queued"),
        ([{"status": "queued", "text": None}], "status: queued"),
    ],
)
def test_a_job_that_is_not_done_is_told_and_never_an_empty_transcript(
    answer: object, words: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    error = failure(server, beep, tmp_path, answer)
    assert type(error) is Transient
    assert "is not finished" in error.reason
    assert words in error.reason
    assert "`transcription.base_url`" in error.next_step


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"status": "failed", "text": None, "message": "the GPU is gone"}, Transient, "the GPU is gone"),
        ({"status": "failed", "text": None}, Transient, "status: failed"),
        ({"status": "error", "error": "the download broke off", "text": None}, Transient, "the download broke off"),
        ({"id": "7", "status": "CANCELLED", "output": {"text": ""}}, Transient, "status: CANCELLED"),
        ({"success": False, "data": None, "message": "no worker is free"}, Transient, "no worker is free"),
        ({"code": 429, "message": "slow down", "data": None}, Transient, "slow down"),
        ({"code": 401, "message": "no such key", "data": None}, Fatal, "refused the API key"),
        ({"status": "failed", "message": "insufficient balance", "text": ""}, Fatal, "quota"),
        ({"data": {"status": "failed", "message": "the GPU is gone", "text": ""}}, Transient, "the GPU is gone"),
        ({"status": "failed", "type": "transcription", "text": ""}, Transient, "status: failed"),
        ({"text": None, "data": {"error": "the GPU is gone"}}, Transient, "the GPU is gone"),
        (
            {"TranscriptionJob": {"TranscriptionJobStatus": "FAILED", "FailureReason": "no such codec"}},
            Transient,
            "no such codec; TranscriptionJobStatus: FAILED",
        ),
        ({"RecognitionStatus": "BabbleTimeout", "DisplayText": ""}, Transient, "BabbleTimeout"),
    ],
)
def test_a_job_that_failed_is_an_error_with_its_words(
    answer: object, kind: type[MediaAssetsError], words: str, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    error = failure(server, beep, tmp_path, answer)
    assert type(error) is kind
    assert words in error.reason


@pytest.mark.parametrize(
    "answer",
    [
        {"text": None},
        {"text": None, "segments": []},
        {"text": "", "status": "completed", "words": [], "utterances": None},
        {"text": None, "status": "success", "code": 0, "error": None},
        {"status": 200, "data": {"text": ""}},
        {"RecognitionStatus": "InitialSilenceTimeout", "text": ""},
        {"done": True, "success": True, "text": ""},
    ],
)
def test_nothing_said_is_still_an_empty_transcript(
    answer: object, server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    assert heard(server, beep, tmp_path, answer).segments == ()


@pytest.mark.parametrize(
    "more",
    [
        {"status": "COMPLETED", "delayTime": 3},
        {"status": "transcribed in 3 s by queue 7"},
        {"state": "Bavaria"},
        {"status": 1, "code": 1000},
        {"success": True, "done": True},
        {"status": None},
    ],
)
def test_a_state_that_says_nothing_against_it_leaves_the_text(
    more: dict[str, object], server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    assert heard(server, beep, tmp_path, {"text": "one two", **more}).text == "one two"


def test_a_stream_that_ends_with_a_job_at_work_is_no_transcript(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    server.script = [Raw('data: {"status": "queued", "text": ""}\n\n', "text/event-stream")]
    with pytest.raises(Transient, match="status: queued"):
        transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path), seconds=1.0)
