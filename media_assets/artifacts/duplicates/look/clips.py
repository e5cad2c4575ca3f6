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
from media_assets.artifacts.duplicates.look.cropped import in_common
from media_assets.artifacts.duplicates.look.frames import VIDEO_SIDE, ClipWindow, bursts
from media_assets.artifacts.duplicates.look.matching import best_pairs, without_common_bars
from media_assets.artifacts.duplicates.look.mirrors import may_be_another_when_turned
from media_assets.artifacts.duplicates.look.moments import Moment, moments
from media_assets.artifacts.duplicates.look.pictures import TURNED, Finding, upright
from media_assets.artifacts.duplicates.look.videos import Pair, look_at_moments
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.base.errors import BadMedia, SourceChanged, Transient
from media_assets.media.ffmpeg import FFmpeg
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
        one, other = self._coarse(first, second, places, likeness.orientation)
        matches = [best_pairs(*found) for found in zip(*in_common(one, other), strict=True)]
        seen = self._in_detail(first, second, places, matches, likeness.orientation)
        frames = [pairs[0] for pairs in seen]
        if likeness.orientation and frames and all(may_be_another_when_turned(*pair[:2]) for pair in frames):
            return Finding("different", TURNED)
        return look_at_moments(seen)

    def _coarse(
        self, first: DedupRow, second: DedupRow, places: Sequence[Moment], orientation: int
    ) -> tuple[Bursts, Bursts]:
        one = self._read(first, [place.first for place in places], _COARSE_SIDE)
        other = self._read(second, [place.second for place in places], _COARSE_SIDE)
        return without_common_bars(_upright(one, orientation)), without_common_bars(other)

    def _in_detail(
        self,
        first: DedupRow,
        second: DedupRow,
        places: Sequence[Moment],
        matches: Sequence[Sequence[tuple[int, int]]],
        orientation: int,
    ) -> list[list[Pair]]:
        seen = [(place, pairs) for place, pairs in zip(places, matches, strict=True) if pairs]
        if not seen:
            return []
        picks = [[tuple(sorted({pair[side] for pair in pairs})) for _, pairs in seen] for side in (0, 1)]
        ones = [place.first._replace(picks=picked) for (place, _), picked in zip(seen, picks[0], strict=True)]
        others = [place.second._replace(picks=picked) for (place, _), picked in zip(seen, picks[1], strict=True)]
        one = without_common_bars(_upright(self._read(first, ones, VIDEO_SIDE), orientation))
        other = without_common_bars(self._read(second, others, VIDEO_SIDE))
        found = []
        for number, (place, pairs) in enumerate(seen):
            left, right = (dict(zip(picks[0][number], one[number])), dict(zip(picks[1][number], other[number])))  # noqa: B905
            found.append(
                [
                    Pair(left[a], right[b], place.first.start_seconds)
                    for a, b in pairs
                    if a in left and b in right  # a second reading may end a frame earlier
                ]
            )
        return [pairs for pairs in found if pairs]

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


def _upright(found: Bursts, orientation: int) -> Bursts:
    return [[upright(frame, orientation) for frame in burst] for burst in found]
