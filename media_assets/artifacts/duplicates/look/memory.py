"""What looks found, kept beside the library, so that no two files are looked at twice."""

from __future__ import annotations

import json
from pathlib import Path

from media_assets.artifacts.duplicates.look.pictures import Finding
from media_assets.base.files import PRIVATE_MODE, private_folder, read_if_file, write_whole

_FORMAT = 14
"""To be raised when looks come to other results."""


class LookMemory:
    """Findings by the contents of two files.

    Args:
        path: A JSON file; what cannot be read from it is looked at again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _stored(path)
        self._used: dict[str, list[object]] = {}

    def get(self, name: str) -> Finding | None:
        """What was found of a pair; None when it was not looked at."""
        found = self._used.get(name) or self._known.get(name)
        try:
            finding = Finding(*found) if found else None  # type: ignore[arg-type]
        except TypeError:
            return None
        if finding is not None:
            self._used[name] = list(finding)
        return finding

    def put(self, name: str, finding: Finding) -> None:
        self._used[name] = list(finding)

    def save(self) -> None:
        """Keep what was asked for since this was made, and nothing else: files come and go."""
        if self._used == self._known:
            return
        private_folder(self._path.parent)
        content = json.dumps({"format": _FORMAT, "found": self._used}, separators=(",", ":"))
        write_whole(self._path, content.encode("ascii"), mode=PRIVATE_MODE, sync=False)


def _stored(path: Path) -> dict[str, list[object]]:
    try:
        stored = json.loads(read_if_file(path) or b"{}")
    except (FileNotFoundError, ValueError):
        return {}
    found = stored.get("found") if isinstance(stored, dict) and stored.get("format") == _FORMAT else None
    return found if isinstance(found, dict) else {}
