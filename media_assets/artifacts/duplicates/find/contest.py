"""Which of two that show or play the same is kept: the rules in their order, with what was measured of both.

`choose` puts files in an order by what is known of each alone; here two are weighed against each other. What a file
only claims does not count: pixels that show no more, frames that are the one before again, a tag of HDR over the tones
of a picture without, a missing mark of an encoder on what shows much less than the one with the mark.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.find.choose import (
    OUT_OF_BIN,
    WORDS,
    believed_hdr,
    frame_rate,
    has_bars,
    rank,
    shown_pixels,
    weighed_bit_rate,
)
from media_assets.artifacts.duplicates.find.codes import unpacked
from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.ends import added_seconds
from media_assets.artifacts.duplicates.find.faster_sounds import LEAST
from media_assets.artifacts.duplicates.settings import DuplicateSettings, KeepRule
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.media.info import MediaKind
from media_assets.places.leftovers import is_in_bin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLEARLY_FINER, MUCH_FINER = math.log2(1.2), math.log2(1.5)
"""Detail is measured to some hundredths; of copies whose detail an encoder took, one has 1.3 to 10 times as much."""
AS_MANY_PIXELS = 0.8
"""Share of the pixels of another copy that one has at least, to be kept for what it has beside."""
_MORE_PIXELS = _MORE_BITS = math.log(1.02)
_MORE_FRAMES = math.log(1.15)
"""Between 24 and 25 pictures a second there is no choice, between 25 and 30 there is."""
_USUAL_RATES = (10, 12, 12.5, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
_UNUSUAL = 0.0025
"""Share by which a rate differs from the usual ones, and from a thousand of 1001 of them, to be one nobody records."""
_SAME_TONES = 8.0
"""Levels of 255: what is taken for HDR and not has other ones, by some 30 and more."""

_BRIGHTEST_IN_PQ = 200.0
_IN_STEP_SECONDS = 0.3
_IN_COLOUR = "it has its colours"
_NO_HDR = "the other says it is HDR, and its tones are not"
_MORE_DETAIL = "it shows finer detail"
_NOT_ENLARGED = "it was not enlarged, and the other shows no more"
_NO_FRAME = "nothing was added around its picture"
_MORE_PICTURES = "it has more pictures a second"
_NO_REPEATS = "none of its pictures are shown twice"
_NOTHING_ADDED = "no black or silence was added to its ends"
_OWN_SPEED = "it is played at its own speed"
_OLDER = "it is older than the copy at another speed"

Part = tuple[float, str]
"""How much the second is the better one, below 0 where the first is; and why the better one is."""


def weigh(first: DedupRow, second: DedupRow, likeness: Likeness, settings: DuplicateSettings) -> Likeness:
    """The likeness with the one that is kept and why, where a rule tells the two apart."""
    for better, words in _parts(first, second, likeness, settings):
        if better and words == _IN_COLOUR and _is_much_smaller(first, second, better):
            return likeness._replace(apart="one has its colours, and the other more pixels; each would be lost")
        if better:
            return likeness._replace(shows="more" if better > 0 else "less", better_because=words)
    return likeness


def _parts(first: DedupRow, second: DedupRow, likeness: Likeness, settings: DuplicateSettings) -> Iterator[Part]:
    yield is_in_bin(first.path) - is_in_bin(second.path), OUT_OF_BIN
    for rule in settings.keep:
        match rule:
            case "colour":
                yield _in_colour(likeness), _IN_COLOUR
            case "resolution":
                yield from _shown(first, second, likeness)
            case "original":
                yield from _made_of(first, second, likeness, settings)
            case "bit_rate":
                yield _clearly(weighed_bit_rate(first), weighed_bit_rate(second), _MORE_BITS), WORDS[rule][0]
            case _:
                yield from _ranked(rule, first, second, settings)


def _ranked(rule: KeepRule, first: DedupRow, second: DedupRow, settings: DuplicateSettings) -> Iterator[Part]:
    ranks = rank(rule, first, settings), rank(rule, second, settings)
    for one, other, words in zip(*ranks, WORDS[rule], strict=True):
        yield (one > other) - (one < other), words


def _in_colour(likeness: Likeness) -> int:
    return {None: 0, 0: -1, 1: 1}[likeness.measured.in_colour]


def _is_much_smaller(first: DedupRow, second: DedupRow, better: float) -> bool:
    """Whether what is better otherwise shows much fewer pixels than the other."""
    kept, other = (second, first) if better > 0 else (first, second)
    return shown_pixels(kept) < AS_MANY_PIXELS * shown_pixels(other)


def _shown(first: DedupRow, second: DedupRow, likeness: Likeness) -> Iterator[Part]:
    """What a copy shows more of: pixels, light, pictures, and nothing that was added."""
    measured = likeness.measured
    if measured.enlarged is None or _is_a_cameras(measured.enlarged, first, second):
        inside = shown_pixels(first) * measured.framed[0], shown_pixels(second) * measured.framed[1]
        more = _clearly(*inside, _MORE_PIXELS)
        if first.kind is MediaKind.IMAGE and more * measured.finer > 0:  # it shows less even in the size of the other
            yield -_beyond(measured.finer, MUCH_FINER), _MORE_DETAIL
        yield more, WORDS["resolution"][0]
    else:
        finer = -measured.finer if measured.enlarged else measured.finer
        yield (1 if measured.enlarged == 0 else -1) if finer < CLEARLY_FINER else 0, _NOT_ENLARGED
        yield -_beyond(measured.finer, CLEARLY_FINER), _MORE_DETAIL
    yield has_bars(first) - has_bars(second), WORDS["resolution"][1]
    yield measured.framed[1] - measured.framed[0], _NO_FRAME
    yield _lit(first, second, likeness)
    yield _clearly(*fresh_rates(first, second, likeness), _MORE_FRAMES), _MORE_PICTURES
    yield _clearly(*measured.fresh, _MORE_FRAMES), _NO_REPEATS
    added = added_seconds(first, second)
    yield sum(added[0]) - sum(added[1]), _NOTHING_ADDED


def _is_a_cameras(larger: int, first: DedupRow, second: DedupRow) -> bool:
    """Whether an enlarged photo is the camera's own, zoomed by computing, and the other most likely a small copy."""
    large, small = (second, first) if larger else (first, second)
    return large.kind is MediaKind.IMAGE and large.has_camera_tags and not small.has_camera_tags


