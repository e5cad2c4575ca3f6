"""The digest of a day: nothing that was made is forgotten, however it came to be recorded."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from media_assets.operation.alerts.digest import Day, digest, is_due
from media_assets.operation.alerts.messages import Links, Writer
from media_assets.pipeline.records import EventFeed, Made
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
        toy.write(a="a", b="b\necho: transient 1", c="c")
        toy.run("note")
        toy.run("shout")
        toy.run("echo")
        found = lines(day_of(toy))
        assert found[:3] == ["- made: 3 echo, 3 note, 3 shout", "- failures: 0", "- cost: 0.75 USD"]
        toy.run("echo")
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


BERLIN = ZoneInfo("Europe/Berlin")


def due_times(at: str, start: datetime, hours: float, *, zone: ZoneInfo = BERLIN, every_minutes: int = 10) -> list[str]:
    """When the digest is sent within some hours of looks, as told by the clocks of people."""
    last, found = (start - timedelta(days=1)).date().isoformat(), []
    for minutes in range(0, int(hours * 60), every_minutes):
        now = start.timestamp() + minutes * 60
        day = is_due(last, at, now, zone)
        if day:
            last = day
            found.append(datetime.fromtimestamp(now, zone).strftime("%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("at", "day", "expected"),
    [
        ("02:30", datetime(2026, 3, 28, 12, tzinfo=BERLIN), ["28 12:00", "29 03:00", "30 02:30"]),  # an hour less
        ("02:30", datetime(2026, 10, 24, 12, tzinfo=BERLIN), ["24 12:00", "25 02:30", "26 02:30"]),  # one hour twice
        ("00:00", datetime(2026, 7, 1, 12, tzinfo=BERLIN), ["01 12:00", "02 00:00", "03 00:00"]),
        ("23:55", datetime(2026, 7, 1, 12, tzinfo=BERLIN), ["02 00:00", "03 00:00"]),
    ],
)
def test_each_day_has_one_digest_also_when_clocks_are_changed_and_at_midnight(
    at: str, day: datetime, expected: list[str]
) -> None:
    assert due_times(at, day, 45) == expected


def test_a_machine_that_is_off_at_that_hour_tells_the_digest_when_it_is_on_again() -> None:
    evening = datetime(2026, 7, 1, 22, 0, tzinfo=BERLIN)
    assert is_due("2026-06-30", "23:00", evening.timestamp(), BERLIN) is None
    morning = (evening + timedelta(hours=10)).timestamp()
    assert is_due("2026-06-30", "23:00", morning, BERLIN) == "2026-07-01"
    assert is_due("2026-07-01", "23:00", morning, BERLIN) is None


def test_a_clock_that_steps_back_over_midnight_repeats_no_digest() -> None:
    midnight = datetime(2026, 7, 2, 0, 0, 5, tzinfo=BERLIN)
    assert is_due("2026-07-01", "00:00", midnight.timestamp(), BERLIN) == "2026-07-02"
    assert is_due("2026-07-02", "00:00", midnight.timestamp() - 10, BERLIN) is None
    assert is_due("2026-07-02", "00:00", midnight.timestamp(), BERLIN) is None


def test_a_clock_that_was_years_ahead_for_a_moment_does_not_end_the_digests() -> None:
    noon = datetime(2026, 7, 2, 12, 0, tzinfo=BERLIN).timestamp()
    assert is_due("2031-01-01", "07:00", noon, BERLIN) == "2026-07-02"
