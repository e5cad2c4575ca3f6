"""What flows between assets: typed values, stored as JSON beside the artifacts they describe.

Times are seconds from the start of the source's own timeline, sizes are bytes. No Dagster, no I/O in here.
"""

from __future__ import annotations

from collections.abc import Mapping


def source_bytes_of(told: Mapping[str, object]) -> int:
    """Bytes of the source file, as a stored value or an event tells; 0 where it does not. Older versions, and events of
    `drive_file`, call it `source_size_bytes`."""
    size = told.get("source_bytes", told.get("source_size_bytes"))
    return int(size) if isinstance(size, int | float) else 0
