"""The words of messages: short whatever is in them, and nobody is called by what others wrote."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from media_assets.operation.alerts.incidents import Incidents
from media_assets.operation.alerts.messages import Links, Text, Writer, fitting, plain
from media_assets_tests.operation.alerts.test_incidents import failed

LONGEST = 1_900


def text_of(*names: str, reason: str = "is poison", ui: str | None = "https://dagster.example") -> Text:
    incidents = Incidents()
    for name in names:
        incidents.failed(failed(name, 0.0, reason=reason))
    (notice,) = incidents.due(0.0, 3600.0)
    return Writer(Links(ui, lambda key: f"file:///{key}"), UTC).notice(notice)


def test_ten_thousand_files_of_one_cause_are_one_short_message_that_says_how_many() -> None:
    text = text_of(*(f"{number}.txt" for number in range(10_000)))
    assert text.title == "10000 files failed at transcript"
    assert "- and 9995 more" in text.body
    assert len(text.body) < LONGEST


@pytest.mark.parametrize("word", ["x", "ü", "日", "🎬", "%", "@everyone ", "<!channel>"])
def test_however_long_names_and_reasons_are_a_message_stays_short_and_says_why(word: str) -> None:
    text = text_of(*(f"{number}{word * 250}.txt" for number in range(5)), reason=f"is poison {word * 2000}")
    assert text.body.startswith("is poison ")
    assert len(text.body) < LONGEST
    assert "@everyone" not in text.body and "<!channel" not in text.body


def test_without_an_address_of_the_ui_the_file_itself_is_linked() -> None:
    assert "- a.txt file:///box:a.txt" in text_of("a.txt", ui=None).body


def test_times_are_told_where_people_are_also_on_the_day_the_clock_is_changed() -> None:
    berlin = Writer(Links(None, lambda _: ""), ZoneInfo("Europe/Berlin"))
    change = 1_774_746_000.0  # 29 Mar 2026, 01:00 UTC: from two o'clock to three
    assert [berlin.time(change + minutes * 60) for minutes in (-1, 0)] == ["29 Mar 01:59", "29 Mar 03:00"]


def test_of_too_many_lines_the_first_are_kept_and_the_cut_is_shown() -> None:
    body = fitting([f"line {number} {'x' * 100}" for number in range(100)])
    assert body.startswith("line 0 ") and body.endswith("…") and len(body) < LONGEST
    assert fitting(["a", "b"]) == "a\nb"
    assert plain("a") == "a" and len(plain("x" * 10_000)) < 400
