"""The memory of a source that is watched by listing it: what was there at the last look, what was still growing, and
what a new look makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from media_assets.base.keys import prefix_of_folder
from media_assets.places import packed
from media_assets.places.source import Changes, DurableState, SourceEntry

SUSPICIOUS_LOSS = 10
"""So many files do not vanish all at once. A share that is not mounted shows an empty folder; a wrong prefix of a
bucket, a key without rights and an account that lost its access show nothing either."""


@dataclass(frozen=True)
class Seen:
    """A file at the last look."""

    revision: str
    since: float
    """Unix time at which this revision was first seen."""
    reported: bool
    """Whether it was handed on as changed; False while it waits."""


@dataclass(frozen=True)
class Snapshot:
    """All files at one look, by key."""

    generation: int
    files: dict[str, Seen]

    @classmethod
    def load(cls, source: str, cursor: str | None, state: DurableState) -> Self | None:
        """The snapshot a cursor stands for; None when there is none, so that all files are looked at anew."""
        if not (cursor and cursor.isdecimal()):
            return None
        stored = packed.load(_place(source), int(cursor), state)
        if stored is None:
            return None
        try:
            return cls(int(cursor), {key: Seen(*row) for key, row in stored["files"].items()})
        except (KeyError, TypeError, AttributeError):
            return None  # not what any version wrote

    def save(self, source: str, state: DurableState) -> str:
        """Make it durable, and return its cursor."""
        rows = {key: (seen.revision, seen.since, seen.reported) for key, seen in self.files.items()}
        packed.save(_place(source), self.generation, {"files": rows}, state)
        return str(self.generation)


def look_again(entries: Sequence[SourceEntry], before: Snapshot | None, now: float) -> dict[str, Seen]:
    """What is known of each file: as it was at the last look, or since now where its revision is new, or where a clock
    that was ahead has said when it was first seen.

    Args:
        now: Seconds since the epoch.
    """
    old = before.files if before else {}
    return {
        entry.key: replace(seen, since=min(seen.since, now))
        if (seen := old.get(entry.key)) and seen.revision == entry.revision
        else Seen(entry.revision, now, reported=False)
        for entry in entries
    }


def compare(
    source: str,
    entries: Sequence[SourceEntry],
    looks: Mapping[str, Seen],
    before: Snapshot | None,
    state: DurableState,
    *,
    waiting: Mapping[str, str],
    unreadable: Mapping[str, str],
) -> Changes:
    """What is new since the last look, whose memory is written anew where anything is.

    Args:
        looks: Of `look_again`.
        waiting: Why files are not reported yet, by key.
        unreadable: What could not be looked at, as keys of files and folders: what was there before counts as there.
    """
    changed = tuple(entry for entry in entries if not looks[entry.key].reported and entry.key not in waiting)
    files = {**looks, **{entry.key: replace(looks[entry.key], reported=True) for entry in changed}}
    below_unreadable = tuple(map(prefix_of_folder, unreadable))
    missing = {key: seen for key, seen in (before.files if before else {}).items() if key not in files}
    files |= {key: seen for key, seen in missing.items() if key in unreadable or key.startswith(below_unreadable)}
    removed = tuple(key for key in missing if key not in files)
    told = {**unreadable, **waiting}
    if before and files == before.files:
        return Changes(waiting=told, cursor=str(before.generation))
    after = Snapshot(before.generation + 1 if before else 0, files)
    return Changes(changed, removed, told, after.save(source, state))


def slots(source: str) -> tuple[str, ...]:
    """Under which names the state of a source is kept."""
    return packed.slots(_place(source))


def _place(source: str) -> str:
    return f"media_assets/source/{source}"
