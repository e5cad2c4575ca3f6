"""Keys that files already have: where files have ids, a file that was renamed keeps the key it was registered under."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from media_assets.base.keys import split_drive_key, split_key
from media_assets.places.source import Changes, Source, SourceEntry


class RegisteredKeys:
    """Finds the registered key of a file of one source.

    Args:
        keys: All keys of `media_files`.
    """

    def __init__(self, source: Source, keys: Iterable[str]) -> None:
        self._source = source
        self._by_identity = {source.identity(key): key for key in keys if key.startswith(f"{source.name}:")}

    def __contains__(self, key: str) -> bool:
        return self._source.identity(key) in self._by_identity

    def key(self, key: str) -> str:
        """The registered key of the same file; the key itself when there is none."""
        return self._by_identity.get(self._source.identity(key), key)

    def entries(self, entries: Iterable[SourceEntry]) -> list[SourceEntry]:
        return [replace(entry, key=self.key(entry.key)) for entry in entries]

    def changes(self, changes: Changes) -> Changes:
        return replace(
            changes,
            changed=tuple(self.entries(changes.changed)),
            removed=tuple(self.key(key) for key in changes.removed),
            waiting={self.key(key): reason for key, reason in changes.waiting.items()},
        )


def path_in_key(source: Source, key: str) -> str:
    """What a key says of the path: all of it, or the name alone where files have ids."""
    return split_drive_key(key)[1] if source.has_ids else split_key(key)[1]
