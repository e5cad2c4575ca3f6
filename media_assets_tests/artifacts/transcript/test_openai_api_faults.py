"""What goes wrong at a server of transcriptions, and what it means for the file, the batch and the money."""

from __future__ import annotations

import json
import logging
import re
import traceback
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.transcriber import Transcriber
from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, TimeLimitExceeded, Transient
from media_assets.work.work import Work
from media_assets_tests.artifacts.transcript.sounds import write_wav
from media_assets_tests.artifacts.transcript.test_openai_api import tone, transcribe, transcriber
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.openai_server import Cut, Fault, Raw, Says, Silent, Status

SOON = {"retry-after-ms": "5"}
PRICE = 60.0
"""A dollar a second."""


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("beep") / "beep.wav", tone(440, 1.0))


def failure(engine: Transcriber, audio: Path, work: Work) -> MediaAssetsError:
    with pytest.raises(MediaAssetsError) as caught:
        transcribe(engine, audio, work, seconds=1.0)
    return caught.value


@pytest.mark.parametrize(
    "faults",
    [
        [Status(429, "slow down", "rate_limit_exceeded", "requests", headers=SOON)] * 2,
        [Status(500, headers=SOON), Status(503, headers=SOON)],
        [Cut()],
        [Cut(after_bytes=10)],
    ],
    ids=["rate limit", "5xx", "no answer", "half an answer"],
)
def test_what_passes_is_retried_by_the_client(
    faults: list[Fault], server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    server.script = list(faults)

    said = transcribe(transcriber(server), beep, Work(tmp_path), seconds=1.0)

    assert said.text == "pitch440."
    counts = [upload.headers["x-stainless-retry-count"] for upload in server.uploads]
    assert counts == [str(i) for i in range(len(faults) + 1)]
    assert len({upload.sound for upload in server.uploads}) == 1, "each time the whole piece is sent"


@pytest.mark.thorough
def test_the_wait_is_the_one_the_server_asks_for(
    server: AudioServer, beep: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.script = [Status(429, "slow down", "rate_limit_exceeded", headers={"retry-after": "1"})]
    with caplog.at_level(logging.INFO, logger="openai"):
        transcribe(transcriber(server), beep, Work(tmp_path), seconds=1.0)
    assert "Retrying request in 1.000000 seconds" in caplog.text


@pytest.mark.parametrize(
    ("fault", "kind", "says", "next_step", "paid"),
    [
        (Status(429, "slow down", "rate_limit_exceeded"), Transient, "busy or out of order", "", False),
        (Status(502, "bad gateway"), Transient, "busy or out of order", "", False),
        (Cut(), Transient, "connection to .* failed", "", True),
        (Says('{"text": "half an ans'), Transient, "cannot be used", "", True),
        (Says('{"words": [null], "task": "hum"}'), Transient, "neither text nor.*hum", "", True),
        (Says(json.dumps({"error": {"message": "upstream is down"}})), Transient, "upstream is down", "", True),
        (Says(json.dumps({"error": "gpu is gone"})), Transient, "gpu is gone", "", True),
        (Says(json.dumps({"error": ["no", {"msg": "workers"}]})), Transient, "no workers", "", True),
        (Raw("<html>Welcome</html>", "text/html"), Fatal, "no transcription", "base_url", True),
        (Status(429, "Check your plan.", "insufficient_quota"), Fatal, "quota", "credit", False),
        (Status(403, "Country not supported"), Fatal, "denies the access", "right to use", False),
        (Status(404, "The model does not exist", "model_not_found"), Fatal, "does not take", "`transcription`", False),
        (Status(400, "'whisper-1' takes no temperature", param="model"), Fatal, "does not take", "library.yaml", False),
        (Status(400, "audio duration 1600 is longer than 1500, the maximum for this model"), Fatal, "pieces of",
         "piece_seconds", False),
        (Status(400, "The audio is corrupted.", "invalid_value"), BadMedia, "The audio is corrupted", "by hand", False),
        (Status(400, "Your audio is too short for this model.", "invalid_value"), BadMedia, "too short", "", False),
        (Status(400, "the seed must be set"), Fatal, "the seed must be set", "`transcription`", False),
        (Status(400, "language_code is required"), Fatal, "language_code", "`transcription`", False),
        (Status(400, "computer says no"), Fatal, "computer says no", "`transcription`", False),
        (Status(400, "audio: field required"), Fatal, "field required", "`transcription`", False),
        (Status(400, "Invalid model name passed in model=whisper-1"), Fatal, "Invalid model name", "library.yaml",
         False),
        (Status(400, "Blocked.", "content_policy_violation"), BadMedia, "content filter", "by hand", False),
    ],
)  # fmt: skip
def test_what_does_not_pass_says_whose_matter_it_is_and_counts_as_spent_if_it_may_be_charged(
    fault: Fault,
    kind: type[MediaAssetsError],
    says: str,
    next_step: str,
    paid: bool,
    server: AudioServer,
    beep: Path,
    tmp_path: Path,
) -> None:
    server.script = [fault]
    work = Work(tmp_path)

    error = failure(transcriber(server, max_retries=0, price_per_minute=PRICE), beep, work)

    assert type(error) is kind
    assert re.search(says, error.reason), error.reason
    assert next_step in error.next_step
    assert work.spending.spent_usd == pytest.approx(1.0 if paid else 0.0)


def test_one_web_page_among_answers_in_order_does_not_stop_the_batch(
    server: AudioServer, beep: Path, tmp_path: Path
) -> None:
    engine = transcriber(server, max_retries=0)
    transcribe(engine, beep, Work(tmp_path), seconds=1.0)
    server.script = [Raw("<html>502 Bad Gateway</html>", "text/html")]
    error = failure(engine, beep, Work(tmp_path))
    assert type(error) is Transient
    assert "it is a web page" in error.reason


def test_a_wrong_key_is_told_without_the_key(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    engine = transcriber(server)
    server.key = "sk-another"
    with pytest.raises(Fatal, match="refused the API key") as caught:
        transcribe(engine, beep, Work(tmp_path), seconds=1.0)
    assert "sk-test" not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_is_not_there_costs_nothing(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    server.base_url = "http://127.0.0.1:9/v1"
    work = Work(tmp_path)
    error = failure(transcriber(server, max_retries=0, price_per_minute=PRICE), beep, work)
    assert isinstance(error, Transient)
    assert work.spending.spent_usd == 0.0


def test_a_file_whose_time_is_up_has_exceeded_its_limit(server: AudioServer, beep: Path, tmp_path: Path) -> None:
    server.script = [Silent()]
    with pytest.raises(TimeLimitExceeded):
        transcribe(transcriber(server, max_retries=0), beep, Work(tmp_path, time_limit_seconds=1.0), seconds=1.0)
