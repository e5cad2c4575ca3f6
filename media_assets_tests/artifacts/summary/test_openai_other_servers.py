"""Servers that speak OpenAI's API and are not OpenAI: what they refuse, how they answer, what they call too long."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, Transient
from media_assets.services.openai.chat.section import Price
from media_assets.services.openai.refusals import read_refusal, refused_part
from media_assets.services.openai.wordings import says_too_long
from media_assets.work.settings import BudgetSettings
from media_assets.work.spending import Spending
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.test_openai_compatible import summarizer
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript
from media_assets_tests.openai_server import Body, Fault, OpenAIServer, Raw, Says, Status, openai_server

GOOD: dict[str, Any] = {
    "title": "Bees",
    "abstract": "About bees.",
    "key_points": ["Bees dance."],
    "chapters": [{"start": "0:00:00", "title": "Opening"}],
    "action_items": ["Buy honey"],
    "topics": ["bees"],
}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        running.key = None
        yield running


def form(body: dict[str, Any]) -> str | None:
    found: str | None = body.get("response_format", {}).get("type")
    return found


def fastapi(where: str, message: str) -> str:
    return json.dumps({"detail": [{"type": "extra_forbidden", "loc": ["body", where], "msg": message, "input": "x"}]})


FORMATS: dict[str, tuple[set[str], Fault]] = {
    "DeepSeek": (
        {"json_object", "none"},
        Body(
            422,
            "Failed to deserialize the JSON body into the target type: response_format: response_format.type "
            "`json_schema` is unavailable now at line 1 column 9",
            "text/plain",
        ),
    ),
    "Groq, whose model failed": (
        {"none"},
        Body(
            400,
            json.dumps(
                {
                    "error": {
                        "message": "Failed to generate JSON. Please adjust your prompt.",
                        "code": "json_validate_failed",
                        "failed_generation": "{",
                    }
                }
            ),
        ),
    ),
    "Zhipu": (
        {"json_object", "none"},
        Body(400, json.dumps({"error": {"code": "1210", "message": "API 调用参数有误，请检查文档。"}})),
    ),
    "DeepSeek later": (
        {"json_object", "none"},
        Status(400, "This response_format type is unavailable now", "invalid_request_error", "invalid_request_error"),
    ),
    "Groq": (
        {"json_object", "none"},
        Status(400, "'response_format.type' : value is not one of the allowed values ['text','json_object']"),
    ),
    "Groq's other": (
        {"json_object", "none"},
        Status(400, "This model does not support response format `json_schema`.", param="response_format"),
    ),
    "FastAPI": ({"none"}, Body(422, fastapi("response_format", "Extra inputs are not permitted"))),
    "string": ({"none"}, Body(400, json.dumps({"error": "json_schema mode is not supported here"}))),
    "nothing said": ({"none"}, Body(422, "")),
    "gateway": (
        {"none"},
        Body(
            400,
            json.dumps(
                {
                    "error": {
                        "message": "Provider returned error",
                        "code": 400,
                        "metadata": {"raw": json.dumps({"error": {"message": "structured outputs not supported"}})},
                    }
                }
            ),
        ),
    ),
    "OpenRouter": ({"none"}, Status(404, "No endpoints found that can handle the requested parameters.")),
    "with status 200": ({"none"}, Raw(json.dumps({"error": {"message": "response_format unsupported", "code": 400}}))),
}


@pytest.mark.parametrize(("takes", "refusal"), FORMATS.values(), ids=FORMATS)
def test_a_server_without_the_schema_is_asked_without_and_only_once(
    takes: set[str], refusal: Fault, server: OpenAIServer, tmp_path: Path
) -> None:
    server.refuses = lambda body: None if (form(body) or "none") in takes else refusal
    asked = summarizer(server)

    assert asked.summarize(transcript(BEES), Work(tmp_path)).title == "A summary by the stand-in"

    before = len(server.requests)
    assert (form(server.requests[-1].body) or "none") in takes
    asked.summarize(transcript(BEES), Work(tmp_path))
    assert len(server.requests) == before + 1, "it is remembered"


@pytest.mark.parametrize(
    "refusal",
    [
        Status(400, "Unsupported value: 'temperature' does not support 0.2 with this model.", param="temperature"),
        Body(400, json.dumps({"message": "invalid temperature: only 1 is allowed for this model"})),
        Body(422, fastapi("temperature", "Input should be 1")),
    ],
)
def test_a_model_that_takes_no_temperature_is_asked_without(
    refusal: Fault, server: OpenAIServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuses = lambda body: refusal if "temperature" in body else None

    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title

    assert [form(request.body) for request in server.requests] == ["json_schema"] * 2
    assert "does not take temperature" in caplog.text


@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "messages[0].role: system is not one of the allowed values",
    ],
)
def test_instructions_stand_in_the_question_where_there_is_no_system_role(
    words: str, server: OpenAIServer, tmp_path: Path
) -> None:
    server.refuses = lambda body: Status(400, words) if body["messages"][0]["role"] == "system" else None

    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title

    system, *_ = server.requests[0].messages
    (only,) = server.requests[-1].messages
    assert only["content"].startswith(system["content"])
    assert form(server.requests[-1].body) == "json_schema"


def test_several_refusals_of_one_server_are_all_met(server: OpenAIServer, tmp_path: Path) -> None:
    def refuse(body: dict[str, Any]) -> Fault | None:
        if "response_format" in body:
            return Status(400, "response_format is not supported")
        if "temperature" in body:
            return Status(400, "temperature is not supported")
        return Status(400, "no system messages") if body["messages"][0]["role"] == "system" else None

    server.refuses = refuse

    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title
    assert len(server.requests) == 5


def test_a_refusal_that_has_another_cause_is_quoted_as_it_was_first(server: OpenAIServer, tmp_path: Path) -> None:
    server.refuses = lambda body: Body(422, json.dumps({"detail": [{"msg": f"a riddle with {len(body)} fields"}]}))

    with pytest.raises(Fatal, match="a riddle with 4 fields"):
        summarizer(server).summarize(transcript(BEES), Work(tmp_path))
    assert len(server.requests) <= 5


def test_a_refused_request_costs_nothing_and_the_next_is_counted(server: OpenAIServer, tmp_path: Path) -> None:
    server.refuses = lambda body: Status(400, "no json_schema") if form(body) == "json_schema" else None
    spending = Spending(BudgetSettings(per_file_usd=1.0))
    prices = {"gpt-4o-mini": Price(input=1.0, output=1.0)}

    summarizer(server, prices=prices).summarize(transcript(BEES), Work(tmp_path, spending=spending))

    assert spending.spent_usd == pytest.approx(120 / 1e6)


def variants() -> dict[str, object]:
    plain = json.dumps(GOOD)
    fenced = f"```json\n{json.dumps(GOOD, indent=1)}\n```"
    return {
        "thoughts": f"<think>Title {{maybe}}: {json.dumps({**GOOD, 'title': 'Draft'})}</think>\n{plain}",
        "only the end of thoughts": f"I see {{}} here.\n</think>\n\n{plain}",
        "fence": fenced,
        "fence in thoughts' wake": f"<thinking>\nhm\n</thinking>Here you are:\n{fenced}\nAnything else?",
        "text around": f"Sure! Here is the summary:\n{plain}\nI hope this helps {{smile}}.",
        "draft and final": f"{json.dumps({**GOOD, 'title': 'Draft'})}\nCorrected:\n{plain}",
        "harmony": f"<|channel|>analysis<|message|>hm<|end|><|channel|>final<|message|>{plain}",
        "extra field": json.dumps({**GOOD, "confidence": 0.9}),
        "wrapped": json.dumps({"summary": GOOD}),
        "list": json.dumps([GOOD]),
        "string in a string": json.dumps(plain),
        "call": json.dumps({"name": "summary", "arguments": plain}),
        "camel case": plain.replace("key_points", "keyPoints").replace("action_items", "Action Items"),
        "single quotes": str(GOOD),
        "curly quotes": re.sub('"([^"]*)"', "\u201c\\1\u201d", plain),
        "comma too many": plain[:-1] + ",}",
        "comments": plain.replace('"topics"', '// subjects\n"topics"'),
        "chunks": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": plain}],
        "two chunks": [{"type": "text", "text": plain[:20]}, {"type": "text", "text": plain[20:]}],
        "decoded": GOOD,
        "seconds": json.dumps({**GOOD, "chapters": [{"start": 0.0, "title": "Opening"}]}),
        "seconds as text": json.dumps({**GOOD, "chapters": [{"start": "0.5s", "title": "Opening"}]}),
        "brackets": json.dumps({**GOOD, "chapters": [{"timestamp": "[00:00]", "heading": "Opening"}]}),
        "chapters as text": json.dumps({**GOOD, "chapters": ["[0:00:00] Opening", "no time"]}),
        "chapters by time": json.dumps({**GOOD, "chapters": {"0:00:00": "Opening"}}),
        "items as objects": json.dumps({**GOOD, "key_points": [{"text": "Bees dance."}], "topics": [{"name": "bees"}]}),
        "list as text": json.dumps({**GOOD, "key_points": "- Bees dance.\n", "topics": "bees"}),
    }


@pytest.mark.parametrize("content", variants().values(), ids=variants())
def test_an_answer_in_another_wrapping_is_the_same_answer(
    content: object, server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = [Says(content)]

    summary = summarizer(server).summarize(transcript(BEES), Work(tmp_path))

    assert len(server.requests) == 1
    assert (summary.title, summary.abstract) == ("Bees", "About bees.")
    assert (summary.key_points, summary.action_items, summary.topics) == (("Bees dance.",), ("Buy honey",), ("bees",))
    assert [(each.start_seconds, each.title) for each in summary.chapters] == [(0.0, "Opening")]


def test_absent_and_null_lists_are_empty(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says(json.dumps({"title": "Bees", "abstract": "About.", "topics": None, "chapters": None}))]

    summary = summarizer(server).summarize(transcript(BEES), Work(tmp_path))

    assert (summary.title, summary.topics, summary.chapters, summary.key_points) == ("Bees", (), (), ())


def test_half_a_pair_of_surrogates_costs_a_letter_and_not_the_summary(server: OpenAIServer, tmp_path: Path) -> None:
    odd = {"title": "Be\ud83des", "abstract": "A\x00bout", "topics": ["\ud83d"], "key_points": [{"text": "a\udc00"}],
           "chapters": [{"start": "0:00:00", "title": "\ud83dO"}]}  # fmt: skip
    server.script = [Says(json.dumps(odd))]

    summary = summarizer(server).summarize(transcript(BEES), Work(tmp_path))

    assert (summary.title, summary.abstract, summary.topics) == ("Be\ufffdes", "About", ("\ufffd",))
    assert "O" in summary.model_dump_json()


def test_who_does_what_until_when_is_kept(server: OpenAIServer, tmp_path: Path) -> None:
    items = [{"task": "Buy honey", "owner": "Ann", "due": "Friday", "done": False}, {"item": "Rest", "owner": None}]
    server.script = [Says(json.dumps({**GOOD, "action_items": items}))]

    summary = summarizer(server).summarize(transcript(BEES), Work(tmp_path))

    assert summary.action_items == ("Buy honey (Ann, Friday)", "Rest")


def test_tags_of_thoughts_that_are_the_subject_are_kept(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says(json.dumps({**GOOD, "title": "What <think> and </think> mean"}))]

    title = summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title
    assert title == "What <think> and </think> mean"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD)[: json.dumps(GOOD).index("dance")],
        json.dumps(GOOD)[: json.dumps(GOOD).index('], "action')],
        "<think>" + json.dumps(GOOD),
        '{"title": {"a": 1}, "abstract": ["x"',
        "{" * 2000,
    ],
    ids=["within a text", "behind an inner object", "never stops thinking", "nonsense", "deep"],
)
def test_an_answer_that_ends_in_the_middle_is_asked_for_again(text: str, server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says(text)]

    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title == "A summary by the stand-in"
    assert len(server.requests) == 2


def test_an_answer_where_only_the_reasoning_has_it_is_read(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says(None, extra={"reasoning_content": json.dumps(GOOD)})]
    assert summarizer(server).summarize(transcript(BEES), Work(tmp_path)).title == "Bees"


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 811.6, "completion_tokens": 20.0}, (812, 20)),
        ({"prompt_tokens": "812", "completion_tokens": None}, (812, 0)),
        (None, (0, 0)),
        ({}, (0, 0)),
        ("many", (0, 0)),
        ({"prompt_tokens": -1, "completion_tokens": "x"}, (0, 0)),
    ],
)
def test_odd_counts_of_tokens_are_read_or_estimated(
    usage: object, counted: tuple[int, int], server: OpenAIServer, tmp_path: Path
) -> None:
    server.usage = usage
    spending = Spending(BudgetSettings(per_file_usd=1.0))
    prices = {"gpt-4o-mini": Price(input=1.0, output=1.0)}

    summary = summarizer(server, prices=prices).summarize(transcript(BEES), Work(tmp_path, spending=spending))

    assert (summary.usage.input_tokens, summary.usage.output_tokens) == counted
    assert spending.spent_usd > 0, "what is not told counts as estimated"


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Raw(json.dumps({"error": {"message": "the model crashed", "code": 503}})), Transient, "the model crashed"),
        (Raw(json.dumps({"error": "\ud83d no such deployment"})), Transient, "no such deployment"),
        (Raw(json.dumps({"error": {"message": "no credit", "code": 402}})), Fatal, "no credit"),
        (Raw(json.dumps({"choices": [], "message": "come back later"})), Transient, "come back later"),
        (Raw(json.dumps({"choices": [{"error": {"message": "upstream fell"}}]})), Transient, "upstream fell"),
        (Body(500, json.dumps({"error": ["first cause", "second cause"]})), Transient, "first cause second cause"),
        (Body(502, "<html><head><title>x</title></head><h1>Bad <b>gateway</b></h1></html>", "text/html"), Transient,
         "Bad gateway"),
        (Body(400, json.dumps({"detail": [{"loc": ["body", "messages"], "msg": "too odd"}]})), Fatal, "too odd"),
        (Says("I may not say", finish_reason="content_filter"), BadMedia, "I may not say"),
    ],
)  # fmt: skip
def test_errors_are_quoted_in_whatever_form_they_come(
    fault: Fault, kind: type[MediaAssetsError], words: str, server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = [fault] * 5

    with pytest.raises(MediaAssetsError) as caught:
        summarizer(server, max_retries=0).summarize(transcript(BEES), Work(tmp_path))

    assert type(caught.value) is kind
    assert words in " ".join(caught.value.reason.split())
    assert "<" not in caught.value.reason


TOO_LONG = {
    "Gemini": (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
    "xAI": (400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
    "TGI": (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 6000"),
    "TGI's other": (422, "Input validation error: `inputs` must have less than 1024 tokens. Given: 5000"),
    "Bedrock": (400, "ValidationException: Input is too long for requested model."),
    "Bedrock's Claude": (400, "prompt is too long: 209353 tokens > 199999 maximum"),
    "Qwen": (400, "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]"),
    "Moonshot": (400, "Invalid request: Your request exceeded model token limit: 8192"),
    "Zhipu": (400, "Prompt 超长"),
    "Mistral": (400, "Prompt contains 65673 tokens, too large for model with 32768 maximum context length"),
    "vLLM": (400, "The decoder prompt (length 9000) is longer than the maximum model length of 4096."),
    "SGLang": (400, "The input (9000 tokens) is longer than the model's context length (4096 tokens)."),
    "llama.cpp": (500, "the request exceeds the available context size. try increasing the context size"),
    "LM Studio": (400, "The number of tokens to keep from the initial prompt is greater than the context length."),
    "Cohere": (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000."),
    "Poolside": (400, "Input length 131393 exceeds the maximum allowed input length of 131040 tokens."),
    "SiliconFlow": (400, "number of input tokens (204703) has exceeded max_prompt_tokens (202752) limit."),
    "GitHub": (413, "Request body too large for gpt-4o model. Max size: 8000 tokens."),
    "Groq": (413, "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 8012"),
    "MiniMax": (400, "invalid params, context window exceeds limit (2013)"),
    "Atlas": (400, "Prompt too long: 5152 tokens exceeds max_seq_len 2048"),
    "Anthropic": (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
    "Bedrock's Titan": (400, "Too many input tokens. Max input tokens: 8192, request input token count: 9000"),
    "AI21": (422, "Prompt has too many tokens (300000). Max is 256000."),
    "Baidu": (400, "the max input characters is 11200"),
    "MLC": (400, "Request prompt has 5000 tokens in total, larger than the model input length limit 4096"),
    "Hunyuan": (400, "对话内容过长"),
    "NIM": (400, "Prompt length (5000) exceeds maximum input length (4096)"),
    "Bedrock's form": (400, "Malformed input request: expected maxLength: 300000, actual: 400000"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "words"), TOO_LONG.values(), ids=TOO_LONG)
def test_every_wording_of_too_long_is_known(status: int, words: str) -> None:
    assert says_too_long(status, words)


NOT_TOO_LONG = {
    "Groq's rate": (413, "Request too large for model `x` on tokens per minute: Limit 6000, Used 5000, Requested 2000"),
    "rate": (429, "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000"),
    "Bedrock's rate": (429, "Too many tokens, please wait before trying again."),
    "Bedrock's rate by a gateway": (400, "ThrottlingException: Too many tokens, please wait before trying again."),
    "requests": (429, "Too many requests"),
    "quota": (403, "You exceeded your current quota"),
    "title": (400, "temperature must be less than 2"),
    "messages": (400, "Something about these messages"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "words"), NOT_TOO_LONG.values(), ids=NOT_TOO_LONG)
def test_what_waiting_or_another_setting_cures_is_not_too_long(status: int, words: str) -> None:
    assert not says_too_long(status, words)


@pytest.mark.parametrize("reason", ["model_length", "MAX_TOKENS"])
def test_an_answer_that_ended_at_a_limit_is_split_however_that_is_called(
    reason: str, server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = [Says(json.dumps(GOOD)[:-20], finish_reason=reason)]
    assert summarizer(server).summarize(transcript(BEES * 3), Work(tmp_path)).parts == 2


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("sensitive", BadMedia), ("SAFETY", BadMedia), ("error", Transient), ("network_error", Transient)],
)
def test_an_answer_that_was_stopped_is_none(
    reason: str, kind: type[MediaAssetsError], server: OpenAIServer, tmp_path: Path
) -> None:
    server.script = [Says(json.dumps(GOOD), finish_reason=reason)]
    with pytest.raises(MediaAssetsError) as caught:
        summarizer(server).summarize(transcript(BEES), Work(tmp_path))
    assert type(caught.value) is kind


@pytest.mark.parametrize("name", ["Gemini", "Zhipu", "llama.cpp"])
def test_what_is_too_long_is_split_and_not_blamed(name: str, server: OpenAIServer, tmp_path: Path) -> None:
    status, words = TOO_LONG[name]
    wrapped = json.dumps([{"error": {"code": "1261", "message": words}}] if name == "Gemini" else {"error": words})
    server.script = [Body(status, wrapped)]

    assert summarizer(server, max_retries=0).summarize(transcript(BEES * 3), Work(tmp_path)).parts == 2


def test_what_was_sent_is_no_part_of_a_refusal() -> None:
    body = {"detail": [{"loc": ["body", "stop"], "msg": "is odd", "input": {"temperature": "system role"}}]}
    refusal = read_refusal(body, 400)
    assert refusal.words == "body.stop is odd"
    assert refused_part(refusal, ["temperature", "system"]) == (None, False)
