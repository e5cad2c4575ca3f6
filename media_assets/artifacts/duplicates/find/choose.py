"""Which of several copies to keep: rules in an order, of which the first that tells two apart decides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from media_assets.artifacts.duplicates.settings import DuplicateSettings, KeepRule
from media_assets.artifacts.duplicates.values import Belongings, DedupRow
from media_assets.media.info import MediaInfo, MediaKind
from media_assets.places.leftovers import is_in_bin

_ENCODERS = ("lavf", "lavc", "handbrake", "x264", "x265", "shutter encoder", "mencoder", "whatsapp", "imagemagick")
"""What programs that re-encode files write into them as `encoder` (FFmpeg's libraries, HandBrake …); cameras do not."""
HAS_SOUND = "it has the sound"
WORDS: dict[KeepRule, tuple[str, ...]] = {
    "path": ("its path is preferred",),
    "sound": (HAS_SOUND, HAS_SOUND),
    "colour": (),
    "resolution": ("it has the higher resolution", "it has the higher resolution", "it shows more than white (HDR)"),
    "original": (
        *("it is lossless", "it is no re-encoded copy"),
        *("it has more bits of each colour", "it has more channels of sound"),
    ),
    "metadata": (
        *("it still says when or where it was taken", "it still says when or where it was taken"),
        "it has what was added to it",
    ),
    "bit_rate": ("it has the higher bit rate",),
    "oldest": ("it is the oldest",),
    "largest": ("it is the largest",),
    "shortest_path": ("its path is the shortest",),
}
"""What each part of the rank of a rule says where it is the first that differs."""
OUT_OF_BIN = "it does not lie in a bin"
WHOLE_PICTURE, _WHOLE_RECORDING = "it shows the whole picture", "it is the whole recording"
UNMARKED = "there is no mark over it"
_LEAST_SAMPLE_RATE = 22_000
"""What is lossless and has fewer samples may have been made from something better, for a program that hears words."""
_WORTH_MORE: tuple[KeepRule, ...] = ("path", "sound")
"""What counts more than that a file shows or plays more than another."""
_MOST_FRAMES = 300.0
"""A second: what says that it has more has told the steps of its clock."""
_WORTH_OF_A_BIT = {
    "mjpeg": 0.15,
    "dvvideo": 0.2,
    "prores": 0.2,
    "mpeg1video": 0.3,
    "mpeg2video": 0.4,
    "mpeg4": 0.6,
    "vp8": 0.8,
    "hevc": 1.5,
    "vp9": 1.5,
    "av1": 2.0,
}
"""How many bits of H.264 show what one of another codec does, roughly: JPEG takes six for one."""
_DEEP = 10
"""Bits of each colour that HDR10 and Dolby Vision have at least (SMPTE ST 2084); some cameras record HLG in 8."""
LITTLE_HEARD = 0.25
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


def preference(settings: DuplicateSettings) -> Callable[[DedupRow], tuple[Any, ...]]:
    """A sort key that puts the copy to keep first. It ends with the key itself, so the choice is always the same."""
    rules = [rule for rule in settings.keep if rule != "path" or settings.prefer_paths]

    def key(row: DedupRow) -> tuple[Any, ...]:
        return (is_in_bin(row.path), *[rank(rule, row, settings) for rule in rules], row.key)

    return key


def may_be_kept_for(settings: DuplicateSettings) -> Callable[[DedupRow, DedupRow], bool]:
    """Whether the first of two may be kept because it shows more: what is in a bin, is not where files are wanted or
    has lost its sound is not.
    """
    rules = [rule for rule in settings.keep if rule in _WORTH_MORE and (rule != "path" or settings.prefer_paths)]

    def key(row: DedupRow) -> tuple[Any, ...]:
        return (is_in_bin(row.path), *[rank(rule, row, settings) for rule in rules])

    return lambda first, second: all(one <= other for one, other in zip(key(first), key(second), strict=True))


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
        words = OUT_OF_BIN if is_in_bin(other.path) and not is_in_bin(keeper.path) else None
        words = words or next(_told_apart(keeper, other, settings), None)
        if words and words not in found:
            found.append(words)
    return " and ".join(found) or "all are alike; its name comes first"


def _told_apart(keeper: DedupRow, other: DedupRow, settings: DuplicateSettings) -> Iterator[str]:
    for rule in settings.keep:
        parts = zip(rank(rule, keeper, settings), rank(rule, other, settings), WORDS[rule], strict=True)
        yield from (words for one, another, words in parts if one != another)


def rank(rule: KeepRule, row: DedupRow, settings: DuplicateSettings) -> tuple[Any, ...]:
    """Less is better."""
    holds = row.holds or Belongings()
    match rule:
        case "path":
            places = (place for place, glob in enumerate(settings.prefer_paths) if fnmatchcase(row.key, glob))
            return (next(places, len(settings.prefer_paths)),)
        case "sound":
            return (_silence(row), row.lacks_channel)
        case "colour":
            return ()  # that is seen where two are looked at
        case "resolution":
            return (-shown_pixels(row), has_bars(row), not believed_hdr(row))
        case "original":
            return (_is_lossy(row, holds), row.reencoded_by is not None, -holds.bit_depth, -holds.channels)
        case "metadata":
            return (row.recorded_at is None, not row.has_camera_tags, -_beside(row))
        case "bit_rate":
            return (-weighed_bit_rate(row),)
        case "oldest":
            return ((row.recorded_at or row.modified_at).timestamp(),)
        case "largest":
            return (-row.size_bytes,)
        case "shortest_path":
            return (len(row.path),)


def _silence(row: DedupRow) -> int:
    """0 where something is heard, 1 where that is little or nobody measured it, 2 where nothing is."""
    if row.heard is not None:
        return 2 if not row.heard else 1 if row.heard < LITTLE_HEARD else 0
    return 0 if row.audio else 2 if row.has_sound is False else 1


def _is_lossy(row: DedupRow, holds: Belongings) -> bool:
    """Whether it is a sound of which encoding may have taken something."""
    return row.kind is MediaKind.AUDIO and not (holds.lossless and holds.sample_rate >= _LEAST_SAMPLE_RATE)


def shown_pixels(row: DedupRow) -> float:
    """The pixels within black bars, rather too few than too many."""
    shown = row.frames.shown if row.frames else 1.0
    counted = math.floor(shown * _STEPS - 0.5) / _STEPS if shown < 1 else 1.0
    return (row.width or 0) * (row.height or 0) * counted


def has_bars(row: DedupRow) -> bool:
    return row.frames is not None and row.frames.shown < 1


def believed_hdr(row: DedupRow) -> bool:
    """Whether it is taken for HDR; a tag alone makes none of a picture of 8 bits."""
    holds = row.holds or Belongings()
    return holds.hdr == "HLG" or (bool(holds.hdr) and holds.bit_depth >= _DEEP)


def frame_rate(row: DedupRow) -> float:
    """Pictures a second as the file says; 0 where it does not, or what it says cannot be."""
    rate = row.holds.frame_rate if row.holds else 0.0
    return rate if 0 < rate <= _MOST_FRAMES else 0.0


def weighed_bit_rate(row: DedupRow) -> float:
    """Bits a second, of which a coarser codec needs more; by its size, for a header may say anything."""
    worth = _WORTH_OF_A_BIT.get(row.holds.codec if row.holds else "", 1.0)
    seconds = row.duration_seconds or 0.0
    return worth * (8 * row.size_bytes / seconds if seconds else row.bit_rate or 0)


def _beside(row: DedupRow) -> int:
    """How much people have added. Texts in recordings come from programs and shops for the most part."""
    holds = row.holds or Belongings()
    if row.kind is MediaKind.IMAGE:
        return len(holds.texts)
    return len(holds.subtitles) + sum(map(bool, (holds.chapters, holds.cover, holds.attached)))
