"""Numbers as people read them: how many, how large, how long. No sentences in here."""

from __future__ import annotations


def counted(number: int, one: str = "file", many: str = "") -> str:
    """`1 file`, `2 files`.

    Args:
        one: The noun in the singular.
        many: In the plural, where that is not the singular with an s.
    """
    return f"{number} {one}" if number == 1 else f"{number} {many or f'{one}s'}"


def describe_seconds(seconds: float) -> str:
    """`0.8 s`, `12 min`, `3.5 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def describe_bytes(size_bytes: float) -> str:
    """`512 B`, `3.1 MB`; what is less than nothing keeps its sign."""
    if size_bytes < 0:
        return f"-{describe_bytes(-size_bytes)}"
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"
