"""A look at two videos: which moments, read from both, and what is found there.

The bursts are read coarsely first, to find which frames belong together, and those frames again in detail. What was
read of a file is kept for its other pairs: the file to keep is compared with many.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.measured import Measured
from media_assets.artifacts.duplicates.look.align import CutOut
from media_assets.artifacts.duplicates.look.colours import colours_of
from media_assets.artifacts.duplicates.look.cropped import in_common
from media_assets.artifacts.duplicates.look.frames import VIDEO_SIDE, ClipWindow, bursts
from media_assets.artifacts.duplicates.look.grades import measured, share_in_frame
from media_assets.artifacts.duplicates.look.matching import best_pairs, likeliest, without_common_bars
from media_assets.artifacts.duplicates.look.mirrors import may_be_another_when_turned
from media_assets.artifacts.duplicates.look.moments import Moment, moments
from media_assets.artifacts.duplicates.look.motion import FramesBeside
from media_assets.artifacts.duplicates.look.overlay import Boxes, boxes_of
from media_assets.artifacts.duplicates.look.pictures import TURNED, Finding, upright, where
from media_assets.artifacts.duplicates.look.scan import scan_of
from media_assets.artifacts.duplicates.look.streams import ScannedVideo
from media_assets.artifacts.duplicates.look.timing import InstantView, Scan, overlap_of, view_at
from media_assets.artifacts.duplicates.look.videos import Pair, look_at_moments
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.base.errors import BadMedia, SourceChanged, Transient
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Bursts = list[list[Pixels]]


class CannotSee(Exception):
    """A file cannot be looked at; the words name it."""


Opened = Callable[[DedupRow], AbstractContextManager[Path]]

_COARSE_SIDE = 240
_KEPT_BYTES = 200_000_000
_LIMIT_SECONDS = 120.0
"""How long one reading of a file may take."""
_SCAN_LIMIT_SECONDS = 3600.0
_FULL_SIDE, _MEASURED = 3840, 3
"""Up to which size, and in how many frames, it is measured how much they show."""
_OF_THE_FRAME = 0.06
"""So much a frame of one colour may seem to be another share of a picture than what was cut out of it."""
_MOST_PAIRS = 4
"""So many pairs of frames of one instant are looked at, at most."""


class Clips:
    """Looks at videos.

    Args:
        opened: See `SecondLook`.
        scratch: A folder for what is decoded.
    """

    def __init__(self, opened: Opened, ffmpeg: FFmpeg, scratch: Path) -> None:
        self._opened = opened
        self._ffmpeg = ffmpeg
        self._scratch = scratch
        self._failed: dict[str, CannotSee] = {}
        self._kept: OrderedDict[tuple[str, ClipWindow, int], list[Pixels]] = OrderedDict()

    def look(self, first: DedupRow, second: DedupRow, likeness: Likeness) -> Finding:
        """The verdict.

        Raises:
            CannotSee: one cannot be read.
            Fatal, Cancelled: nothing can.
        """
        places = moments(first, second, likeness)
        one = self._read(first, [place.first for place in places], _COARSE_SIDE)
        other = self._read(second, [place.second for place in places], _COARSE_SIDE)
        turned = without_common_bars(_upright(one, likeness.orientation)), without_common_bars(other)
        matches = [best_pairs(*found) for found in zip(*in_common(*turned), strict=True)]
        if not any(matches):
            return Finding("same", "")
        scan = self._scanned(first, second, likeness, boxes_of(one, other, matches, likeness.orientation))
        known = [(place, pairs) for place, pairs in zip(places, matches, strict=True) if pairs]
        peaks = [view_at(excess.seconds, scan, likeness, each_way=scan.is_whole) for excess in scan.excess]
        views = [view_at(place.seconds, scan, likeness) for place, _ in known]
        found = self._at_instants(first, second, [*peaks, *views], likeness.orientation)
        best = self._best_of_bursts(first, second, known, likeness.orientation)
        frames = [pairs[0] for pairs in best if pairs]
        if likeness.orientation and frames and all(may_be_another_when_turned(*pair[:2]) for pair in frames):
            return Finding("different", TURNED)
        count = len(found) - len(known)
        seen = found[:count] + [one + other for one, other in zip(best, found[count:], strict=True)]
        finding = look_at_moments([pairs for pairs in seen if pairs])
        colours = _colours(one), _colours(other)
        finding = finding._replace(measured=Measured(colours=colours))
        if finding.verdict == "cut":
            return _without_frame(finding, (one, other)[finding.whole])
        if finding.verdict != "same":
            return finding
        if scan.always is not None:
            return Finding("different", f"{where(scan.always)}, all the time")
        shown = measured(self._in_full(first, second, known, likeness.orientation), (one, other))
        return finding._replace(measured=shown._replace(colours=colours))

    def _in_full(
        self,
        first: DedupRow,
        second: DedupRow,
        places: Sequence[tuple[Moment, Sequence[tuple[int, int]]]],
        orientation: int,
    ) -> list[tuple[Pixels, Pixels]]:
        """Some frames of both that show the same, in the sizes of the files."""
        some = [(place, pairs[0]) for place, pairs in places[:_MEASURED]]
        windows = [
            [(place.first, place.second)[side]._replace(picks=(pair[side],)) for place, pair in some] for side in (0, 1)
        ]
        one = without_common_bars(_upright(self._read(first, windows[0], _FULL_SIDE), orientation))
        other = without_common_bars(self._read(second, windows[1], _FULL_SIDE))
        return [(left[0], right[0]) for left, right in zip(one, other, strict=True) if left and right]

    def _scanned(self, first: DedupRow, second: DedupRow, likeness: Likeness, boxes: Boxes) -> Scan:
        """Where the two differ most.

        Raises:
            CannotSee: one cannot be decoded.
        """
        work = Work(self._scratch, time_limit_seconds=_SCAN_LIMIT_SECONDS)
        try:
            with self._opened(first) as path, self._opened(second) as other_path:
                one = _source(path, work, boxes.first, likeness.orientation)
                other = _source(other_path, work, boxes.second, 0)
                return scan_of(self._ffmpeg, one, other, overlap_of(first, second, likeness), work)
        except (BadMedia, SourceChanged, Transient) as error:
            raise CannotSee(f"{first.key} beside {second.key} {error}") from error

    def _best_of_bursts(
        self,
        first: DedupRow,
        second: DedupRow,
        places: Sequence[tuple[Moment, Sequence[tuple[int, int]]]],
        orientation: int,
    ) -> list[list[Pair]]:
        """The frames of some bursts of both that fit best, by their numbers."""
        picks = [[tuple(sorted({pair[side] for pair in pairs})) for _, pairs in places] for side in (0, 1)]
        ones = [place.first._replace(picks=picked) for (place, _), picked in zip(places, picks[0], strict=True)]
        others = [place.second._replace(picks=picked) for (place, _), picked in zip(places, picks[1], strict=True)]
        one = without_common_bars(_upright(self._read(first, ones, VIDEO_SIDE), orientation))
        other = without_common_bars(self._read(second, others, VIDEO_SIDE))
        found = []
        for number, (place, pairs) in enumerate(places):
            # A second reading may end a frame earlier.
            left = dict(zip(picks[0][number], one[number], strict=False))
            right = dict(zip(picks[1][number], other[number], strict=False))
            found.append([Pair(left[a], right[b], place.seconds) for a, b in pairs if a in left and b in right])
        return found

    def _at_instants(
        self, first: DedupRow, second: DedupRow, views: Sequence[InstantView], orientation: int
    ) -> list[list[Pair]]:
        """The frames of each choice of some views, the likeliest first."""
        one = self._read(first, [view.first for view in views], VIDEO_SIDE)
        other = self._read(second, [view.second for view in views], VIDEO_SIDE)
        turned = without_common_bars(_upright(one, orientation)), without_common_bars(other)
        found = []
        for view, left, right in zip(views, *turned, strict=True):
            beside = FramesBeside(left[view.beside[0]], right[view.beside[1]])
            for choice in view.choices:
                there = [(a, b) for a, b in choice if a < len(left) and b < len(right)]
                likely = likeliest(left, right, there, _MOST_PAIRS)
                found.append([Pair(left[a], right[b], view.seconds, beside) for a, b in likely])
        return found

    def _read(self, row: DedupRow, windows: Sequence[ClipWindow], side: int) -> Bursts:
        """The frames of some windows; what is kept of them is not read again."""
        missing = [window for window in windows if (row.key, window, side) not in self._kept]
        read: dict[ClipWindow, list[Pixels]] = {}
        if row.key in self._failed:
            raise self._failed[row.key]
        if missing:
            try:
                read = self._decoded(row, missing, side)
            except (BadMedia, SourceChanged, Transient) as error:
                # Not tried again with each other file: it may take as long as it is allowed to.
                self._failed[row.key] = CannotSee(f"{row.key} {error}")
                raise self._failed[row.key] from error
        found = [read[window] if window in read else self._kept[row.key, window, side] for window in windows]
        for window, frames in zip(windows, found, strict=True):
            self._kept[row.key, window, side] = frames
            self._kept.move_to_end((row.key, window, side))
        self._forget()
        return found

    def _decoded(self, row: DedupRow, windows: Sequence[ClipWindow], side: int) -> dict[ClipWindow, list[Pixels]]:
        with self._opened(row) as path:
            work = Work(self._scratch, time_limit_seconds=_LIMIT_SECONDS)
            found = bursts(self._ffmpeg, path, row.container, windows, side, work)
        if not any(found):
            raise BadMedia(
                "has no frames that can be decoded where it should have some",
                next_step="Play it to see whether it is damaged",
            )
        return dict(zip(windows, found, strict=True))

    def _forget(self) -> None:
        """Let go of what was not asked for the longest."""
        total = sum(frame.nbytes for frames in self._kept.values() for frame in frames)
        while total > _KEPT_BYTES and self._kept:
            _, frames = self._kept.popitem(last=False)
            total -= sum(frame.nbytes for frame in frames)


def _source(path: Path, work: Work, shown: CutOut, orientation: int) -> ScannedVideo:
    media = probe(path, work).media
    if media is None or not media.video_streams:
        raise BadMedia("has no pictures any more", next_step="Run `media-assets process`")
    return ScannedVideo(path, media.container, media.video_streams[0], shown, orientation)


def _without_frame(finding: Finding, larger: Bursts) -> Finding:
    """What seems cut out of the other may be the whole, to which the other has bars or a frame of one colour more."""
    share = share_in_frame(larger)
    if share > finding.cut + _OF_THE_FRAME or share > 1 - _OF_THE_FRAME:
        return finding
    framed = (share, 1.0) if finding.whole == 0 else (1.0, share)
    return finding._replace(verdict="same", cut=1.0, measured=finding.measured._replace(framed=framed))


def _colours(found: Bursts) -> float:
    return colours_of([frame for burst in found for frame in burst])


def _upright(found: Bursts, orientation: int) -> Bursts:
    return [[upright(frame, orientation) for frame in burst] for burst in found]
