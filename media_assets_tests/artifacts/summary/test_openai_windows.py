"""Servers that read less than they are sent: what they tell of their window, and what is seen of it in their counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from media_assets.artifacts.transcript.value import Transcript
from media_assets.services.openai.token_windows import TokenWindow
from media_assets.services.openai.truncation import KnownWindow, least_tokens
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.test_openai_compatible import long_transcript, summarizer
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript
from media_assets_tests.openai_server import OpenAIServer, openai_server

SHOWN = {"model_info": {"llama.context_length": 131072}, "parameters": 'stop "x"'}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        running.key = None
        yield running


def read_in_full(server: OpenAIServer, spoken: Transcript) -> None:
    """Every line was in a request that the server read whole."""
    assert server.window_tokens is not None
    whole = [request for request in server.requests if not request.dropped]
    sent = "".join(request.material for request in whole)
    assert all(f" planted{i}word " in sent for i in range(len(spoken.segments)))


def test_what_a_server_drops_without_a_word_is_sent_in_smaller_parts(server: OpenAIServer, tmp_path: Path) -> None:
    server.window_tokens = 4096
    spoken = long_transcript(300)
    asked = summarizer(server, part_characters=60_000)

    summary = asked.summarize(spoken, Work(tmp_path))

    assert summary.parts >= 2
    read_in_full(server, spoken)
    dropped = sum(request.dropped for request in server.requests)
    assert dropped == 1, "it is seen at the first"
    asked.summarize(spoken, Work(tmp_path))
    assert sum(request.dropped for request in server.requests) == 1, "and remembered for the run"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("pages", "facts"),
    [
        ({"/api/ps": {"models": [{"name": "gpt-4o-mini:latest", "context_length": 4096}]}}, {}),
        ({"/api/show": SHOWN}, {}),
        ({"/api/show": {**SHOWN, "parameters": "temperature 1\nnum_ctx                        4096"}}, {}),
        ({"/api/v0/models": {"data": [{"id": "gpt-4o-mini", "loaded_context_length": 4096}]}}, {}),
        ({"/props": {"default_generation_settings": {"n_ctx": 4096}}}, {}),
        ({}, {"max_model_len": 4096}),
        ({}, {"context_length": 131072, "top_provider": {"context_length": 4096}}),
        ({}, {"meta": {"n_ctx": 4096, "n_ctx_train": 131072}}),
    ],
    ids=[
        "Ollama loaded",
        "Ollama default",
        "num_ctx",
        "LM Studio",
        "llama.cpp",
        "vLLM",
        "OpenRouter",
        "llama.cpp list",
    ],
)
def test_a_window_that_a_server_tells_is_kept_from_the_first_request_on(
    pages: dict[str, object], facts: Mapping[str, object], server: OpenAIServer, tmp_path: Path
) -> None:
    server.window_tokens, server.pages, server.model_facts = 4096, pages, facts
    spoken = long_transcript(300)
    asked = summarizer(server, part_characters=60_000)

    assert "window 4,096 tokens" in asked.check()
    assert asked.summarize(spoken, Work(tmp_path)).parts >= 2

    read_in_full(server, spoken)
    assert not any(request.dropped for request in server.requests)


def test_doctor_says_what_to_set_at_ollama(server: OpenAIServer) -> None:
    server.pages = {"/api/show": SHOWN}
    found = summarizer(server).check()
    assert "Ollama's default" in found
    assert "131,072" in found
    assert "OLLAMA_CONTEXT_LENGTH or num_ctx" in found


@pytest.mark.thorough
def test_a_default_that_was_assumed_gives_way_to_what_is_loaded(server: OpenAIServer, tmp_path: Path) -> None:
    server.pages = {"/api/show": SHOWN}
    asked = summarizer(server)
    asked.summarize(transcript(BEES), Work(tmp_path))
    assert asked.summarize(long_transcript(200), Work(tmp_path)).parts > 1

    other = summarizer(server)
    server.pages["/api/ps"] = {"models": []}
    server.pages["/api/show"] = SHOWN

    def load(_: object) -> None:
        server.pages["/api/ps"] = {"models": [{"model": "gpt-4o-mini", "context_length": 65536}]}

    server.refuses = load
    other.summarize(transcript(BEES), Work(tmp_path))
    assert other.summarize(long_transcript(200), Work(tmp_path)).parts == 1


@pytest.mark.parametrize("page", [None, [], "x", {"models": "x"}, {"models": [3, {"name": "gpt-4o-mini"}]}])
def test_an_odd_answer_about_the_window_is_none(page: object, server: OpenAIServer, tmp_path: Path) -> None:
    server.pages = dict.fromkeys(("/api/ps", "/api/show", "/api/v0/models", "/props"), page)
    server.model_facts = {"context_length": "many", "meta": 3, "max_model_len": True}
    asked = summarizer(server)
    assert "window" not in asked.check()
    assert asked.summarize(transcript(BEES), Work(tmp_path)).title


def test_the_window_is_asked_for_once_in_a_run(server: OpenAIServer, tmp_path: Path) -> None:
    asked = summarizer(server)
    for _ in range(3):
        asked.summarize(transcript(BEES), Work(tmp_path))
    assert len(server.others) <= 5


@pytest.mark.parametrize(
    ("text", "real"),
    [
        # Fewer than any large vocabulary makes of it: four characters to a token in English, 1.2 to three elsewhere.
        ("The quick brown fox jumps over the lazy dog and runs away. ", 13),
        ("蜜蜂在花间飞舞采集花蜜并把它带回蜂巢。", 19),
        ("みつばちは花から花へと飛び回って蜜を集めます。", 16),
        ("ผึ้งบินจากดอกไม้หนึ่งไปยังอีกดอกไม้หนึ่งเพื่อเก็บน้ำหวาน", 17),
        ("꿀벌은 꽃에서 꽃으로 날아다니며 꿀을 모읍니다. ", 17),
        ("Donaudampfschifffahrtsgesellschaftskapitän fährt heute nicht. ", 15),
    ],
)
def test_a_server_that_reads_everything_is_not_suspected(text: str, real: int) -> None:
    window = KnownWindow(lambda _: None)
    assert least_tokens(text * 100) < real * 100
    assert not window.fell_short(text * 100, real * 100)
    assert not window.fell_short(text * 100, 12), "a count of what was not cached"
    assert not window.fell_short(text * 100, None)


def test_a_server_that_counts_in_another_way_is_believed_no_more() -> None:
    window = KnownWindow(lambda _: None)
    words = "word " * 8000
    assert window.fell_short(words, 2000)
    assert not window.fell_short("word " * 500, 300)
    assert not window.fell_short(words, 2000)


def test_a_prompt_that_ends_at_a_round_window_is_suspected() -> None:
    window = KnownWindow(lambda _: None)
    assert window.fell_short("antidisestablishmentarianism " * 1500, 4096)
    assert not window.fell_short("antidisestablishmentarianism " * 1500, 4000)


def test_a_window_leaves_room_for_the_answer() -> None:
    import openai  # takes seconds, in each process that collects the tests

    window = KnownWindow(lambda _: TokenWindow(8192, "by a test"))
    assert window.prompt_tokens(openai.OpenAI(api_key="none")) == 7192
