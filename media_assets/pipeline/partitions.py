"""`media_files`, the one partition set of a library: which keys are registered in Dagster.

How a key is made of a file, and read, does not belong here (`base.keys`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg

from media_assets.base.batches import batched

media_files = dg.DynamicPartitionsDefinition(name="media_files")

# One statement may bind some 32,000 variables in SQLite; the storage binds a few for each key.
_KEYS_PER_STATEMENT = 5_000


def register(instance: dg.DagsterInstance, keys: Iterable[str]) -> None:
    """Add keys to `media_files`; those it has already are left as they are."""
    for chunk in batched(keys, _KEYS_PER_STATEMENT):
        # SQLite's storage refuses a key that comes twice in one call.
        instance.add_dynamic_partitions(str(media_files.name), list(dict.fromkeys(chunk)))


def registered(instance: dg.DagsterInstance) -> Sequence[str]:
    """All keys of `media_files`, in the order in which they were added: ranges follow that order."""
    return instance.get_dynamic_partitions(str(media_files.name))
