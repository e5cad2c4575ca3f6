"""Which frames of a video are made of two fields, taken at two moments: by many frames all over the file.

A frame says of itself whether it is, and not always the truth: broadcasts mark film, and editors lose the mark. So its
lines are looked at as well, where something moves. The measure is that of FFmpeg's filter idet (by how much a line
differs from what its neighbours lead to expect, with lines of the frame before, this one and the next), restricted to
what moves, squared so that noise counts little, and asked for more: idet takes drawn progressive pictures for fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from media_assets.media.info import Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_WHOLE_FRAMES = 500
"""A video of no more frames is looked at as a whole."""
_PLACES = 24
_FRAMES_OF_A_PLACE = 12
_PACKETS_TO_A_KEY_FRAME = 600
_MOST_LINES = 1152
"""No standard has fields in larger pictures (1080 of 1125 lines, 1152 of 1250)."""
_COLUMNS = 320
"""So many columns of a frame are looked at, of all its lines."""
_MOVES_BY = 16
"""Steps of 256 by which 3 × 3 pixels change on average where something moves and not just noise."""
_MOVING_SHARE = 0.002
_SAME = 1.06
"""A line of a neighbouring frame fits into a frame of two fields as well as its own: at most so many times worse."""
_FARTHER = 1.2
"""Fields that are three apart differ more than neighbours do, at least by so many times."""
_APART = 1.35
"""Frames that are one picture each fit together worse with their neighbours' lines than with their own."""
_SURE_SHARE = 0.9
_SURE_FRAMES = 10
_MANY = 0.2
"""A share of the moving frames that noise alone never reaches."""
_WHOLE_SHARE = 0.8
_STRAYS = 0.02

Deinterlacing = Literal["none", "marked", "all"]
"""Which frames have their fields joined: those that are marked as made of two, or all."""


@dataclass(frozen=True)
class Fields:
    deinterlace: Deinterlacing = "none"
    everywhere: bool = True
    """Whether all frames that were looked at are made of two fields."""
    top_first: bool | None = None
    """Which field comes first, where the frames do not say it themselves."""
    doubt: str | None = None
    """Why it cannot be told, or cannot be handled: a clause about the file."""
    apart: bool = False
    """Whether fields come in packets of their own: there are more packets than frames."""

    @property
    def filters(self) -> tuple[str, ...]:
        """What joins fields to frames; a frame that is not marked passes the first of them as it is."""
        match self.deinterlace:
            case "none":
                return ()
            case "marked":
                return ("bwdif=mode=send_frame:deint=interlaced",)
            case "all":
                return (f"bwdif=mode=send_frame:parity={'tff' if self.top_first else 'bff'}",)

    @property
    def losses(self) -> tuple[str, ...]:
        """What is lost with it, as a phrase."""
        match self.deinterlace:
            case "none":
                return ()
            case "marked" if not self.everywhere:
                return ("interlacing of some frames (fields were joined to frames)",)
            case "marked":
                return ("interlacing (fields were joined to frames)",)
            case "all":
                return ("interlacing that its frames are not marked with (fields were joined to frames)",)


WHOLE_FRAMES = Fields()
"""What most videos are: nothing to join."""


@dataclass
class Tally:
    """What was seen of frames that are marked alike."""

    frames: int = 0
    moving: int = 0
    top_first: int = 0
    bottom_first: int = 0
    whole: int = 0
    """Moving frames that surely are one picture each."""

    @property
    def of_fields(self) -> int:
        return max(self.top_first, self.bottom_first)

    @property
    def surely_of_fields(self) -> bool:
        told = self.top_first + self.bottom_first + self.whole
        return self._counts(self.of_fields, told) and self.of_fields >= self.moving / 2

    @property
    def perhaps_of_fields(self) -> bool:
        return self._counts(self.of_fields, self.top_first + self.bottom_first) and self.of_fields > _MANY * self.moving

    @property
    def surely_whole(self) -> bool:
        others = self.top_first + self.bottom_first
        return self.whole >= max(_SURE_FRAMES, _WHOLE_SHARE * self.moving) and others <= _STRAYS * self.whole

    @staticmethod
    def _counts(part: int, of: int) -> bool:
        return part >= _SURE_FRAMES and part >= _SURE_SHARE * of


