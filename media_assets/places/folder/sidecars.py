"""What lies beside a file in a folder of this machine."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from itertools import islice, takewhile
from pathlib import Path

from media_assets.places.sidecars import LyingFile, has_sidecar_size, marks_in, start_of


def lying_beside(
    path: Path, endings: Collection[str], *, is_artifact: Callable[[Path], bool], follow_links: bool
) -> Iterator[tuple[LyingFile, str]]:
    """The sidecars of a file, and what their names say beyond its own.

    Args:
        endings: In small letters, with their dots.
        is_artifact: Tells the files that are ours.
        follow_links: Whether a link counts as what it leads to.
    """
    try:
        names = _ending_with(path.parent, path.parent.stat().st_mtime_ns, tuple(sorted(endings)))
    except OSError:
        return  # the file itself was found there a moment ago: whoever reads it will say what is wrong
    start = start_of(path.name)
    for name in takewhile(lambda name: name.startswith(start), islice(names, bisect_left(names, start), None)):
        marks, other = marks_in(name, path.name, endings), path.with_name(name)
        if marks is None:
            continue
        try:
            status = other.stat(follow_symlinks=follow_links)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and has_sidecar_size(status.st_size) and not is_artifact(other):
            yield LyingFile(name, "", status.st_size, f"{status.st_size}-{status.st_mtime_ns}"), marks


@lru_cache(maxsize=256)
def _ending_with(folder: Path, changed_ns: int, endings: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """The names in a folder with one of these endings. `changed_ns` tells one state of the folder from the next."""
    with os.scandir(folder) as items:
        return tuple(sorted(item.name for item in items if item.name.lower().endswith(endings)))
