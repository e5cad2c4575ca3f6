"""Files that belong to a recording by their names: `talk.srt` and `talk.de.vtt` lie beside `talk.mp4`."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path

from media_assets.places.source import Sidecar

_MOST_BYTES = 16 << 20
"""What is larger is no text."""


def sidecars_beside(
    path: Path, endings: Collection[str], *, is_artifact: Callable[[Path], bool], follow_links: bool
) -> tuple[Sidecar, ...]:
    """The files beside one whose names begin as its own does, with or without its ending, and end with one of these.

    Args:
        endings: In small letters, with their dots.
        is_artifact: Tells the files that are ours.
        follow_links: Whether a link counts as what it leads to.
    """
    try:
        names = _ending_with(path.parent, path.parent.stat().st_mtime_ns, tuple(sorted(endings)))
    except OSError:
        return ()  # the file itself was found there a moment ago: whoever reads it will say what is wrong
    found = []
    for name in names:
        stem = name[: name.rfind(".")]
        if stem not in (path.stem, path.name) and not stem.startswith((f"{path.stem}.", f"{path.name}.")):
            continue
        other = path.with_name(name)
        try:
            status = other.stat(follow_symlinks=follow_links)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and 0 < status.st_size <= _MOST_BYTES and not is_artifact(other):
            marks = stem.removeprefix(path.name).removeprefix(path.stem).strip(".")
            found.append(Sidecar(name, marks, f"{status.st_size}-{status.st_mtime_ns}", other))
    return tuple(found)


@lru_cache(maxsize=256)
def _ending_with(folder: Path, changed_ns: int, endings: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """The names in a folder with one of these endings. `changed_ns` tells one state of the folder from the next."""
    with os.scandir(folder) as items:
        return tuple(sorted(item.name for item in items if item.name.lower().endswith(endings)))
