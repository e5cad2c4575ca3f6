"""When a file was recorded, as it says itself: a photo in its EXIF and the like, a recording in its container's tags.

A clock that names no zone is taken for one of this machine's: whoever keeps the library took most of it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from media_assets.base.moments import in_zone, moment
from media_assets.media.probe import Probe

_TIME_OF_DAY = re.compile(r"\d{2}[:.-]\d{2}[:.-]\d{2}", re.ASCII)


def recorded_at(found: Probe) -> datetime | None:
    """The moment with its zone; None when the file does not say, or names one that cannot be."""
    said = found.taken_at or (next(_tagged(found.media.tags), None) if found.media else None)
    return None if said is None else in_zone(said)


def _tagged(tags: Mapping[str, str]) -> Iterator[datetime]:
    """What the tags of a container name, best first.

    Apple's tag has the zone; `creation_time` is what was last done to the file when a program wrote it that keeps the
    tag. A WAV has the day in `date` and the time of day in `creation_time` (EBU Tech 3285). A day alone is that of a
    release.
    """
    told = {name.lower(): value for name, value in tags.items()}
    day, made = told.get("date", ""), told.get("creation_time", "")
    texts = [told.get("com.apple.quicktime.creationdate", ""), made]
    if _TIME_OF_DAY.fullmatch(made.strip()):
        texts.append(f"{day.strip()} {re.sub(r'[.-]', ':', made.strip())}")
    if ":" in day:
        texts.append(day)
    yield from (found for text in texts if (found := moment(text.split(";")[0])) is not None)
