"""Numbers as people read them: how many, how large, how long, when. No sentences in here."""

from __future__ import annotations

from datetime import datetime, timedelta


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


def clock(seconds: float) -> str:
    """`mm:ss`, and `h:mm:ss` from an hour on, rounded down as players do; negative times count as 0."""
    whole = max(0, int(seconds))
    minutes = f"{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 3600}:{minutes}" if whole >= 3600 else minutes


def describe_moment(moment: datetime) -> str:
    """`2026-03-14 10:30` by the clock of the place it was noted at; behind one in UTC it says so."""
    zone = " UTC" if moment.utcoffset() == timedelta(0) else ""
    return f"{moment:%Y-%m-%d %H:%M}{zone}"
