"""The verdict on two videos, from frames of both that show the same moments.

A video is another one as soon as one moment is: of a fixed camera that is the only difference there may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.look.logos import filled, without_logo
from media_assets.artifacts.duplicates.look.marks import PlacedMark, place_of
from media_assets.artifacts.duplicates.look.motion import FramesBeside
from media_assets.artifacts.duplicates.look.pictures import Finding, Laying, seen
from media_assets.artifacts.duplicates.look.veils import Veil, veil_over

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

_ORDER = ("same", "marked", "cut", "different")


class Pair(NamedTuple):
    """Two frames that seem to show the same, upright and without bars."""

    first: Pixels
    second: Pixels
    at_seconds: float
    """Seconds of the first video."""
    beside: FramesBeside | None = None
    """What both show around it."""


def look_at_moments(moments: Sequence[Sequence[Pair]]) -> Finding:
    """The verdict on two videos.

    Args:
        moments: Of each moment the pairs of frames that fit best; it is the same when one of them is.
    """
    found = _looked_at(moments)
    if found.verdict != "different":
        return found
    for alike, mark in chain(_without_logos(moments), _with_veils(moments)):
        again = _looked_at(alike)
        if again.verdict != "different":
            return again._replace(verdict="marked", place=mark.place, marked=mark.on, covers=mark.covers)
    return found


def _looked_at(moments: Sequence[Sequence[Pair]]) -> Finding:
    """The verdict; how the two lie over each other is searched at the first moment."""
    known: Laying | None = None

    def findings() -> Iterator[Finding]:
        nonlocal known
        for pairs in moments:
            found, laying = _look_at_moment(pairs, known)
            known = known or laying
            yield found

    return _verdict(findings())


def _verdict(findings: Iterable[Finding]) -> Finding:
    """The worst of some findings; none is looked for behind one that is different."""
    seen: list[Finding] = []
    for found in findings:
        if found.verdict == "different":
            return found
        seen.append(found)
    worst = max(seen, key=lambda one: _ORDER.index(one.verdict), default=Finding("same", ""))
    marked = [one for one in seen if one.verdict == "marked"]
    if len({one.marked for one in marked}) > 1:
        return Finding("different", "each has something over it that the other has not")
    # Words that come and go are subtitles, or a caption: they say something of what is shown.
    if any(one.covers for one in marked) and len({(one.verdict, one.place) for one in seen}) > 1:
        return Finding("different", f"there are words at the {marked[0].place} now and then, of one alone")
    return worst if not marked or worst.verdict == "marked" else marked[0]._replace(cut=worst.cut, whole=worst.whole)


def _look_at_moment(pairs: Sequence[Pair], known: Laying | None) -> tuple[Finding, Laying | None]:
    """What was found, and how two frames lie over each other that are the same."""
    best: Finding | None = None
    for pair in pairs:
        found, laying, _ = seen(pair.first, pair.second, beside=pair.beside, known=known)
        if found.verdict != "different":
            return found, laying
        best = best or found._replace(reason=f"{found.reason}, {clock(pair.at_seconds)} into it")
    return best or Finding("same", ""), None


def clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def _without_logos(moments: Sequence[Sequence[Pair]]) -> Iterator[tuple[list[list[Pair]], PlacedMark]]:
    """The pairs without a logo that one of the videos may have."""
    one, other = _best(moments)
    if (bare := without_logo(one, other)) is not None:
        laid = [[_filled(pair, bare.mask) for pair in pairs] for pairs in moments]
        yield laid, PlacedMark(0, bare.place, covers=True)
    if (bare := without_logo(other, one)) is not None:
        turned = [[pair._replace(first=pair.second, second=pair.first) for pair in pairs] for pairs in moments]
        laid = [[_filled(pair, bare.mask) for pair in pairs] for pairs in turned]
        yield laid, PlacedMark(1, bare.place, covers=True)


def _filled(pair: Pair, mask: NDArray[np.bool_]) -> Pair:
    """A pair of which the first has the logo, without it."""
    return pair._replace(first=filled(pair.first, pair.second, mask), beside=None)


def _with_veils(moments: Sequence[Sequence[Pair]]) -> Iterator[tuple[list[list[Pair]], PlacedMark]]:
    """The pairs with a half transparent mark, that one of the videos may have, over both."""
    one, other = _best(moments)
    if (veil := veil_over(one, other)) is not None:
        laid = [[_veiled(pair, veil) for pair in pairs] for pairs in moments]
        yield laid, PlacedMark(0, place_of(veil.mask), covers=False)
    if (veil := veil_over(other, one)) is not None:
        turned = [[pair._replace(first=pair.second, second=pair.first) for pair in pairs] for pairs in moments]
        laid = [[_veiled(pair, veil) for pair in pairs] for pairs in turned]
        yield laid, PlacedMark(1, place_of(veil.mask), covers=False)


def _veiled(pair: Pair, veil: Veil) -> Pair:
    """A pair of which the first has the mark, with it over the second too."""
    second = veil.over(pair.second)
    return pair._replace(first=veil.with_edge_of(pair.first, second), second=second, beside=None)


def _best(moments: Sequence[Sequence[Pair]]) -> tuple[list[Pixels], list[Pixels]]:
    return [pairs[0].first for pairs in moments], [pairs[0].second for pairs in moments]
