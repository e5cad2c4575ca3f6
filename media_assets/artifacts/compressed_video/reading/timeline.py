"""When the frames of a file are shown and how many bytes each has, and from it which short pieces stand for the whole.

Nothing is decoded: packets tell it.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_assets.media.clock_jumps import Clock
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MICROSECONDS = 1_000_000
_WHOLE_BELOW = 1.5
"""A file that is no longer than all samples times this is not sampled but taken whole."""


_FACTS = 4
"""Numbers in front of the rows that a child returns."""
_MANY_PACKETS_BYTES = 400_000_000
"""Some 50 hours of 90 frames a second."""


@dataclass(frozen=True)
class Timeline:
    """Frames in the order they are shown."""

    seconds: npt.NDArray[np.float64]
    """Time from the container's start, as ffmpeg counts when it seeks; of a clock that jumps, without the jumps."""
    sizes: npt.NDArray[np.int64]
    """Bytes."""
    end_seconds: float
    hidden_bytes: int = 0
    """Bytes of frames that no player shows: an edit list leaves them out, but others are decoded with their help."""
    jumps: int = 0
    """How often its clock jumps."""
    falls: int = 0
    """How often its clock goes back where ffmpeg corrects nothing."""
    untimed: int = 0
    """Frames of which nothing says when they are shown."""

    @property
    def duration_seconds(self) -> float:
        return self.end_seconds - float(self.seconds[0]) if self.seconds.size else 0.0

    @property
    def moments(self) -> int:
        """How many times there are at which a frame is shown: of frames with the same time only one is seen."""
        import numpy as np

        return int(np.unique(self.seconds).size)

    @property
    def frame_rate(self) -> float:
        return self.seconds.size / self.duration_seconds if self.duration_seconds > 0 else 0.0

    @property
    def bit_rate(self) -> float:
        return float(self.sizes.sum()) * 8 / self.duration_seconds if self.duration_seconds > 0 else 0.0


@dataclass(frozen=True)
class FrameWindow:
    """A piece of a file: the frames from `first` up to, but not with, `end`."""

    first: int
    end: int
    hardest: bool = False
    """Taken because it has the most bytes; it counts for the worst second, not for the mean."""


