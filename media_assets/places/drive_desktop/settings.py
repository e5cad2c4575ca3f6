"""The section of library.yaml for Google Drive as a program mounts it on this machine."""

from __future__ import annotations

from typing import Literal

from media_assets.base.validators import NamedPath
from media_assets.places.filters import _Filtered, _OnThisMachine


class DriveDesktopSource(_Filtered, _OnThisMachine):
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
