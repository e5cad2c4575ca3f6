"""When what is compared: what two videos share, how its instants are counted, and which frames show one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.evidence import evidence_of
from media_assets.artifacts.duplicates.look.frames import ClipWindow
from media_assets.artifacts.duplicates.look.instants import Excess
from media_assets.artifacts.duplicates.values import DedupRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SECONDS = 1200.0
"""So much of a video of 1920 by 1080 with 30 frames per second; of larger ones less, by their pixels."""
_USUAL_PIXELS = 1920 * 1080 * 30.0
_LEAST_SECONDS = 60.0
_SPAN_SECONDS = 10.0
_MOST_RATE = 31.0
_SAMPLED_RATE = 12.0
"""So many instants per second are compared, about; each with all that are near."""
_MOST_REACH_SECONDS = 0.5
_AS_LONG_SECONDS, _MOST_SLACK_SECONDS = 0.15, 1.5
_JUST_AS_LONG_SECONDS = 0.06
"""Containers round so much. What is played a little faster is shorter by more."""
_AS_MANY = 0.01
_BESIDE = 2
"""Frames before and behind the one of an instant that tell what moves there."""
_LATE_SECONDS = 0.12
"""How much older a frame may be than its instant where some were dropped, or their rate varies."""
_MOST_AWAY = 5
"""Frames that are read before and behind the one of an instant, at most."""
_MOST_LOOK_RATE = 121.0


class Overlap(NamedTuple):
    """What two videos share, and how well that is known."""

    begin_seconds: float
    """Seconds of the first."""
    end_seconds: float
    offset_seconds: float
    """The second of the first at which the second begins."""
    speed: float
    slack_seconds: float
    """How far off the offset may be."""
    as_long: bool = False
    """Whether both last as long, but for what containers round."""


class Step(NamedTuple):
    """How instants of the two are counted."""

    rate: float
    """Instants per second of the first."""
    reach: int
    """So many instants earlier and later may be the one that a frame shows, by the frame rates."""
    every: int
    """One of so many is compared."""
    sampled_first: bool
    """Whether it is each compared instant of the first for which its like is searched in the second, or the other
    way round: of the video with fewer frames every frame has its like."""
    both_ways: bool
    """Whether both are done: of videos with as many frames each frame of either has its like, and what only one shows
    for the time of a frame would be hidden by the frames beside it."""
    look_rate: float
    """Frames per second of the one that has more: among all of them is the one that a copy kept."""


class Scan(NamedTuple):
    """What came of it."""

    step: Step
    excess: list[Excess]
    shifts: list[tuple[float, float]]
    """Seconds of the first, and the offset from there on."""
    seen_seconds: float
    """How much of the first was seen."""
    is_whole: bool = False
    """Whether each frame of either has its like in the other: both last as long, and neither repeats frames in the
    place of others."""
    always: NDArray[np.bool_] | None = None
    """Where the two differ all the time."""

    def in_second(self, seconds: float, speed: float, offset_seconds: float) -> float:
        """The second of the second video that shows the same as one of the first."""
        for begin, offset in self.shifts:
            if begin <= seconds:
                offset_seconds = offset
        return (seconds - offset_seconds) / speed


def step_of(first_rate: float, second_rate: float, speed: float) -> Step:
    """How to count instants of two videos with so many frames per second, the second in the time of the first."""
    rates = first_rate, second_rate / speed
    # Programs that change the speed round the times of frames: half a frame late, none is passed over in half steps.
    finer = 1 if speed == 1 else 2
    rate = look_rate = finer * max(rates)
    while look_rate > _MOST_LOOK_RATE:
        look_rate /= 2
    while rate > finer * _MOST_RATE:
        rate /= 2
    lower = min(*rates, rate)
    reach = max(1, round(min(rate / lower, _MOST_REACH_SECONDS * rate) + 0.3))
    both_ways = speed == 1 and abs(rates[0] / rates[1] - 1) <= _AS_MANY
    every = max(1, round(rate / _SAMPLED_RATE))
    return Step(rate, reach, every, rates[0] < rates[1], both_ways, look_rate)


def spans(overlap: Overlap, pixels_per_second: float) -> list[tuple[float, float]]:
    """Which seconds of the first are seen: all, or as much as is allowed, spread evenly."""
    length = overlap.end_seconds - overlap.begin_seconds
    allowed = max(_LEAST_SECONDS, MOST_SECONDS * min(1.0, _USUAL_PIXELS / max(1.0, pixels_per_second)))
    if length <= allowed:
        return [(overlap.begin_seconds, overlap.end_seconds)]
    count = int(allowed / _SPAN_SECONDS)
    gap = (length - _SPAN_SECONDS) / (count - 1)
    begins = (overlap.begin_seconds + number * gap for number in range(count))
    return [(begin, begin + _SPAN_SECONDS) for begin in begins]


def overlap_of(first: DedupRow, second: DedupRow, likeness: Likeness) -> Overlap:
    """What two videos share by their fingerprints."""
    one, other = evidence_of(first), evidence_of(second)
    length = first.duration_seconds or one.picture_seconds
    there = likeness.speed * (second.duration_seconds or other.picture_seconds)
    slack = slack_seconds(one.interval_seconds, other.interval_seconds, length, there)
    offset = likeness.offset_seconds
    # Of what stands still, fingerprints do not tell the offset: then what is equally long begins together.
    apart = abs(length - there)
    if apart <= _AS_LONG_SECONDS and abs(offset) <= _MOST_SLACK_SECONDS:
        slack, offset = max(slack, abs(offset)), 0.0
    begin = max(0.0, offset - slack)
    return Overlap(
        begin,
        max(begin, min(length, offset + there + slack)),
        offset,
        likeness.speed,
        slack,
        apart <= _JUST_AS_LONG_SECONDS,
    )


def slack_seconds(interval: float, other_interval: float, length: float, other_length: float) -> float:
    """How far off the offset that fingerprints tell may be: they have a code every so many seconds."""
    return 1.5 * max(interval, other_interval) + min(1.0, abs(length - other_length))


class InstantView(NamedTuple):
    """One instant in both videos."""

    seconds: float
    """Seconds of the first."""
    first: ClipWindow
    second: ClipWindow
    choices: list[list[tuple[int, int]]]
    """Which frames of the two windows may show the same, those nearest in time first; one of each choice has to."""
    beside: tuple[slice, slice]
    """The frames of both windows that tell what moves there."""


def view_at(seconds: float, scan: Scan, likeness: Likeness, *, each_way: bool = False) -> InstantView:
    """The frames of both that show an instant of the first.

    They are read with all that the denser video has: of a camera that pans, a frame that is half a step away shows
    something else at its edges. What one of them shows may be a little older in the other, or the other way round,
    for frames are dropped, or shown twice, in either.

    Args:
        each_way: Whether the frame of either has to have its like in the other, as it has where none were dropped:
            what one of them shows for a moment is missing in the frames before and behind that moment.
    """
    step = scan.step
    late = max(step.reach / step.rate, _LATE_SECONDS)
    rate = step.look_rate / max(1, round(late * step.look_rate / _MOST_AWAY))
    away = max(1, min(_MOST_AWAY, round(late * rate)))
    seconds = (int(seconds * step.rate + 1e-6) + 0.5) / step.rate
    one, here = _around(seconds, rate, away)
    other, there = _around(
        scan.in_second(seconds, likeness.speed, likeness.offset_seconds), rate * likeness.speed, away
    )
    near = sorted(range(-away, away + 1), key=abs)
    forth = [(here, there + by) for by in near if there + by >= 0]
    back = [(here + by, there) for by in near if here + by >= 0]
    either = forth + back[1:] if step.sampled_first else back + forth[1:]
    choices = [forth, back] if each_way else [sorted(either, key=lambda pair: abs(pair[0] - here + there - pair[1]))]
    stride = max(1, round(rate / step.rate * max(1, round(step.reach / _BESIDE))))
    return InstantView(seconds, one, other, choices, (_beside(here, stride), _beside(there, stride)))


def _beside(number: int, stride: int) -> slice:
    begin = max(number % stride, number - _BESIDE * stride)
    return slice(begin, number + _BESIDE * stride + 1, stride)


def _around(seconds: float, rate: float, away: int) -> tuple[ClipWindow, int]:
    """The frames around an instant, and the number of its own among them."""
    number = max(0, min(away, int(seconds * rate - 0.5 + 1e-6)))
    start = max(0.0, seconds - (number + 0.5) / rate)
    return ClipWindow(round(start, 4), (number + away + 1) / rate, rate=rate), number
