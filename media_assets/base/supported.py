"""Where media_assets runs. Nothing that only such systems have may be imported on the way to here."""

from __future__ import annotations

import sys

from media_assets.base.errors import Fatal


def require_supported_system() -> None:
    """Say at the start what would be a traceback later.

    Raises:
        Fatal: this is Windows.
    """
    if sys.platform in ("win32", "cygwin"):
        raise Fatal(
            "media-assets runs on Linux and macOS, and on Windows within WSL",
            next_step="Install it in WSL (`wsl --install`), or run it with Docker",
        )
