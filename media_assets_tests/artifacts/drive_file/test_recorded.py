"""The age of a file is that of its own clock: of a photo's EXIF, of a recording's tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from PIL import Image

from media_assets.artifacts.drive_file.recorded import recorded_at
from media_assets.base import moments
from media_assets.media.info import MediaInfo, MediaKind
from media_assets.media.probe import Probe, probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media

SUMMER = datetime(2021, 7, 4, 10, 30, tzinfo=UTC)


def of_tags(**tags: str) -> datetime | None:
    return recorded_at(Probe(MediaKind.VIDEO, "video/mp4", MediaInfo(container="mov", tags=tags)))


def test_a_photo_is_as_old_as_its_exif_says(tmp_path: Path):
    tags = Image.Exif()
    tags.get_ifd(0x8769).update({0x9003: "2021:07:04 12:30:00", 0x9011: "+02:00"})
    Image.new("RGB", (16, 16)).save(tmp_path / "a.jpg", exif=tags)
    found = recorded_at(probe(tmp_path / "a.jpg", Work(tmp_path)))
    assert found == SUMMER
    assert found is not None and found.utcoffset() == timedelta(hours=2)


def test_a_clock_without_a_zone_is_one_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(moments, "time_zone_of_this_machine", lambda: "Europe/Berlin")
    found = recorded_at(Probe(MediaKind.IMAGE, "image/jpeg", None, datetime(2021, 7, 4, 12, 30)))
    assert found == SUMMER


def test_apple_tells_the_zone_of_a_video(tmp_path: Path):
    both = (
        *("-metadata", "com.apple.quicktime.creationdate=2021-07-04T12:30:00+0200"),
        *("-metadata", "creation_time=2022-01-01T00:00:00Z", "-movflags", "use_metadata_tags"),
    )
    found = recorded_at(probe(media.silent_video(tmp_path / "a.mov", 0.2, *both), Work(tmp_path)))
    assert found == SUMMER
    assert found is not None and found.tzinfo == timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "nonsense", ["1970-01-01T00:00:00.000000Z", "1904-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "soon", "2020-13-01"]
)
def test_a_clock_that_was_never_set_is_passed_over(nonsense: str):
    assert of_tags(creation_time=nonsense) is None
    assert of_tags(**{"com.apple.quicktime.creationdate": nonsense, "creation_time": "2021-07-04T10:30:00Z"}) == SUMMER


def test_a_recorder_writes_the_day_and_the_time_of_day_apart():
    assert of_tags(date="2021-07-04", creation_time="10:30:00", TimeReference="0") == moments.in_zone(
        datetime(2021, 7, 4, 10, 30)
    )


def test_a_day_alone_is_that_of_a_release():
    assert of_tags(date="1999-05-01") is None
    assert of_tags(DATE="2021-07-04T12:30:00+02:00") == SUMMER
