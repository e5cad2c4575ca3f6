"""The sections of library.yaml for folders of this machine."""

from __future__ import annotations

from typing import Literal

from media_assets.base.validators import NamedPath
from media_assets.places.filters import _Filtered, _OnThisMachine


class FolderSource(_Filtered, _OnThisMachine):
    """A folder of this machine, or a mounted share."""

    usual_interval_seconds = 10
    looks_are_paid = False

    type: Literal["folder"] = "folder"
    path: NamedPath
    """Relative paths start at the folder of library.yaml."""
    follow_symlinks: bool = False
    cache: bool = False
    """Copy files into the local cache before reading them: for slow network shares."""


class FolderStore(_OnThisMachine):
    """Artifacts in a folder of this machine, or a mounted share."""

    type: Literal["folder"] = "folder"
    path: NamedPath
