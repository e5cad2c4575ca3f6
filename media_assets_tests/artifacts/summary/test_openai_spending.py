"""What summaries cost, and that budgets are asked before a question is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import BadMedia, OverBudget, Transient
from media_assets.services.openai.chat.section import Price
from media_assets.work.settings import BudgetSettings
from media_assets.work.spending import Spending
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.test_openai_compatible import summarizer
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript
from media_assets_tests.openai_server import Cut, OpenAIServer, Says, Status, openai_server

PRICED: dict[str, Any] = {"prices": {"gpt-4o-mini": Price(input=10_000, output=100_000)}, "max_retries": 0}
"""A cent for a token read, a dime for one written: 3 dollars for an answer of the stand-in."""


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        yield running


def test_what_was_spent_is_what_the_answers_cost(server: OpenAIServer, tmp_path: Path) -> None:
    work = Work(tmp_path)
    made = summarizer(server, **PRICED).summarize(transcript(BEES), work)
    assert work.spending.spent_usd == made.usage.cost_usd == pytest.approx(3.0 * len(server.requests))


def test_answers_of_no_use_were_paid_all_the_same(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Says("no JSON"), Says("none either")]
    work = Work(tmp_path)
    with pytest.raises(BadMedia):
        summarizer(server, **PRICED).summarize(transcript(BEES), work)
    assert work.spending.spent_usd == pytest.approx(6.0)


def test_a_refusal_costs_nothing_and_a_lost_answer_what_it_may_have_cost(server: OpenAIServer, tmp_path: Path) -> None:
    server.script = [Status(503)]
    work = Work(tmp_path)
    with pytest.raises(Transient):
        summarizer(server, **PRICED).summarize(transcript(BEES), work)
    assert work.spending.spent_usd == 0.0
    server.script = [Cut()]
    with pytest.raises(Transient):
        summarizer(server, **PRICED).summarize(transcript(BEES), work)
    assert work.spending.spent_usd > 100


def test_a_transcript_over_the_budget_is_not_asked_about(server: OpenAIServer, tmp_path: Path) -> None:
    work = Work(tmp_path, spending=Spending(BudgetSettings(per_file_usd=50)))
    with pytest.raises(OverBudget):
        summarizer(server, **PRICED).summarize(transcript(BEES), work)
    assert server.requests == []
