"""The digest of a day: nothing that was made is forgotten, however it came to be recorded."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from media_assets.alerts.digest import Day, digest, is_due
from media_assets.alerts.messages import Links, Writer
from media_assets.records import EventFeed, Made
from media_assets_tests.toy_library import ToyLibrary


def lines(day: Day) -> list[str]:
    text = digest(day, {}, {}, {}, Writer(Links(None, lambda _: ""), UTC))
    return text.body.splitlines()[1:]


def day_of(toy: ToyLibrary) -> Day:
    day = Day(since=0.0)
    for event in EventFeed(toy.instance, settle_seconds=0).after(0, limit=100, now=time.time()).events:
        if isinstance(event, Made):
            day.add(event)
    return day


@pytest.mark.thorough
def test_a_batch_that_was_repeated_counts_whole_with_its_cost_and_once(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="a", b="b\ntranscript: transient 1", c="c")
        toy.run("drive_file")
        toy.run("m4a_audio")
        toy.run("transcript")
        found = lines(day_of(toy))
        assert found[:3] == ["- made: 3 drive_file, 3 m4a_audio, 3 transcript", "- failures: 0", "- cost: 0.75 USD"]
        toy.run("transcript")
        assert lines(day_of(toy)) == found, "what was found again was not made again"


def test_a_day_without_anything_says_so() -> None:
    assert lines(Day(since=0.0)) == ["- made: nothing", "- failures: 0", "- cost: 0.00 USD", "Nothing is open."]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"])
def test_it_is_due_once_a_day_from_its_hour_on_where_people_are(zone: str) -> None:
    here = ZoneInfo(zone)
    seven = datetime(2026, 7, 1, 7, 0, tzinfo=here)
    before, after, tomorrow = ((seven + timedelta(hours=hours)).timestamp() for hours in (-0.1, 0.1, 24.1))
    assert is_due("2026-06-30", "07:00", before, here) is None
    assert is_due("2026-06-30", "07:00", after, here) == "2026-07-01"
    assert is_due("2026-07-01", "07:00", after, here) is None
    assert is_due("2026-07-01", "07:00", tomorrow, here) == "2026-07-02"
    assert is_due(None, None, after, here) is None
