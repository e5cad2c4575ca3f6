"""What goes wrong at a server, and what it means for the file and the batch. The client library does the retries."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.artifacts.summary.summarizer import Summarizer
from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, TimeLimitExceeded, Transient
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.test_openai_compatible import summarizer
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript
from media_assets_tests.openai_server import Cut, Fault, OpenAIServer, Raw, Says, Silent, Status, openai_server

SOON = {"retry-after-ms": "5"}
INVALID = json.dumps({"title": "Only a title"})


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        yield running


def failure(asked: Summarizer, tmp_path: Path) -> MediaAssetsError:
    with pytest.raises(MediaAssetsError) as caught:
        asked.summarize(transcript(BEES), Work(tmp_path))
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
def test_what_passes_is_retried_by_the_client(faults: list[Fault], server: OpenAIServer, tmp_path: Path) -> None:
    server.script = list(faults)

    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title

    counts = [request.headers["x-stainless-retry-count"] for request in server.requests]
    assert counts == [str(i) for i in range(len(faults) + 1)]


@pytest.mark.thorough
def test_the_wait_is_the_one_the_server_asks_for(
    server: OpenAIServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.script = [Status(429, "slow down", "rate_limit_exceeded", headers={"retry-after": "1"})]
    with caplog.at_level(logging.INFO, logger="openai"):
        summarizer(server).summarize(transcript(BEES), Work(tmp_path))
    assert "Retrying request in 1.000000 seconds" in caplog.text


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Status(429, "slow down", "rate_limit_exceeded"), "busy or out of order"),
        (Status(502, "bad gateway"), "busy or out of order"),
        (Cut(), "connection to .* failed"),
        (Raw('{"choices": [{"ind'), "broken JSON"),
        (Raw(json.dumps({"error": {"message": "upstream is down", "code": 502}})), "without a completion"),
    ],
)
def test_what_does_not_pass_in_time_is_transient(fault: Fault, says: str, server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [fault]

    error = failure(summarizer(server, max_retries=0), tmp_path)

    assert isinstance(error, Transient)
    assert error.reason.startswith("could not be summarised: ")
    assert re.search(says, error.reason)


def test_a_server_that_does_not_answer_in_time_is_transient(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Silent()]

    error = failure(summarizer(server, timeout_seconds=0.2, max_retries=0), tmp_path)

    assert isinstance(error, Transient)
    assert "did not answer in time" in error.reason


def test_a_file_whose_time_is_up_while_the_server_thinks_has_exceeded_its_limit(
    server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = [Silent()]

    with pytest.raises(TimeLimitExceeded):
        summarizer(server, max_retries=0).summarize(transcript(BEES), Work(tmp_path, time_limit_seconds=0.3))


@pytest.mark.parametrize(
    ("fault", "reason", "next_step"),
    [
        (Status(429, "Check your plan.", "insufficient_quota", "insufficient_quota"), "quota", "credit"),
        (Status(402, "Insufficient Balance"), "quota", "credit"),
        (Status(403, "Country not supported", "unsupported_country"), "denies the access", "right to use"),
        (Status(404, "The model `x` does not exist", "model_not_found"), "does not take", "library.yaml"),
        (Status(404, "temperature is unknown, and so is the model `x`", param="model"), "temperature", "library.yaml"),
        (Raw("<html>Welcome</html>", "text/html"), "no chat completion", "base_url"),
    ],
)  # fmt: skip
def test_what_a_person_must_repair_is_fatal(
    fault: Fault, reason: str, next_step: str, server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = [fault]

    error = failure(summarizer(server, max_retries=0), tmp_path)

    assert isinstance(error, Fatal)
    assert reason in error.reason
    assert next_step in error.next_step


@pytest.mark.parametrize(
    "fault",
    [
        Says(None, refusal="I cannot help with that."),
        Says("", finish_reason="content_filter"),
        Status(400, "Your prompt was flagged", "invalid_prompt", "invalid_request_error"),
        Status(400, "There are repetitive patterns in your prompt", None, "invalid_request_error", "messages"),
    ],
    ids=["refusal", "content filter", "flagged", "bad text"],
)
def test_a_refused_transcript_is_bad_and_the_batch_goes_on(fault: Fault, server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [fault]

    assert type(failure(summarizer(server), tmp_path)) is BadMedia

    assert len(server.requests) == 1
    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title


@pytest.mark.parametrize("text", ["no JSON at all", '{"title": "T", "abs', INVALID, "", None])
def test_an_answer_of_the_wrong_form_is_repaired_once(text: str | None, server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says(text)]

    summary = summarizer(server).summarize(transcript(BEES), Work(tmp_path))

    assert summary.title == "A summary by the stand-in"
    first, second = server.requests
    assert second.messages[:2] == first.messages
    assert second.messages[2] == {"role": "assistant", "content": text or "(nothing)"}
    assert "That answer cannot be used: " in second.messages[3]["content"]
    if text == INVALID:
        assert "abstract: Field required" in second.messages[3]["content"]
    assert summary.usage.input_tokens == 2 * server.prompt_tokens


def test_an_answer_of_the_wrong_form_twice_is_bad(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says("nonsense"), Says(INVALID)]

    error = failure(summarizer(server), tmp_path)

    assert type(error) is BadMedia
    assert "abstract: Field required" in error.reason
    assert 'begins: {"title": "Only a title"}' in error.reason
    assert len(server.requests) == 2


SECRET = "sk-do-not-show-0123456789"


@pytest.mark.parametrize(
    "fault",
    [
        None,
        Status(403, f"key {SECRET} may not"),
        Status(400, f"{SECRET} is odd", param="messages"),
        Status(500, f"crashed on {SECRET}"),
        Status(429, f"insufficient_quota of {SECRET}"),
        Cut(),
        Says("nonsense"),
    ],
    ids=["refused key", "403", "400", "500", "quota", "cut", "repair"],
)
def test_the_key_is_sent_and_shown_nowhere_else(
    fault: Fault | None, server: OpenAIServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.key = SECRET if fault is not None else "another"
    server.script = [fault, Says("nonsense")] if fault is not None else []

    with caplog.at_level(logging.DEBUG):
        error = failure(summarizer(server, key=SECRET, max_retries=0), tmp_path)

    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert isinstance(error, Fatal) or fault is not None
    assert SECRET not in "".join(traceback.format_exception(error))
    assert SECRET not in caplog.text
