"""Looks become rarer while nothing changes, and are as frequent as before at the first change. A clock by hand."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from media_assets.places.bucket.settings import BucketSource
from media_assets.places.drive.settings import DriveSource
from media_assets.places.folder.settings import FolderSource
from media_assets.places.pace import Pace
from media_assets.places.watching import AutomationSettings
from media_assets_tests.places.dict_state import DictState

DAY = 86_400.0


def looks(pace: Pace, until: float, interval: float = 10.0, factor: float = 6.0) -> list[float]:
    """When a daemon that asks at every interval really looks, while nothing changes."""
    found, now = [], pace.looked_at
    while (now := now + interval) <= until:
        if not pace.wait_seconds(now, interval, factor, is_paid=True):
            pace = pace.after(now, 1.0, changed=False)
            found.append(now)
    return found


def test_looks_become_rarer_up_to_a_bound() -> None:
    found = looks(Pace(looked_at=0.0, changed_at=0.0), 3600.0)
    between = [after - before for before, after in pairwise(found)]
    assert between[0] == 10.0
    assert between == sorted(between)
    assert between[-1] == 60.0
    assert len(found) < 3600 / 10 / 3


def test_a_change_makes_them_frequent_again() -> None:
    pace = Pace(looked_at=DAY, changed_at=0.0)
    assert pace.wait_seconds(DAY + 10, 10, 6, is_paid=True) == 50.0
    assert pace.after(DAY, 1.0, changed=True).wait_seconds(DAY + 10, 10, 6, is_paid=True) == 0.0


@pytest.mark.parametrize(("took_seconds", "between"), [(0.01, 10.0), (0.25, 10.0), (1.0, 40.0), (5.0, 60.0)])
def test_on_this_machine_they_become_rarer_only_as_far_as_that_pays(took_seconds: float, between: float) -> None:
    pace = Pace(looked_at=DAY, changed_at=0.0, took_seconds=took_seconds)
    waits = (pace.wait_seconds(DAY + seconds, 10, 6, is_paid=False) for seconds in range(10, 120, 10))
    assert next(10 * (number + 1) for number, wait in enumerate(waits) if not wait) == between


def test_with_a_factor_of_1_nothing_is_left_out() -> None:
    assert Pace(looked_at=DAY, changed_at=0.0).wait_seconds(DAY + 10, 10, 1, is_paid=True) == 0.0


@pytest.mark.parametrize("looked_at", [10 * DAY, DAY + 100])
def test_a_clock_that_was_ahead_does_not_stop_the_looks(looked_at: float) -> None:
    pace = Pace(looked_at=looked_at, changed_at=0.0)
    assert pace.wait_seconds(DAY, 10, 6, is_paid=True) == 0.0
    assert looks(Pace(looked_at=DAY, changed_at=10 * DAY).after(DAY, 1.0, changed=False), DAY + 60)


def test_it_is_kept_from_tick_to_tick() -> None:
    memory = DictState()
    assert Pace.read("box", memory) is None
    pace = Pace(looked_at=2.0, changed_at=1.0)
    pace.write("box", memory)
    assert Pace.read("box", memory) == pace
    assert Pace.read("other", memory) is None


def test_each_kind_of_source_has_its_interval_unless_it_is_set() -> None:
    folder = FolderSource(path=Path("media"))
    bucket = BucketSource(type="bucket", url="s3://bucket")
    drive = DriveSource(type="drive", folders=("My Drive",))
    usual = AutomationSettings()
    assert [usual.interval_of(source) for source in (folder, drive, bucket)] == [10, 30, 120]
    every = AutomationSettings(source_interval_seconds=7)
    assert [every.interval_of(source) for source in (folder, drive, bucket)] == [7, 7, 7]
    assert every.interval_of(folder.model_copy(update={"interval_seconds": 3})) == 3
