"""Which of several copies to keep: rules in an order, of which the first that tells two apart decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from media_assets.artifacts.duplicates.settings import DuplicateSettings, KeepRule
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.media.info import MediaInfo

_ENCODERS = ("lavf", "lavc", "handbrake", "x264", "x265", "shutter encoder", "mencoder", "whatsapp", "imagemagick")
"""What programs that re-encode files write into them as `encoder` (FFmpeg's libraries, HandBrake …); cameras do not."""
_WORDS: dict[KeepRule, str] = {
    "path": "its path is preferred",
    "original": "it is no re-encoded copy",
    "resolution": "it has the higher resolution",
    "bit_rate": "it has the higher bit rate",
    "oldest": "it is the oldest",
    "largest": "it is the largest",
    "shortest_path": "its path is the shortest",
}


def reencoder(media: MediaInfo) -> str | None:
    """The mark of a program that made this file from another one; None when there is none."""
    for name in ("encoder", "encoding_tool", "software"):
        mark = media.tags.get(name) or media.tags.get(name.upper()) or ""
        if any(known in mark.lower() for known in _ENCODERS):
            return mark
    return None


def preference(settings: DuplicateSettings) -> Callable[[DedupRow], tuple[Any, ...]]:
    """A sort key that puts the copy to keep first. It ends with the key itself, so the choice is always the same."""
    rules = [rule for rule in settings.keep if rule != "path" or settings.prefer_paths]

    def key(row: DedupRow) -> tuple[Any, ...]:
        return (*[_rank(rule, row, settings) for rule in rules], row.key)

    return key


def because(keeper: DedupRow, others: Iterable[DedupRow], settings: DuplicateSettings) -> str:
    """Why the keeper is kept, in words: the rules that put it before the others."""
    found: list[str] = []
    for other in others:
        for rule in settings.keep:
            if _rank(rule, keeper, settings) != _rank(rule, other, settings):
                if _WORDS[rule] not in found:
                    found.append(_WORDS[rule])
                break
    return " and ".join(found) or "all are alike; its name comes first"


def _rank(rule: KeepRule, row: DedupRow, settings: DuplicateSettings) -> Any:
    """Less is better."""
    if rule == "path":
        places = (place for place, glob in enumerate(settings.prefer_paths) if fnmatchcase(row.key, glob))
        return next(places, len(settings.prefer_paths))
    if rule == "original":
        return row.reencoded_by is not None
    if rule == "resolution":
        return -(row.width or 0) * (row.height or 0)
    if rule == "bit_rate":
        return -(row.bit_rate or 0)
    if rule == "oldest":
        return (row.recorded_at or row.modified_at).timestamp()
    return -row.size_bytes if rule == "largest" else len(row.path)
