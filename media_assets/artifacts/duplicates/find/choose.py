"""Which of several copies to keep: rules in an order, of which the first that tells two apart decides."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any, Literal

from media_assets.artifacts.duplicates.settings import DuplicateSettings, KeepRule
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.media.info import MediaInfo, MediaKind
from media_assets.places.leftovers import is_in_bin

_ENCODERS = ("lavf", "lavc", "handbrake", "x264", "x265", "shutter encoder", "mencoder", "whatsapp", "imagemagick")
"""What programs that re-encode files write into them as `encoder` (FFmpeg's libraries, HandBrake …); cameras do not."""
_CAMERA_TAGS = ("location", "gps", "make", "model")
"""Parts of the names under which containers keep what a camera wrote (`com.apple.quicktime.location.ISO6709` …)."""
_WORDS: dict[KeepRule, str] = {
    "path": "its path is preferred",
    "sound": "it has the sound",
    "resolution": "it has the higher resolution",
    "original": "it is no re-encoded copy",
    "metadata": "it still says when or where it was taken",
    "bit_rate": "it has the higher bit rate",
    "oldest": "it is the oldest",
    "largest": "it is the largest",
    "shortest_path": "its path is the shortest",
}
_OUT_OF_BIN = "it does not lie in a bin"
WHOLE_PICTURE, _WHOLE_RECORDING = "it shows the whole picture", "it is the whole recording"
UNMARKED = "there is no mark over it"
_WORTH_MORE: tuple[KeepRule, ...] = ("path", "sound")
"""What counts more than that a file shows or plays more than another."""
_SAME_LENGTH, _SAME_LENGTH_SECONDS = 0.02, 1.0
"""Encoders and edits of containers make recordings that little longer."""
_LITTLE_HEARD = 0.25
"""Share of its length: a copy whose sound breaks off is not kept for one that has it. Pauses differ by less."""
_STEPS = 32
"""Bars are measured on small pictures, so two measures of the same bars may differ by a pixel of those."""


def reencoder(media: MediaInfo) -> str | None:
    """The mark of a program that made this file from another one; None when there is none."""
    for name in ("encoder", "encoding_tool", "software"):
        mark = media.tags.get(name) or media.tags.get(name.upper()) or ""
        if any(known in mark.lower() for known in _ENCODERS):
            return mark
    return None


def has_camera_tags(media: MediaInfo) -> bool:
    """Whether a file still says by which camera or where it was taken."""
    return any(part in _CAMERA_TAGS for name in media.tags for part in re.split(r"[^a-z]+", name.lower()))


def preference(settings: DuplicateSettings) -> Callable[[DedupRow], tuple[Any, ...]]:
    """A sort key that puts the copy to keep first. It ends with the key itself, so the choice is always the same."""
    rules = [rule for rule in settings.keep if rule != "path" or settings.prefer_paths]

    def key(row: DedupRow) -> tuple[Any, ...]:
        return (is_in_bin(row.path), *[_rank(rule, row, settings) for rule in rules], row.key)

    return key


def may_be_kept_for(settings: DuplicateSettings) -> Callable[[DedupRow, DedupRow], bool]:
    """Whether the first of two may be kept because it shows more: what is in a bin, is not where files are wanted or
    has lost its sound is not.
    """
    rules = [rule for rule in settings.keep if rule in _WORTH_MORE and (rule != "path" or settings.prefer_paths)]

    def key(row: DedupRow) -> tuple[Any, ...]:
        return (is_in_bin(row.path), *[_rank(rule, row, settings) for rule in rules])

    return lambda first, second: all(one <= other for one, other in zip(key(first), key(second), strict=True))


def plays(second: DedupRow, first: DedupRow) -> Literal["as much", "less", "more"]:
    """How much a recording plays against another that plays the same, at the same speed."""
    lengths = second.duration_seconds or 0.0, first.duration_seconds or 0.0
    if abs(lengths[0] - lengths[1]) <= max(_SAME_LENGTH_SECONDS, _SAME_LENGTH * max(lengths)):
        return "as much"
    return "more" if lengths[0] > lengths[1] else "less"


def because(
    keeper: DedupRow, others: Iterable[DedupRow], settings: DuplicateSettings, *, shows_more: Iterable[str] = ()
) -> str:
    """Why the keeper is kept, in words: the rules that put it before the others.

    Args:
        others: Those that show as much as it.
        shows_more: Why it shows more than some do, each in words; empty words where these were cut out of it.
    """
    whole = WHOLE_PICTURE if keeper.kind is MediaKind.IMAGE else _WHOLE_RECORDING
    found = [words or whole for words in shows_more]
    for other in others:
        words = _OUT_OF_BIN if is_in_bin(other.path) and not is_in_bin(keeper.path) else None
        words = words or next(
            (_WORDS[rule] for rule in settings.keep if _rank(rule, keeper, settings) != _rank(rule, other, settings)),
            None,
        )
        if words and words not in found:
            found.append(words)
    return " and ".join(found) or "all are alike; its name comes first"


def _rank(rule: KeepRule, row: DedupRow, settings: DuplicateSettings) -> Any:
    """Less is better."""
    if rule == "path":
        places = (place for place, glob in enumerate(settings.prefer_paths) if fnmatchcase(row.key, glob))
        return next(places, len(settings.prefer_paths))
    if rule == "original":
        return row.reencoded_by is not None
    if rule == "sound":
        return (_silence(row), row.lacks_channel)
    if rule == "metadata":
        return (row.recorded_at is None, not row.has_camera_tags)
    if rule == "resolution":
        return _shown_pixels(row)
    if rule == "bit_rate":
        return -(row.bit_rate or 0)
    if rule == "oldest":
        return (row.recorded_at or row.modified_at).timestamp()
    return -row.size_bytes if rule == "largest" else len(row.path)


def _silence(row: DedupRow) -> int:
    """0 where something is heard, 1 where that is little or nobody measured it, 2 where nothing is."""
    if row.heard is not None:
        return 2 if not row.heard else 1 if row.heard < _LITTLE_HEARD else 0
    return 0 if row.audio else 2 if row.has_sound is False else 1


def _shown_pixels(row: DedupRow) -> tuple[float, bool]:
    """Rank by the pixels within black bars, rather too few than too many; of as many, what has no bars goes first."""
    shown = row.frames.shown if row.frames else 1.0
    counted = math.floor(shown * _STEPS - 0.5) / _STEPS if shown < 1 else 1.0
    return (-(row.width or 0) * (row.height or 0) * counted, shown < 1)
