"""For tests: a source of the stand-in Drive with its sensor's part."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.settings import DriveAccess, DriveSource
from media_assets.places.drive.source.source import DriveFolders
from media_assets.places.source import Changes, SourceEntry
from media_assets.places.watching import AutomationSettings
from media_assets_tests.drive_server import DriveServer
from media_assets_tests.places.dict_state import DictState

AN_HOUR = 3600.0


class Watch:
    """Looks at folders of the stand-in again and again, and keeps the cursor. Each look is by a new object, as a sensor
    after a restart; time passes by looking with a shorter patience."""

    def __init__(self, drive: DriveServer, directory: Path, *folders: str, **settings: Any) -> None:
        self.drive = drive
        self.directory = directory
        self.settings = {"folders": folders, **settings}
        self.state = DictState()
        self.cursor: str | None = None
        self.later_seconds = 0.0
        """What has passed for the source, beyond what has."""
        self.max_retries = 2
        self.source = self.new_source()

    def new_source(self, *, incomplete: float = AN_HOUR) -> DriveFolders:
        grant = self.directory / "grant.json"
        grant.write_text(json.dumps(self.drive.authorized_user_info()))
        grant.chmod(0o600)
        access = {"api_endpoint": self.drive.url, "ca_file": self.drive.ca_file, "max_retries": self.max_retries}
        api = DriveApi(DriveAccess(**access), grant, self.directory / "token.json", wait_multiplier=0)
        settings = DriveSource(type="drive", **self.settings, **access)
        return DriveFolders("box", settings, AutomationSettings(incomplete_seconds=incomplete), api, clock=self.clock)

    def clock(self) -> float:
        return time.time() + self.later_seconds

    def scan(self) -> list[SourceEntry]:
        self.source = self.new_source()
        return list(self.source.scan())

    def look(self, *, incomplete: float = AN_HOUR, keep_cursor: bool = True) -> Changes:
        self.source = self.new_source(incomplete=incomplete)
        changes = self.source.changes(self.cursor, self.state)
        if keep_cursor:
            self.cursor = changes.cursor
        return changes

    def follow(self) -> Changes:
        """A look, and a repetition of it from the same cursor, which has to tell the same."""
        first = self.look(keep_cursor=False)
        assert self.look() == first
        return first


def paths(changes: Changes) -> list[str]:
    """What changed."""
    return [entry.path for entry in changes.changed]


def ids(keys: Collection[str]) -> set[str]:
    return {key.rpartition("~")[2] for key in keys}