def _made_of(first: DedupRow, second: DedupRow, likeness: Likeness, settings: DuplicateSettings) -> Iterator[Part]:
    """What tells the original from what was made of it; marks are left out, and kept by programs that copy tags."""
    finer = likeness.measured.finer
    yield -_beyond(finer, MUCH_FINER), _MORE_DETAIL
    is_faster = abs(likeness.speed - 1) >= LEAST
    if is_faster:
        yield _is_usual(frame_rate(second)) - _is_usual(frame_rate(first)), _OWN_SPEED
    lossy, marks, *more = _ranked("original", first, second, settings)
    yield lossy
    yield marks
    if is_faster:
        yield _older(first, second), _OLDER
        yield 1 - likeness.speed, _OWN_SPEED
    yield -_beyond(finer, CLEARLY_FINER), _MORE_DETAIL
    if same_tones(first, second, likeness):  # of HLG nobody can tell; what says nothing is shown rightly for sure
        yield bool(_says_hdr(first)) - bool(_says_hdr(second)), _NO_HDR
    yield from more


def _older(first: DedupRow, second: DedupRow) -> float:
    """Which of two sounds at different speeds was there first; of videos, pictures tell more."""
    if first.kind is not MediaKind.AUDIO:
        return 0
    one, other = ((row.recorded_at or row.modified_at, row.modified_at) for row in (first, second))
    return (one > other) - (one < other)


def _lit(first: DedupRow, second: DedupRow, likeness: Likeness) -> Part:
    """HDR, where its tag is true. A picture in PQ has no large places near full scale: they would be ten times as
    bright as white (ITU-R BT.2408); one without the tag and with such places was never in PQ."""
    better = believed_hdr(second) - believed_hdr(first)
    if not same_tones(first, second, likeness):
        return better, WORDS["resolution"][2]
    tagged = first if _says_hdr(first) else second
    is_second = 1 if tagged is second else -1
    if _says_hdr(tagged) == "HLG":
        return 0, ""
    is_true = believed_hdr(tagged) and float(_stills(tagged).max()) <= _BRIGHTEST_IN_PQ
    return (is_second, WORDS["resolution"][2]) if is_true else (-is_second, _NO_HDR)


def _says_hdr(row: DedupRow) -> str:
    return row.holds.hdr if row.holds else ""


def _stills(row: DedupRow) -> NDArray[np.float32]:
    stills: NDArray[np.float32] = unpacked(row.frames.stills if row.frames else "", "u1").astype("float32")
    return stills


def fresh_rates(first: DedupRow, second: DedupRow, likeness: Likeness) -> tuple[float, float]:
    """Pictures a second that each shows, at the speed of the first; 0 where that was not seen."""
    one, other = likeness.measured.fresh
    return frame_rate(first) * one, frame_rate(second) * other / likeness.speed


def same_tones(first: DedupRow, second: DedupRow, likeness: Likeness) -> bool:
    """Whether one of two is taken for HDR, and both have the same tones all the same: then one tag is wrong."""
    if bool(_says_hdr(first)) == bool(_says_hdr(second)) or likeness.orientation or likeness.speed != 1:
        return False
    one, other = _stills(first), _stills(second)
    is_in_step = abs(likeness.offset_seconds) < _IN_STEP_SECONDS and one.size > 0 and one.shape == other.shape
    return is_in_step and float(abs(one - other).mean()) < _SAME_TONES


def _clearly(first: float, second: float, least: float) -> float:
    """The logarithm of how many times as much the second has, where both are known and that is clear."""
    return _beyond(math.log(second / first), least) if first > 0 and second > 0 else 0.0


def _beyond(value: float, least: float) -> float:
    return value if abs(value) >= least else 0.0


def _is_usual(rate: float) -> bool:
    """Whether cameras record, or editors make, so many frames a second; also where that is not known."""
    rates = (usual / slower for usual in _USUAL_RATES for slower in (1, 1.001))
    return not rate or any(abs(rate / usual - 1) <= _UNUSUAL for usual in rates)
