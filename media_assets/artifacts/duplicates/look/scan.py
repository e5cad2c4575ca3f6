"""Both videos seen through, in step: how they lie over each other in time, and where they differ most.

Decoding is what it costs; of long videos it is done for spans that are spread evenly, so that it takes no longer than
for one of MOST_SECONDS.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import cache
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.always import Always
from media_assets.artifacts.duplicates.look.instants import Course, apart, expected, in_tones, tones_between
from media_assets.artifacts.duplicates.look.streams import Instant, InstantStream, ScannedVideo, Size, size_of
from media_assets.artifacts.duplicates.look.timing import Overlap, Scan, Step, spans, step_of
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.instants import Blocks

_CHUNK_SECONDS = 8.0
_BRIEFLY, _MOST = 4, 2
_SPARSE = 4
_SURE, _SURER = 3.0, 4.0
"""Standard errors by which another offset has to be better, for some seconds and for each quarter of them."""
_LEAST_GAIN = 0.05
"""Share of the difference that has to go: of what stands still, encoding makes later pictures a little better."""
_QUARTER_SECONDS = 2.0
_COMPLETE = 0.5
_ROUNDING = 1e-6
_MOVING, _REPEATED, _FEW = 2.0, 0.2, 0.02
"""Change of brightness at which the whole picture moves, the share of it that a repeated frame has at most, and the
share of such frames that says nothing."""


def scan_of(ffmpeg: FFmpeg, first: ScannedVideo, second: ScannedVideo, overlap: Overlap, work: Work) -> Scan:
    """See two videos through.

    Raises:
        BadMedia, TimeLimitExceeded, Transient, Fatal: see `FFmpeg.run`.
    """
    step = step_of(first.rate, second.rate, overlap.speed)
    one, other = first.shown_size(), second.shown_size()
    if first.orientation & 4:
        one = one[::-1]
    size = size_of(min(one[0], other[0]), min(one[1], other[1]))
    decoded = first.pixels_per_second + second.pixels_per_second
    return _Scanner(ffmpeg, first, second, size, step, work).scan(overlap, spans(overlap, decoded / 2))


class _Scanner:
    """Sees two videos through; see the module."""

    def __init__(
        self, ffmpeg: FFmpeg, first: ScannedVideo, second: ScannedVideo, size: Size, step: Step, work: Work
    ) -> None:
        self._ffmpeg = ffmpeg
        self._sources = first, second
        self._size = size
        self._step = step
        self._work = work
        self._course = Course()
        self._always = Always()
        self._shifts: list[tuple[float, float]] = []
        self._moves: tuple[list[float], list[float]] = [], []
        self._seen = 0

    def scan(self, overlap: Overlap, seen: list[tuple[float, float]]) -> Scan:
        """See those spans.

        Raises:
            BadMedia, TimeLimitExceeded, Transient, Fatal: see `FFmpeg.run`.
        """
        for begin, end in seen:
            offset = self._shifts[-1][1] if self._shifts else overlap.offset_seconds
            self._span(overlap, begin, end, offset)
        every = self._step.every / self._step.rate
        is_whole = self._step.both_ways and overlap.as_long and not any(repeats(moves) for moves in self._moves)
        excess = self._course.greatest(_BRIEFLY, _MOST)
        return Scan(self._step, excess, self._shifts, self._seen * every, is_whole, self._always.differs())

    def _span(self, overlap: Overlap, begin: float, end: float, offset: float) -> None:
        rate, speed = self._step.rate, overlap.speed
        slack = round(overlap.slack_seconds * rate) + 1
        # From a whole number of steps on, the middle of a step lies in the middle of a frame.
        begin = int(begin * rate + _ROUNDING) / rate
        ahead = min(slack + self._step.reach, max(0, int((begin - offset) * rate)))
        in_second = int(max(0.0, begin - offset - ahead / rate) * rate + _ROUNDING) / rate / speed
        base = round((begin - offset - in_second * speed) * rate)
        exact = begin - in_second * speed - base / rate
        """The offset in seconds when instant n of the first is n + base of the second."""
        one = InstantStream(self._ffmpeg, self._sources[0], begin, rate, self._size, self._work)
        other = InstantStream(self._ffmpeg, self._sources[1], in_second, rate * speed, self._size, self._work)
        with closing(one), closing(other):
            total, place, shift, chunk = round((end - begin) * rate), 0, 0, round(_CHUNK_SECONDS * rate)
            while place < total:
                until = one.fill(min(total, place + chunk))
                there = other.fill(until + base + slack + self._step.reach)
                if until <= place:
                    break
                frames = range(place, until)
                self._moves[0].extend(_moves(one, frames))
                self._moves[1].extend(_moves(other, range(max(0, place + base), min(there, until + base))))
                costs = self._costs(one, other, frames, base, there, slack)
                shift = _fitting(costs, shift, _SURE)
                quarter = max(1, round(_QUARTER_SECONDS * rate / self._step.every)) * self._step.every
                for first in frames[::quarter]:
                    part = range(first, min(first + quarter, until))
                    rows = slice((first - place) // self._step.every, (part[-1] - place) // self._step.every + 1)
                    shift = _fitting(costs[rows], shift, _SURER)
                    self._shifts.append((begin + first / rate, exact - shift / rate))
                    self._compare(one, other, part, frames, base + shift, there, begin)
                one.drop(until - self._step.every - 2 * self._step.reach)
                other.drop(until + base - slack - self._step.every - 2 * self._step.reach)
                place = until

    def _costs(
        self, one: InstantStream, other: InstantStream, frames: range, base: int, there: int, slack: int
    ) -> NDArray[np.floating]:
        """How far the two are apart at some instants, for every shift from -slack to slack; NaN where one has ended."""
        import numpy as np

        picked = frames[:: self._step.every]
        low, high = max(0, frames[0] + base - slack), min(there, frames[-1] + base + slack + 1)
        if high <= low:
            return np.full((len(picked), 2 * slack + 1), np.nan)
        ours = _sparse([one[number] for number in picked])
        theirs = _sparse([other[number] for number in range(low, high)])
        squares = (ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1)[None] - 2 * ours @ theirs.T
        columns = np.array(picked)[:, None] + base - low + np.arange(-slack, slack + 1)
        inside = (columns >= 0) & (columns < high - low)
        return np.where(inside, np.take_along_axis(squares, np.clip(columns, 0, high - low - 1), axis=1), np.nan)

    def _compare(
        self,
        one: InstantStream,
        other: InstantStream,
        frames: range,
        held: range,
        lead: int,
        there: int,
        begin: float,
    ) -> None:
        """Add the differences of some instants of the first to the course.

        Args:
            held: The instants of the first that can be looked at beside them.
        """
        import numpy as np

        every, reach = self._step.every, self._step.reach
        picked = [number for number in frames[::every] if 0 <= number + lead < there]
        if not picked:
            return
        spread = picked[:: max(1, len(picked) // 8)]
        tones = tones_between([(one[number], other[number + lead]) for number in spread])

        @cache
        def second(number: int) -> Instant:
            return in_tones(other[number], tones)

        @cache
        def differences(number: int, in_second: int) -> Blocks:
            return apart(one[number], second(in_second))

        for number in picked:
            earlier = max(number - every, held[0], -lead)
            ways = []
            if self._step.sampled_first or self._step.both_ways:
                near = range(max(0, number + lead - reach), min(there, number + lead + reach + 1))
                ways.append(np.minimum.reduce([differences(number, each) for each in near]))
            if not self._step.sampled_first or self._step.both_ways:
                near = range(max(held[0], number - reach), min(held[-1] + 1, number + reach + 1))
                ways.append(np.minimum.reduce([differences(each, number + lead) for each in near]))
            differs = np.maximum.reduce(ways)
            usual = expected(one[number], (one[earlier], second(earlier + lead)), second(number + lead))
            self._course.add(begin + (number + 0.5) / self._step.rate, differs / usual)
            self._always.add(one[number].brightness, second(number + lead).brightness)
            self._seen += 1


def _fitting(costs: NDArray[np.floating], known: int, sure: float) -> int:
    """The shift that fits best; the one that is known, unless the other clearly fits better.

    Args:
        costs: See `_Scanner._costs`.
        sure: So many standard errors better it has to be.
    """
    import numpy as np

    slack = costs.shape[1] // 2
    own = known + slack
    complete = np.isfinite(costs).mean(axis=0) > _COMPLETE
    if len(costs) < 2 or not complete[own]:
        return known
    means = np.full(len(complete), np.inf)
    means[complete] = np.nanmean(costs[:, complete], axis=0)
    best = int(means.argmin())
    gains = costs[:, own] - costs[:, best]
    gains = gains[np.isfinite(gains)]
    least = max(sure * float(gains.std()) / gains.size**0.5, _LEAST_GAIN * float(means[own]))
    is_surely_better = float(gains.mean()) > least
    return best - slack if is_surely_better else known


def _moves(stream: InstantStream, numbers: range) -> list[float]:
    """How much the brightness changes from each of some instants to the next, on average."""
    import numpy as np

    planes = [stream[number].brightness[::_SPARSE, ::_SPARSE].astype(np.int16) for number in numbers]
    return [float(np.abs(later - earlier).mean()) for earlier, later in pairwise(planes)]


def repeats(moves: Sequence[float]) -> bool:
    """Whether frames are shown twice in a video whose whole picture moves, so that others may have been dropped.

    Args:
        moves: How much the brightness changes from instant to instant, of 255.
    """
    usual = median(moves) if moves else 0.0
    return usual > _MOVING and sum(move < _REPEATED * usual for move in moves) > _FEW * len(moves)


def _sparse(instants: list[Instant]) -> NDArray[np.float32]:
    """Some pixels of each, with their mean taken away, as rows."""
    import numpy as np

    rows = np.stack([each.brightness[::_SPARSE, ::_SPARSE].ravel() for each in instants]).astype(np.float32)
    standard: NDArray[np.float32] = (rows - rows.mean()) / max(1.0, float(rows.std()))
    return standard
