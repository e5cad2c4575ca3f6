"""The name of a machine's time zone, however its system keeps it; and what is done in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from zoneinfo import TZPATH

import pytest

from media_assets.artifacts.duplicates.groups_asset import nightly_groups
from media_assets.base.time_zones import machine_time_zone
from media_assets.config.notices import AlertChannel, AlertSettings
from media_assets.config.settings import Settings
from media_assets.definitions import report_schedule
from media_assets.places.folder.settings import FolderSource
from media_assets.places.watching import AutomationSettings

BERLIN = "Europe/Berlin"
rules = pytest.mark.skipif(
    not any(Path(folder, BERLIN).is_file() for folder in TZPATH), reason="this machine has no rules of time zones"
)


def rules_of(name: str) -> Path:
    return next(path for folder in TZPATH if (path := Path(folder, name)).is_file())


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "timezone").write_text("Etc/UTC\n")
    return tmp_path


def told(etc: Path, **environment: str) -> str | None:
    return machine_time_zone(environment, local=etc / "localtime", named=etc / "timezone")


@pytest.mark.parametrize("folder", ["usr/share/zoneinfo", "private/var/db/timezone/tz/2026a.1.0/zoneinfo.default"])
@pytest.mark.parametrize("inside", ["", "posix/", "right/"])
def test_a_link_into_the_rules_names_the_zone(etc: Path, folder: str, inside: str) -> None:
    (etc / "localtime").symlink_to(etc / folder / inside / BERLIN)
    assert told(etc) == BERLIN


@rules
def test_a_copy_of_the_rules_counts_more_than_the_name_that_the_image_has(etc: Path) -> None:
    shutil.copyfile(rules_of("Asia/Kathmandu"), etc / "localtime")
    assert told(etc) == "Asia/Kathmandu"
    shutil.copyfile(rules_of(BERLIN), etc / "localtime")
    (etc / "timezone").write_text(f"{BERLIN}\n")
    assert told(etc) == BERLIN, "others have the same rules"


def test_the_name_alone_is_enough(etc: Path) -> None:
    (etc / "timezone").write_text(f"{BERLIN}\n# since 2026\n")
    assert told(etc) == BERLIN


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        (BERLIN, BERLIN),
        (f":{BERLIN}", BERLIN),
        ("", "UTC"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", None),
        ("Middle/Earth", None),
    ],
)
def test_the_variable_wins(etc: Path, variable: str, name: str | None) -> None:
    assert told(etc, TZ=variable) == name


def test_a_machine_that_tells_nothing_has_none(tmp_path: Path) -> None:
    assert told(tmp_path) is None
    (tmp_path / "localtime").write_bytes(b"TZif2 of nobody")
    (tmp_path / "timezone").write_bytes(b"\xff\xfe")
    assert told(tmp_path) is None


def settings(zone: str | None, **alerts: object) -> Settings:
    section = AlertSettings.model_validate({"channels": {"team": AlertChannel()}, **alerts})
    sources = {"media": FolderSource(path=Path("media"))}
    return Settings(sources=sources, automation=AutomationSettings(time_zone=zone), alerts=section)


def test_schedules_are_in_the_time_zone_of_the_library_and_say_so() -> None:
    for schedule in (report_schedule(settings("Asia/Kolkata")), nightly_groups("Asia/Kolkata")):
        assert schedule.execution_timezone == "Asia/Kolkata"
        assert "(Asia/Kolkata)" in str(schedule.description)
    assert report_schedule(settings(None)).execution_timezone


@pytest.mark.parametrize(
    ("alerts", "cron", "zone"),
    [
        ({}, "30 6 * * *", BERLIN),
        ({"digest_at": "05:00"}, "30 4 * * *", BERLIN),
        ({"digest_at": "00:10", "time_zone": "Asia/Tokyo"}, "40 23 * * *", "Asia/Tokyo"),
        ({"digest_at": None}, "0 5 * * *", BERLIN),
        ({"channels": {}, "time_zone": "Asia/Tokyo"}, "0 5 * * *", BERLIN),
    ],
)
def test_the_report_is_there_before_the_digest_tells_of_it(alerts: dict[str, object], cron: str, zone: str) -> None:
    report = report_schedule(settings(BERLIN, **alerts))
    assert (report.cron_schedule, report.execution_timezone) == (cron, zone)