def read_timeline(path: Path, index: int, work: Work) -> Timeline:
    """Read all packets of a stream.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    import numpy as np

    limits = replace(work.child_limits, result_bytes=_MANY_PACKETS_BYTES)
    found = np.frombuffer(run_in_child(_packets, path, index, work=work, limits=limits), dtype=np.float64)
    jumps, falls, by_decoding, untimed = map(int, found[:_FACTS])
    rows = found[_FACTS:].reshape(-1, 4)
    hidden = rows[:, 3] != 0
    times, sizes, lengths, _ = rows[~hidden].T
    order = np.argsort(times, kind="stable")
    end = _end(times, lengths, order, by_decoding=bool(by_decoding))
    hidden_bytes = int(rows[hidden, 1].sum())
    return Timeline(times[order], sizes[order].astype(np.int64), end, hidden_bytes, jumps, falls, untimed)


def _end(
    times: npt.NDArray[np.float64], lengths: npt.NDArray[np.float64], order: npt.NDArray[np.int64], *, by_decoding: bool
) -> float:
    """When the last frame ends, in seconds.

    Args:
        times, lengths: Of packets in the order they are decoded.
        order: Which of them is shown first, second ….
        by_decoding: Lengths tell when the next packet is decoded, as in mp4. Where frames are shown in another order,
            a jump of the clock is then the length of a frame that is shown apart from it.
    """
    import numpy as np

    if times.size < 2:
        return max(0.0, float((times + lengths).max(initial=0.0)))
    seconds = times[order]
    usual = float(np.median(np.diff(seconds)))
    if by_decoding and bool((np.diff(times) < 0).any()):
        shown = np.append(np.diff(seconds), usual)
        # The last packet has no other after it: its length is what the writer knew of the end.
        lengths = np.append(np.minimum(lengths, shown[np.argsort(order)])[:-1], lengths[-1])
    return max(0.0, float((times + lengths).max()), float(seconds[-1]) + usual)


def _packets(path: Path, index: int) -> bytes:
    """When each packet of a stream is shown, its bytes, how long it lasts and whether it is hidden, as rows of four
    doubles; in front of them how often the clock jumps and falls, whether a length is that until the next is decoded,
    and how many packets have no time."""
    rows = array("d", [0.0] * _FACTS)
    with path.open("rb") as file, open_media(file) as container:
        if container is not None:
            start = (container.start_time or 0) / _MICROSECONDS
            clock = Clock(container.format)
            stream: Any = container.streams[index]
            for packet in container.demux(stream):
                ticks = packet.pts if packet.pts is not None else packet.dts
                if not packet.size:
                    continue
                if ticks is None:
                    rows[3] += 1
                    continue
                length = float((packet.duration or 0) * packet.time_base)
                dts = None if packet.dts is None else float(packet.dts * packet.time_base)
                rows.append(float(ticks * packet.time_base) + clock.shift(dts, length) - start)
                rows.append(packet.size)
                rows.append(length)
                rows.append(packet.is_discard)
            rows[0], rows[1], rows[2] = clock.jumps, clock.falls, container.format.name.startswith("mov")
    return rows.tobytes()


def choose_windows(timeline: Timeline, samples: int, sample_seconds: float) -> tuple[FrameWindow, ...]:
    """Pieces that stand for the whole, in order; one with everything when the file is short.

    The file is cut into as many parts as there are samples, and from each the piece is taken whose bytes are nearest to
    the part's average: the bytes of the source tell how hard a piece is to encode. The hardest piece of the whole file
    is added for the worst second.
    """
    import numpy as np

    count = int(timeline.seconds.size)
    if timeline.duration_seconds <= samples * sample_seconds * _WHOLE_BELOW or count < 2 * samples:
        return (FrameWindow(0, count),)
    total = np.concatenate(([0], np.cumsum(timeline.sizes)))
    begin = float(timeline.seconds[0])
    part_seconds = timeline.duration_seconds / samples
    windows: list[FrameWindow] = []
    hardest, most = FrameWindow(0, 0), 0.0
    for part in range(samples):
        starts = np.arange(
            begin + part * part_seconds, begin + (part + 1) * part_seconds - sample_seconds, sample_seconds / 2
        )
        first = np.searchsorted(timeline.seconds, starts)
        end = np.searchsorted(timeline.seconds, starts + sample_seconds)
        density = (total[end] - total[first]) / np.maximum(1, end - first)
        low, high = np.searchsorted(timeline.seconds, (begin + part * part_seconds, begin + (part + 1) * part_seconds))
        average = (total[high] - total[low]) / max(1, high - low)
        nearest = int(np.argmin(np.abs(density - average)))
        windows.append(FrameWindow(int(first[nearest]), int(end[nearest])))
        busiest = int(np.argmax(density))
        if float(density[busiest]) > most:
            most, hardest = float(density[busiest]), FrameWindow(int(first[busiest]), int(end[busiest]), hardest=True)
    windows = [window for window in windows if window.end > window.first]
    if all(hardest.first >= window.end or hardest.end <= window.first for window in windows):
        windows.append(hardest)
    return tuple(sorted(windows, key=lambda window: window.first))


def seek_seconds(timeline: Timeline, window: FrameWindow) -> tuple[float, float]:
    """Start and length to give to ffmpeg for a window: the cuts lie between frames, so that rounding moves none."""
    seconds = timeline.seconds
    start = _between(seconds, window.first)
    end = timeline.end_seconds + 1.0 if window.end >= seconds.size else _between(seconds, window.end)
    return start, end - start


def _between(seconds: npt.NDArray[np.float64], number: int) -> float:
    """A moment shortly before a frame."""
    if number == 0:
        return max(0.0, float(seconds[0]) - 0.001)
    return float(seconds[number] - (seconds[number] - seconds[number - 1]) / 4)
