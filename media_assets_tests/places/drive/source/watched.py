"""For tests of looking at Drive: two watched folders with three files, and what one look can tell."""

from __future__ import annotations

import pytest

from media_assets.places.source import Changes
from media_assets_tests.drive_server import DriveServer

# Drive does not promise whether what happens to a folder is logged for what is in it, too.
either_log = pytest.mark.parametrize("drive", [False, True], ids=["folders", "descendants"], indirect=True)


class Library:
    """Two watched folders `a` and `b` in My Drive, and `out`, which is not watched."""

    def __init__(self, drive: DriveServer) -> None:
        self.a, self.b, self.out = (drive.add_path(name) for name in ("a", "b", "out"))
        self.sub = drive.add_path("a/sub")
        self.one = drive.add_file("one", b"1", parent=self.a)
        self.two = drive.add_file("two", b"2", parent=self.sub)
        self.three = drive.add_file("three", b"3", parent=drive.add_path("a/sub/deep"))


def nothing_in(changes: Changes) -> bool:
    return not (changes.changed or changes.removed or changes.waiting)
