"""What looks found, kept beside the library, so that no two files are looked at twice.

    looks.json    what is known: by the contents of two files the day it was last asked for, and the finding
    looks.lines   what was found since, a line for each look, as it comes: a run that is killed loses none

A look takes seconds to minutes, a line well below a millisecond. The next run reads both, and puts the lines in their
place when it ends. Several runs may look at one library at the same time.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from media_assets.artifacts.duplicates.find.measured import Measured
from media_assets.artifacts.duplicates.look.pictures import Finding
from media_assets.base.errors import classify
from media_assets.base.files import PRIVATE_MODE, private_folder, read_if_file, write_whole

logger = logging.getLogger("media_assets")

_FORMAT = 24
"""To be raised when looks come to other results."""
_DAY_SECONDS = 86_400
_MOST_UNASKED = 200_000
"""So many findings, of some 200 bytes, are kept that a run did not ask for: it may have been a run over one source, or
one that was stopped. Files come and go, so those that were not asked for the longest are let go."""


class LookMemory:
    """Findings by the contents of two files.

    Args:
        path: A JSON file; what cannot be read from it is looked at again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = path.with_suffix(".lines")  # what ends with .jsonl beside it are journals of moves
        self._known = {**_stored(path), **dict(_appended(self._lines))}
        self._at_first = frozenset(self._known)
        self._asked: set[str] = set()
        self._can_append = True

    def get(self, name: str) -> Finding | None:
        """What was found of a pair; None when it was not looked at."""
        found = self._known.get(name)
        try:
            finding = _finding(found[1:]) if found else None
        except (TypeError, ValueError):
            return None
        if finding is not None:
            self._asked.add(name)
        return finding

    def put(self, name: str, finding: Finding) -> None:
        """Keep what was found, at once. Where it cannot be written that is said, and the work goes on."""
        self._known[name] = [_today(), *finding]
        self._asked.add(name)
        if not self._can_append:
            return
        # The end of a line comes before the next: what a crash left of one spoils no other.
        line = "\n" + json.dumps({"format": _FORMAT, "name": name, "found": self._known[name]}, separators=(",", ":"))
        try:
            with self._alone(), self._lines.open("ab") as file:
                self._lines.chmod(PRIVATE_MODE)
                file.write(line.encode("ascii"))
        except OSError as error:
            self._can_append = False
            logger.warning(
                "what is found by looking at duplicates cannot be saved as it comes: %s; if this run does not come to "
                "its end, all is looked at again",
                classify(error),
            )

    def save(self) -> None:
        """Put everything in its place.

        Raises:
            OSError: it cannot be written; what was there is as it was.
        """
        if not self._asked:
            return
        with self._alone():
            # Lines that came since are those of a run beside this one, which may be killed: they stay.
            others = {name: found for name, found in _appended(self._lines) if name not in self._known}
            content = json.dumps({"format": _FORMAT, "found": self._to_keep()}, separators=(",", ":"))
            write_whole(self._path, content.encode("ascii"), mode=PRIVATE_MODE, sync=False)
            left = [{"format": _FORMAT, "name": name, "found": found} for name, found in others.items()]
            lines = "".join("\n" + json.dumps(line, separators=(",", ":")) for line in left)
            write_whole(self._lines, lines.encode("ascii"), mode=PRIVATE_MODE, sync=False)

    def _to_keep(self) -> dict[str, list[Any]]:
        # A run beside this one may have ended.
        known = {**{name: found for name, found in _stored(self._path).items() if name not in self._at_first}}
        known |= self._known
        asked = {name: [_today(), *known.pop(name)[1:]] for name in sorted(self._asked)}
        unasked = sorted(known, key=lambda name: (-_day(known[name]), name))[:_MOST_UNASKED]
        return {**asked, **{name: known[name] for name in unasked}}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        private_folder(self._path.parent)
        with FileLock(self._path.with_suffix(".lock"), mode=PRIVATE_MODE):
            yield


def _finding(found: list[Any]) -> Finding:
    finding = Finding(*found)
    finer, enlarged, *pairs = finding.measured
    (fresh, framed, colours) = ((one, other) for one, other in pairs)
    return finding._replace(measured=Measured(finer, enlarged, fresh, framed, colours))


def _today() -> int:
    return int(time.time() // _DAY_SECONDS)


def _day(found: list[Any]) -> int:
    return found[0] if isinstance(found[0], int) else 0


def _stored(path: Path) -> dict[str, list[Any]]:
    try:
        stored = json.loads(read_if_file(path) or b"{}")
    except (FileNotFoundError, ValueError):
        return {}
    found = stored.get("found") if isinstance(stored, dict) and stored.get("format") == _FORMAT else None
    return {name: one for name, one in found.items() if _is_finding(one)} if isinstance(found, dict) else {}


def _appended(path: Path) -> Iterator[tuple[str, list[Any]]]:
    """What the lines of looks say; a line that was not written to its end says nothing."""
    for line in (read_if_file(path) or b"").splitlines():
        try:
            one = json.loads(line)
        except ValueError:
            continue
        is_ours = isinstance(one, dict) and one.get("format") == _FORMAT and isinstance(one.get("name"), str)
        if is_ours and _is_finding(one.get("found")):
            yield one["name"], one["found"]


def _is_finding(found: object) -> bool:
    return isinstance(found, list) and len(found) > 1
