"""Dates and times as files write them, and which of them cannot be.

A clock that was never set writes nothing, zeros, or the day its counting began; a typing error writes a month 13.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from media_assets.base.time_zones import time_zone_of_this_machine

_MOMENT = re.compile(
    r"(\d{4})[:./-](\d{1,2})[:./-](\d{1,2})"
    r"(?:(?:\s+|T)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{1,2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?", re.ASCII)
_FIRST_PHOTO = 1826
_EPOCHS = tuple(date(*day) for day in ((1904, 1, 1), (1970, 1, 1), (1980, 1, 1)))
"""Where clocks begin to count: QuickTime, Unix, FAT."""
_EARLIEST_OFFSET, _LATEST_OFFSET = timedelta(hours=-12), timedelta(hours=14)
_LONGEST_TEXT = 64


def moment(text: str, offset: str = "", fraction: str = "") -> datetime | None:
    """A moment as EXIF (`2021:07:04 12:30:00`) or ISO 8601 writes it; without a zone when neither text names one.

    Args:
        offset: How far its clock is ahead of UTC (`+02:00`), if the text does not say it.
        fraction: Digits behind the seconds, if the text does not say them.

    Returns:
        None for what is no date, and for one that cannot be: see `can_be`.
    """
    found = _MOMENT.fullmatch(text[:_LONGEST_TEXT].strip("\0 \t\r\n"))
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(number or 0) for number in found.groups()[:6])
    digits = found[7] or "".join(re.findall(r"^\s*(\d{1,9})", fraction, re.ASCII))
    micro = int(digits[:6].ljust(6, "0")) if digits else 0
    try:
        result = datetime(year, month, day, hour, minute, second, micro, zone(found[8] or offset))
    except ValueError:
        return None
    return result if can_be(result) else None


def zone(offset: str) -> timezone | None:
    """The zone that is so far ahead of UTC; None for what names no distance that any place on earth has."""
    offset = offset.strip("\0 \t\r\n")
    if offset == "Z":
        return UTC
    found = _OFFSET.fullmatch(offset)
    if found is None or int(found[3] or 0) > 59:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0)) * (-1 if found[1] == "-" else 1)
    return timezone(ahead) if _EARLIEST_OFFSET <= ahead <= _LATEST_OFFSET else None


def can_be(found: datetime, now: datetime | None = None) -> bool:
    """Whether something can have been recorded then: not in the future, nor on the first day of a clock never set."""
    now = now or datetime.now(UTC)
    latest = now + timedelta(days=1)  # a clock of another zone may be ahead
    if found.tzinfo is None:
        latest = latest.replace(tzinfo=None)
    if found.year < _FIRST_PHOTO or found > latest:
        return False
    return not any(abs(found.date() - epoch) <= timedelta(days=1) for epoch in _EPOCHS)


def in_zone(found: datetime) -> datetime:
    """The moment with a zone: that of this machine when it names none, as the clock of whoever took it showed it."""
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(time_zone_of_this_machine()))
