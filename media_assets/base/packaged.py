"""Files for people that lie at the root of the checkout, and inside the package once it is installed from a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def packaged(name: str) -> Path:
    """The file or folder of this name: `dagster.yaml`, `library.yaml`, `.env.example`, `docs`."""
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parent / name
