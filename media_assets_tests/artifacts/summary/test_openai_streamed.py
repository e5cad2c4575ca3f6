"""Chat completions in the wrong wrapping, and answers that are blamed for nothing: all with status 200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, Transient
from media_assets.services.openai.errors import SUMMARY, meaning
from media_assets.services.openai.refusals import read_refusal
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.test_openai_compatible import summarizer
from media_assets_tests.artifacts.summary.test_openai_other_servers import GOOD
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript
from media_assets_tests.openai_server import OpenAIServer, Raw, Says, openai_server

TEXT = json.dumps(GOOD)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        running.key = None
        yield running


def events(text: str, *ends: object) -> str:
    parts = [{"choices": [{"index": 0, "delta": {"content": text[i : i + 40]}}]} for i in range(0, len(text), 40)]
    return "".join(f"data: {each if each == '[DONE]' else json.dumps(each)}\n\n" for each in (*parts, *ends))


STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 7}}
COMPLETION = {"id": "x", "object": "chat.completion", "created": 0, "model": "m",
              "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": TEXT}}],
              "usage": {"prompt_tokens": 12, "completion_tokens": 7}}  # fmt: skip


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    "body",
    [events(TEXT, STOP, USAGE, "[DONE]"), ": keep-alive\n\n" + events(TEXT, STOP, USAGE), json.dumps([COMPLETION])],
)
def test_an_answer_in_events_or_in_a_list_is_read(kind: str, body: str, server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Raw(body, kind)]
    made = summarizer(server, max_retries=0).summarize(transcript(BEES), Work(tmp_path))
    assert made.title == "Bees"
    assert (made.usage.input_tokens, made.usage.output_tokens) == (12, 7)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (events(TEXT[:80]), BadMedia, "did not finish"),
        (events("", {"error": {"message": "worker died", "code": 503}}), Transient, "worker died"),
        ("data: [DONE]\n\n", Transient, "broken JSON"),
        ("null", Transient, "broken JSON"),
    ],
)
def test_a_stream_that_broke_off_is_no_answer(
    body: str, kind: type[MediaAssetsError], says: str, server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = [Raw(body)]
    with pytest.raises(kind, match=says):
        summarizer(server, max_retries=0).summarize(transcript(BEES), Work(tmp_path))


def test_an_answer_that_is_whole_is_taken_whatever_the_server_calls_its_end(
    server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = [Says(TEXT, finish_reason="length")]
    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title == "Bees"


def test_arguments_of_a_function_call_are_an_answer(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says(None, extra={"function_call": {"name": "summary", "arguments": TEXT}})]
    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title == "Bees"
    assert len(server.requests) == 1


def test_one_web_page_among_answers_in_order_does_not_stop_the_batch(server: OpenAIServer, tmp_path: Path) -> None:
    page = Raw("<html>502 Bad Gateway</html>", "text/html")
    engine = summarizer(server, max_retries=0)
    server.script = [page]
    with pytest.raises(Fatal, match="no chat completion"):
        engine.summarize(transcript(BEES), Work(tmp_path))
    engine.summarize(transcript(BEES), Work(tmp_path))
    server.script = [page]
    with pytest.raises(Transient, match="no chat completion"):
        engine.summarize(transcript(BEES), Work(tmp_path))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"code": "1113", "message": "账户余额不足"}}, Fatal),
        (429, {"error": {"code": "1113", "message": "余额不足或无可用资源包,请充值。"}}, Fatal),
        (
            200,
            {"code": "Arrearage", "message": "Access denied, your account is not in good standing."},
            Fatal,
        ),
        (403, {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None}, Fatal),
        (429, {"error": {"type": "exceeded_current_quota_error", "message": "Your account is suspended"}}, Fatal),
        (403, {"error": {"message": "Insufficient credits. Add more at the settings"}}, Fatal),
        (
            429,
            [{"error": {"code": 429, "message": "Exceeded your current quota. Please retry in 37.2s."}}],
            Transient,
        ),
        (429, [{"error": {"code": 429, "message": "You exceeded your current quota, check your plan."}}], Fatal),
    ],
)
def test_money_that_is_used_up_stops_the_batch_and_a_minute_that_is_does_not(
    status: int, body: object, kind: type[MediaAssetsError]
) -> None:
    failure = meaning(read_refusal(body, status), "http://server", "", SUMMARY)
    assert type(failure) is kind
    assert ("quota at http://server is used up" in failure.reason) == (kind is Fatal)