def look_at_fields(path: Path, stream: Stream, work: Work) -> Fields:
    """Decode frames of many places of a stream, and judge by all of them.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    found = run_in_child(_look, path, stream.index, work=work)
    if found.deinterlace != "none" and found.doubt is None and stream.rotation:
        return Fields(doubt="its fields cannot be joined in pictures that are turned for display")
    return found


def judge(marked: Tally, unmarked: Tally, codec: str) -> Fields:
    """Decide by what was seen of frames that are marked as interlaced, and of the others."""
    if unmarked.surely_of_fields and (not marked.frames or not marked.surely_whole):
        return Fields("all", top_first=unmarked.top_first > unmarked.bottom_first)
    if codec == "hevc" and marked.frames and not marked.surely_of_fields:
        # In HEVC the mark means a picture that is one field alone; some encoders set it on whole frames.
        return Fields(doubt="its fields are pictures of their own, which cannot be joined here")
    if unmarked.perhaps_of_fields:
        return Fields(
            doubt="many of its frames look interlaced without being marked so, and which cannot be told surely"
        )
    if not marked.frames or marked.surely_whole:
        return Fields()
    return Fields("marked", everywhere=not unmarked.frames)


def _look(path: Path, index: int) -> Fields:
    import av

    with path.open("rb") as file, open_media(file) as container:
        if container is None:
            return Fields()
        stream: Any = container.streams[index]
        places = _places(container, stream)
        seen = _Seen(stream)
        for place in places:
            try:
                if place is not None:
                    container.seek(place, stream=stream)
                seen.look_on(container, _WHOLE_FRAMES if place is None else _FRAMES_OF_A_PLACE)
            except av.error.FFmpegError:
                continue  # whoever reads the whole file will meet the damage, and knows whether it matters
        return seen.judged()


def _places(container: Any, stream: Any) -> list[int | None]:
    """Where to look, in ticks of the stream; None for where the file begins, with no need to seek."""
    seconds = (container.duration or 0) / 1_000_000
    frames = stream.frames or seconds * float(stream.average_rate or stream.guessed_rate or 25)
    if frames <= _WHOLE_FRAMES or not seconds or not stream.time_base:
        return [None]
    begin = (container.start_time or 0) / 1_000_000
    return [round((begin + seconds * place / _PLACES) / stream.time_base) for place in range(_PLACES)]


@dataclass
class _Seen:
    stream: Any
    marked: Tally = field(default_factory=Tally)
    unmarked: Tally = field(default_factory=Tally)
    packets: int = 0
    last: int | None = None
    """Time of the last frame that was looked at."""

    def look_on(self, container: Any, most: int) -> None:
        """Decode some frames, from the next key frame on, unless they were seen before."""
        import av

        frames: list[Any] = []
        decoded = packets = 0
        for packet in islice(container.demux(self.stream), _PACKETS_TO_A_KEY_FRAME + most):
            if not packets:
                if not packet.is_keyframe:
                    continue
                if self.last is not None and packet.pts is not None and packet.pts <= self.last:
                    return
            packets += bool(packet.size)
            try:
                new: list[Any] = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in new:
                decoded += 1
                self.last = frame.pts if frame.pts is not None else self.last
                frames = [*frames[-2:], (bool(frame.interlaced_frame), self._lines(frame))]
                self._take_in(frames)
            if decoded >= most:
                break
        self.packets += packets

    def _lines(self, frame: Any) -> npt.NDArray[np.int16] | None:
        """Brightness of a frame: all lines, some columns. None where no fields can be."""
        import numpy as np

        if frame.is_corrupt or not 8 <= frame.height <= _MOST_LINES:
            return None
        step = max(1, frame.width // _COLUMNS)
        return frame.to_ndarray(format="gray")[:, ::step].astype(np.int16)  # type: ignore[no-any-return]

    def _take_in(self, frames: list[tuple[bool, npt.NDArray[np.int16] | None]]) -> None:
        """Count the newest frame, and look at the lines of the one before it, which has two neighbours."""
        tally = self.marked if frames[-1][0] else self.unmarked
        tally.frames += 1
        if len(frames) < 3:
            return
        (before_mark, before), (mark, lines), (after_mark, after) = frames
        if before is None or lines is None or after is None or not before.shape == lines.shape == after.shape:
            return
        if before_mark == mark == after_mark:
            compare(before, lines, after, self.marked if mark else self.unmarked)

    def judged(self) -> Fields:
        from dataclasses import replace

        found = judge(self.marked, self.unmarked, self.stream.codec_context.name)
        frames = self.marked.frames + self.unmarked.frames
        return replace(found, apart=bool(self.marked.frames) and frames < 0.75 * self.packets)


def compare(
    before: npt.NDArray[np.int16], lines: npt.NDArray[np.int16], after: npt.NDArray[np.int16], tally: Tally
) -> None:
    """Look at a frame between its neighbours, all as lines × columns of brightness, and count what it is."""
    import numpy as np

    here, around = lines[1:-1], lines[:-2] + lines[2:]
    moving = _moving(before, lines) | _moving(after, lines)
    if moving.mean() < _MOVING_SHARE:
        return
    tally.moving += 1
    own, earlier, later = (
        np.square((around - 2 * part).astype(np.int64)) * moving for part in (here, before[1:-1], after[1:-1])
    )
    # The first row is line 1, of the bottom field. With the top field first, a bottom line of the frame before is a
    # neighbour in time of the top lines here, and a top line of the next frame one of the bottom lines here.
    top_first = int(earlier[::2].sum() + later[1::2].sum())
    bottom_first = int(later[::2].sum() + earlier[1::2].sum())
    near, far, within = min(top_first, bottom_first), max(top_first, bottom_first), int(own.sum())
    if near > _APART * within:
        tally.whole += 1
    elif near < _SAME * within and far > _FARTHER * near:
        if top_first < bottom_first:
            tally.top_first += 1
        else:
            tally.bottom_first += 1


def _moving(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Where pixels change together with those around them; all lines but the first and the last."""
    import numpy as np

    change = one - other
    rows = np.pad(change[:-2] + change[1:-1] + change[2:], ((0, 0), (1, 1)), mode="edge")
    return np.abs(rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) > 9 * _MOVES_BY  # type: ignore[no-any-return]
