"""A stand-in Drive with two watched folders, after the first look."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.places.drive.source.drive_watch import Watch, paths
from media_assets_tests.places.drive.source.watched import Library


@pytest.fixture
def drive(request: pytest.FixtureRequest):
    with drive_server(descendants_in_log=getattr(request, "param", False)) as server:
        yield server


@pytest.fixture
def library(drive: DriveServer) -> Library:
    return Library(drive)


@pytest.fixture
def watch(drive: DriveServer, library: Library, tmp_path: Path) -> Watch:
    """A watch after its first look."""
    watch = Watch(drive, tmp_path, "My Drive/a", "My Drive/b")
    assert paths(watch.look()) == ["one", "sub/two", "sub/deep/three"]
    return watch
