"""When a picture was taken, as it says itself: the moment the shutter opened before the moment it was scanned or saved.

Sources, best first: EXIF, XMP and IPTC of the original; when it was made digital; the text of a PNG; when it was last
saved; the clock of GPS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import BinaryIO

from media_assets.base.moments import can_be, moment, zone
from media_assets.media.pictures.headers import Headers, read_headers
from media_assets.media.pictures.tiff import Directory
from media_assets.media.pictures.xmp import NoXmp, properties

_ORIGINAL, _DIGITIZED, _SAVED = 0x9003, 0x9004, 0x0132
_OFFSET_SAVED, _OFFSET_ORIGINAL, _OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
_FRACTION_SAVED, _FRACTION_ORIGINAL, _FRACTION_DIGITIZED = 0x9290, 0x9291, 0x9292
_GPS_TIME, _GPS_DATE = 0x0007, 0x001D
_EXIF = "http://ns.adobe.com/exif/1.0/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_BASIC = "http://ns.adobe.com/xap/1.0/"
_QUARTER = timedelta(minutes=15)
_DRIFT = timedelta(minutes=5)
"""How far the clock of a camera and that of GPS, whose last fix may be minutes old, may differ from whole quarters."""


def taken_at(file: BinaryIO) -> datetime | None:
    """When a picture was taken; without a zone when neither its clock nor GPS tells it; None when it does not say.

    Reads headers alone. What is damaged, or cannot be, is passed over.

    Raises:
        BadMedia: it is made of more boxes than any picture.
        OSError: it cannot be read.
    """
    headers = read_headers(file)
    said = [found for found in _said(headers) if found is not None]
    if not said:
        return _by_gps(headers)
    first = said[0]
    if first.tzinfo is not None:
        return first
    alike = (other for other in said if other.tzinfo and _same_clock(first, other))
    with_zone = next(alike, None)
    ahead = with_zone.tzinfo if with_zone else _ahead_of_gps(first, headers)
    return first.replace(tzinfo=ahead)


def _same_clock(one: datetime, other: datetime) -> bool:
    return one.replace(microsecond=0) == other.replace(microsecond=0, tzinfo=None)


def _said(headers: Headers) -> Iterator[datetime | None]:
    """The moments that it names, best first; None for what is absent or cannot be."""
    xmp = _xmp(headers)
    offset = _text(headers.inner, _OFFSET_SAVED)
    for directory in (headers.inner, headers.first):  # raw pictures may have it in the first one
        yield _camera(directory, _ORIGINAL, _OFFSET_ORIGINAL, _FRACTION_ORIGINAL, offset)
    yield moment(xmp.get((_EXIF, "DateTimeOriginal"), ""))
    yield moment(xmp.get((_PHOTOSHOP, "DateCreated"), ""))
    yield _iptc(headers.iptc)
    yield _camera(headers.inner, _DIGITIZED, _OFFSET_DIGITIZED, _FRACTION_DIGITIZED, offset)
    yield moment(xmp.get((_BASIC, "CreateDate"), ""))
    yield moment(xmp.get((_EXIF, "DateTimeDigitized"), ""))
    yield _png_text(headers.texts)
    fraction = _text(headers.inner, _FRACTION_SAVED)
    yield moment(_text(headers.first, _SAVED), offset, fraction)
    yield _png_time(headers.changed)


def _text(directory: Directory | None, tag: int) -> str:
    return directory.text(tag) if directory else ""


def _camera(inner: Directory | None, tag: int, offset: int, fraction: int, otherwise: str) -> datetime | None:
    own = _text(inner, offset)
    return moment(_text(inner, tag), own if zone(own) else otherwise, _text(inner, fraction))


def _xmp(headers: Headers) -> dict[tuple[str, str], str]:
    """What XMP says; nothing when it is none."""
    try:
        return properties(headers.xmp) if headers.xmp else {}
    except NoXmp:
        return {}


def _iptc(records: bytes) -> datetime | None:
    """Date (2:55) and time (2:60) of creation: `20210704` and `123000+0200`."""
    found: dict[int, str] = {}
    at = 0
    while records[at : at + 1] == b"\x1c" and at + 5 <= len(records):
        size = int.from_bytes(records[at + 3 : at + 5], "big")
        if records[at + 1] == 2:
            found.setdefault(records[at + 2], records[at + 5 : at + 5 + min(size, 64)].decode("ascii", "replace"))
        at += 5 + size
    day = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})", found.get(55, "").strip())
    if day is None:
        return None
    time = re.fullmatch(r"([0-9]{2})([0-9]{2})([0-9]{2})([+-][0-9]{4})?", found.get(60, "").strip())
    clock = f" {time[1]}:{time[2]}:{time[3]}{time[4] or ''}" if time else ""
    return moment(f"{day[1]}-{day[2]}-{day[3]}{clock}")


def _png_text(texts: dict[str, str]) -> datetime | None:
    """`Creation Time`, in ISO 8601 or as e-mails write it (RFC 1123, which the specification of PNG recommends)."""
    from email.utils import parsedate_to_datetime

    text = next((value for name, value in texts.items() if name.lower() in ("creation time", "date:create")), "")
    if not text or (found := moment(text)):
        return found if text else None
    try:
        found = parsedate_to_datetime(text[:64])
    except (ValueError, TypeError, IndexError):
        return None
    return found if can_be(found) else None


def _png_time(parts: tuple[int, ...]) -> datetime | None:
    if not parts:
        return None
    year, month, day, hour, minute, second = parts
    return moment(f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")


def _by_gps(headers: Headers) -> datetime | None:
    """The time of GPS, which is UTC."""
    place = headers.place
    if place is None:
        return None
    clock = place.numbers(_GPS_TIME)
    if len(clock) != 3 or not all(0 <= part < limit for part, limit in zip(clock, (24, 60, 60), strict=True)):
        return None
    day = moment(place.text(_GPS_DATE))
    if day is None:
        return None
    hour, minute, second = clock
    return day.replace(tzinfo=UTC) + timedelta(hours=hour, minutes=minute, seconds=second)


def _ahead_of_gps(local: datetime, headers: Headers) -> timezone | None:
    """The zone of the camera's clock, from how far it is ahead of GPS; None when that is no distance of zones."""
    there = _by_gps(headers)
    if there is None:
        return None
    ahead = local.replace(tzinfo=UTC) - there
    quarters = round(ahead / _QUARTER) * _QUARTER
    if abs(ahead - quarters) > _DRIFT or not timedelta(hours=-12) <= quarters <= timedelta(hours=14):
        return None
    return timezone(quarters)
