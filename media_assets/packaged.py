"""Files for people: inside the package, or at the root of the checkout as long as it is not built into a wheel.

`dagster.yaml` always lies in the package: where one lies in the working folder, Dagster warns that it uses another.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def packaged(name: str) -> Path:
    """The file or folder of this name: `dagster.yaml`, `library.yaml`, `.env.example`, `docs`."""
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parent / name
