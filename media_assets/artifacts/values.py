"""What the values of several artifacts have in common: how large their source was.

A value itself stands in `artifacts/<name>/value.py`. In all of them times are seconds from the start of the source's
own timeline and sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping


def source_bytes_of(told: Mapping[str, object]) -> int:
    """Bytes of the source file, as a stored value or an event tells; 0 where it does not. Older versions, and events of
    `drive_file`, call it `source_size_bytes`."""
    size = told.get("source_bytes", told.get("source_size_bytes"))
    return int(size) if isinstance(size, int | float) else 0
