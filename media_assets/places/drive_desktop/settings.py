"""The section of library.yaml for Google Drive as a program mounts it on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from media_assets.base.errors import Fatal
from media_assets.base.validators import NamedPath
from media_assets.places.listed import snapshot
from media_assets.places.section import SourceSection, Surroundings, Territory

if TYPE_CHECKING:
    from media_assets.places.drive_desktop.source import DriveDesktop


class DriveDesktopSource(SourceSection):
    """Google Drive as Drive for desktop shows it on this machine."""

    usual_interval_seconds = 30
    looks_are_paid = False

    type: Literal["drive_desktop"]
    mount: NamedPath | None = None
    """Where Drive is mounted (the folder that holds `My Drive`); absent: looked for where the system puts it."""
    account: str | None = None
    """E-mail address; which mount to take when there are several."""
    folder: str = "My Drive"
    """The folder to watch, below the mount."""

    @property
    def neighbourhood(self) -> str:
        return "folders"

    def territories(self) -> Iterator[Territory]:
        realm = f"Drive for desktop {self.mount or self.account}"
        yield Territory("folder", self.folder, realm, tuple(self.folder.strip("/").split("/")))

    def open_source(self, name: str, library: Surroundings) -> DriveDesktop:
        from media_assets.places.drive_desktop.source import DriveDesktop

        return DriveDesktop(name, self, lambda folder: folder.open_source(name, library))

    def folder_mounted(self) -> Path | None:
        from media_assets.places.drive_desktop.source import drive_desktop_folder

        with suppress(Fatal):  # it is not mounted, and so nothing in it is there
            return drive_desktop_folder(self).path
        return None

    @classmethod
    def state_names(cls, source: str) -> tuple[str, ...]:
        return snapshot.slots(source)
