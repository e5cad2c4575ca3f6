"""Servers that demand of a request what others leave open, and refusals that are nobody's fault but the request's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.test_openai_compatible import summarizer
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript
from media_assets_tests.openai_server import Body, Fault, OpenAIServer, Raw, Says, Status, openai_server, summary_of

Refuse = Callable[[dict[str, Any]], Fault | None]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        running.key = None
        yield running


def unless(taken: Callable[[dict[str, Any]], bool], words: str, status: int = 400, **more: Any) -> Refuse:
    return lambda body: None if taken(body) else Status(status, words, **more)


def missing(field: str) -> Fault:
    detail = [{"type": "missing", "loc": ["body", field], "msg": "Field required", "input": {}}]
    return Body(422, json.dumps({"detail": detail}))


def limited(body: dict[str, Any]) -> bool:
    return "max_tokens" in body


LIMITS: dict[str, Refuse] = {
    "Anthropic": unless(limited, "max_tokens: Field required", type="invalid_request_error"),
    "by parameter": unless(limited, "Missing required parameter: 'max_tokens'.", param="max_tokens"),
    "FastAPI": lambda body: None if limited(body) else missing("max_tokens"),
    "a string": lambda body: None if limited(body) else Body(400, json.dumps({"error": "max_tokens is required"})),
    "Bedrock": unless(
        limited,
        "Malformed input request: #: required key [max_tokens] not found, please reformat your input and try again.",
    ),
    "a gateway's 500": unless(limited, "litellm: max_tokens must be set for this model", 500),
    "newer": unless(lambda body: "max_completion_tokens" in body, "max_completion_tokens is required"),
    "newer, by what it calls the other": lambda body: (
        None
        if "max_completion_tokens" in body
        else Status(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                    "'max_completion_tokens' instead.", param="max_tokens")
        if limited(body)
        else Status(400, "max_tokens or max_completion_tokens must be given")
    ),
    "little": lambda body: (
        Status(400, "max_tokens: 4096 > 2048, which is the maximum allowed number of output tokens for this model")
        if body.get("max_tokens", 0) > 2048
        else None
        if limited(body)
        else Status(400, "max_tokens: Field required")
    ),
    "little, as OpenAI says it": lambda body: (
        Status(400, "max_tokens is too large: 4096. This model supports at most 2048 completion tokens.")
        if body.get("max_tokens", 0) > 2048
        else None
        if limited(body)
        else Status(400, "max_tokens is required")
    ),
}  # fmt: skip


@pytest.mark.parametrize("refuse", LIMITS.values(), ids=LIMITS)
def test_a_server_that_wants_a_limit_for_the_answer_gets_one_from_then_on(
    refuse: Refuse, server: OpenAIServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuses = refuse
    asked = summarizer(server, max_retries=0)

    assert asked.summarize(transcript(BEES), Work(tmp_path)).title == "A summary by the stand-in"

    assert "limit for its answers" in caplog.text
    assert server.requests[-1].body["response_format"]["type"] == "json_schema", "nothing else is given up for it"
    before = len(server.requests)
    asked.summarize(transcript(BEES), Work(tmp_path))
    assert len(server.requests) == before + 1, "it is remembered"


def test_a_server_that_asks_for_no_limit_gets_none(server: OpenAIServer, tmp_path: Path) -> None:
    summarizer(server).summarize(transcript(BEES), Work(tmp_path))
    assert not {"max_tokens", "max_completion_tokens", "stream"} & server.requests[0].body.keys()


def events(text: str) -> str:
    parts = [text[:50], text[50:]]
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"content": part}}]} for part in parts]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    chunks.append({"choices": [], "usage": {"prompt_tokens": 70, "completion_tokens": 7}})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("words", "takes_options"),
    [
        ("This model only support stream mode, please enable the stream parameter to access the model.", True),
        ("parameter.enable_thinking must be set to false for non-streaming calls", True),
        ("Stream must be set to true", False),
    ],
)
def test_a_model_that_answers_in_streams_only_is_asked_for_one(
    words: str, takes_options: bool, server: OpenAIServer, tmp_path: Path
) -> None:
    def refuse(body: dict[str, Any]) -> Fault | None:
        if not body.get("stream"):
            return Status(400, words)
        if "stream_options" in body and not takes_options:
            return Status(400, "Unknown parameter: stream_options")
        return Raw(events(json.dumps(summary_of("[0:00:00] Bees."))), "text/event-stream")

    server.refuses = refuse
    summary = summarizer(server).summarize(transcript(BEES), Work(tmp_path))
    assert summary.title == "A summary by the stand-in"
    assert (summary.usage.input_tokens, summary.usage.output_tokens) == (70, 7)


@pytest.mark.parametrize(
    "words",
    [
        "messages.0.content: Input should be a valid list",
        "content must be an array of content parts",
        "invalid type for messages[0].content: expected a sequence",
    ],
)
def test_contents_are_lists_where_they_have_to_be(words: str, server: OpenAIServer, tmp_path: Path) -> None:
    server.refuses = unless(lambda body: all(isinstance(m["content"], list) for m in body["messages"]), words)
    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title == "A summary by the stand-in"
    assert [message["content"][0]["type"] for message in server.requests[-1].body["messages"]] == ["text", "text"]


def test_a_format_that_has_to_be_named_is_text_at_last(server: OpenAIServer, tmp_path: Path) -> None:
    server.refuses = unless(
        lambda body: body.get("response_format") == {"type": "text"}, "response_format is required and must be text"
    )
    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title == "A summary by the stand-in"


@pytest.mark.parametrize("words", ["multi-turn conversations are not supported", "assistant messages are not allowed"])
def test_a_repair_is_one_question_where_a_dialogue_is_refused(words: str, server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says("nonsense")]
    server.refuses = unless(lambda body: all(m["role"] != "assistant" for m in body["messages"]), words)

    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title == "A summary by the stand-in"

    _, last = server.requests[-1].messages
    assert last["role"] == "user"
    assert "nonsense" in last["content"] and "That answer cannot be used" in last["content"]


def test_no_message_of_a_repair_is_empty(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says(" \n")]
    server.refuses = unless(
        lambda body: all(m["content"].strip() for m in body["messages"]),
        "messages: text content blocks must be non-empty",
    )
    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title == "A summary by the stand-in"


NO_FAULT_OF_A_FILE: dict[str, tuple[Fault, str]] = {
    "unknown model": (Status(400, "Model Not Exist"), "Model Not Exist"),
    "no model of that name": (Status(400, "qwen9 is not a valid model ID"), "qwen9 is not a valid model ID"),
    "a field that is wanted": (Status(400, "safety_identifier is required"), "safety_identifier is required"),
    "FastAPI": (missing("user"), "Field required"),
    "an unknown field": (
        Status(400, "Unrecognized request argument supplied: n"),
        "Unrecognized request argument supplied: n",
    ),
    "a seed": (Status(400, "seed must be set"), "seed must be set"),
    "a role": (Status(400, "messages: first message must use another role"), "must use another role"),
    "metadata": (
        Status(400, "'metadata' is only allowed when 'store' is enabled"),
        "'metadata' is only allowed when 'store' is enabled",
    ),
    "messages": (Status(400, "Something about these messages", param="messages"), "Something about these messages"),
    "a header": (Status(400, "anthropic-version: header is required"), "anthropic-version: header is required"),
    "a riddle": (Status(400, "computer says no"), "computer says no"),
    "nothing at all": (Body(400, ""), "status 400"),
    "no such method": (Body(405, json.dumps({"detail": "Method Not Allowed"})), "Method Not Allowed"),
    "another kind of model": (
        Status(404, "This is not a chat model and thus not supported in v1/chat/completions."),
        "This is not a chat model and thus not supported in v1/chat/completions.",
    ),
}


@pytest.mark.parametrize(("fault", "told"), NO_FAULT_OF_A_FILE.values(), ids=NO_FAULT_OF_A_FILE)
def test_a_request_that_is_not_taken_stops_the_batch_and_blames_no_file(
    fault: Fault, told: str, server: OpenAIServer, tmp_path: Path
) -> None:
    server.refuses = lambda _: fault
    with pytest.raises(Fatal) as caught:
        summarizer(server, max_retries=0).summarize(transcript(BEES), Work(tmp_path))
    assert told in caught.value.reason
    assert "`summary` in library.yaml" in caught.value.next_step


OF_THE_TEXT = (
    "Sorry! We've encountered an issue with repetitive patterns in your prompt.",
    "Content Exists Risk",
    "Input data may contain inappropriate content.",
    "系统检测到输入或生成内容可能包含不安全或敏感内容",
    "The request was rejected because it was considered high risk",
    "invalid unicode in the text",
)


@pytest.mark.parametrize("words", OF_THE_TEXT)
def test_words_about_the_text_itself_blame_the_file(words: str, server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Status(400, words)]
    asked = summarizer(server)
    with pytest.raises(BadMedia) as caught:
        asked.summarize(transcript(BEES), Work(tmp_path))
    assert words in caught.value.reason
    assert asked.summarize(transcript(BEES), Work(tmp_path)).title


@pytest.mark.parametrize(
    ("words", "kind"), [("computer says no", BadMedia), ("n must be 1", Fatal), ("unknown model", Fatal)]
)
def test_a_request_that_was_taken_with_other_files_is_at_fault_only_by_name(
    words: str, kind: type[MediaAssetsError], server: OpenAIServer, tmp_path: Path
) -> None:
    asked = summarizer(server)
    asked.summarize(transcript(BEES), Work(tmp_path))
    server.refuses = lambda _: Status(400, words)
    with pytest.raises(MediaAssetsError) as caught:
        asked.summarize(transcript(BEES), Work(tmp_path))
    assert type(caught.value) is kind
