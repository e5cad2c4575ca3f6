"""Small values that a library keeps in the database of its Dagster instance."""

from __future__ import annotations

import dagster as dg


class InstanceState:
    """Keeps text in the database of the Dagster instance, one row for each name. See `places.source.DurableState`."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        storage = instance.daemon_cursor_storage
        if storage is None:
            raise RuntimeError("this Dagster instance has no storage for cursors")
        self._storage = storage

    def read(self, name: str) -> str | None:
        return self._storage.get_cursor_values({name}).get(name)

    def write(self, name: str, text: str) -> None:
        self._storage.set_cursor_values({name: text})
