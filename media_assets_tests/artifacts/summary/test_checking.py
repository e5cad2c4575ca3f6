"""What a summarizer returns is looked at, and the engine is named that returned nonsense."""

from __future__ import annotations

from typing import Any

import pytest

from media_assets.artifacts.summary.checking import checked_summary
from media_assets.artifacts.summary.value import Summary, TimedHeading, Usage
from media_assets.base.errors import BadResult, FaultOfCode

NAN = float("nan")
MADE = Summary(title="Bees", abstract="On bees.", engine="odd", model="none", extractive=False)


class Odd:
    """An engine of somebody else's."""


def made(**fields: Any) -> Summary:
    return MADE.model_copy(update=fields)


def empty(kind: Any) -> Any:
    """One that was made without the check of its fields."""
    return kind.model_construct()


def chapters(*starts: float) -> dict[str, Any]:
    return {"chapters": tuple(TimedHeading(start_seconds=start, title="x") for start in starts)}


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (None, "returned None, and no Summary"),
        ("Bees", "returned a str, and no Summary"),
        (made(title=None), "returned a Summary that is none (title: Input should be a valid string)"),
        (made(topics="bees"), "returned a Summary that is none (topics: Input should be a valid tuple)"),
        (made(usage=None), "returned a Summary that is none (usage: "),
        (empty(Summary), "returned a Summary that is none (title: Field required)"),
    ],
)
def test_what_is_no_summary_is_a_fault_of_the_engines_code(returned: object, reason: str) -> None:
    with pytest.raises(FaultOfCode) as caught:
        checked_summary(returned, Odd(), "odd", last_seconds=100.0)
    assert caught.value.reason.startswith(f"the engine odd {reason}")
    assert "test_checking.Odd" in caught.value.next_step


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        (made(**chapters(NAN)), "a chapter with a time that is none"),
        (made(**chapters(-3)), "a chapter with a time that is none"),
        (made(**chapters(50, 10)), "chapters that are not in order of time"),
        (made(**chapters(10, 500)), "a chapter that begins behind the end of the recording"),
        (made(usage=Usage(cost_usd=NAN)), "a cost that is no amount"),
        (made(usage=Usage(cost_usd=-1)), "a cost that is no amount"),
        (made(title=" ", abstract=""), "neither a title nor an abstract"),
    ],
)
def test_what_cannot_be_is_told_with_the_engine(returned: Summary, what: str) -> None:
    with pytest.raises(BadResult) as caught:
        checked_summary(returned, Odd(), "odd", last_seconds=100.0)
    assert caught.value.reason == f"the engine odd returned nonsense: {what}"


def test_what_can_be_passes_as_it_is() -> None:
    for fine in (MADE, made(**chapters(0, 50, 100)), made(usage=Usage(cost_usd=0.1))):
        assert checked_summary(fine, Odd(), "odd", last_seconds=100.0) is fine
