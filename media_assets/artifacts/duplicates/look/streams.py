"""Two videos decoded in step: the frames of both at the same instants, small, as brightness and colour differences.

Frame n of a stream is what a player shows half a step after n steps, whatever frames the file has: that one rule holds
for copies with other frame rates, with frames dropped, and for recordings of screens that have few. It is also what
the filter `fps` gives, and for a file with that rate of its own each of its frames once.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.look.align import WHOLE, CutOut
from media_assets.artifacts.duplicates.look.frames import demuxer_lead_seconds
from media_assets.artifacts.duplicates.look.pictures import upright
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import Stream
from media_assets.media.untrusted import uploaded
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

_LONGER_SIDE = 480
_UNIT = 16
"""Both sides are multiples of it, so that blocks of brightness and of the coarser colours fill them."""
_LEAST_UNITS = 3
_USUAL_RATE = 25.0


class Size(NamedTuple):
    """Columns and rows."""

    width: int
    height: int


class Instant(NamedTuple):
    """What is shown at one instant; everything is the average of three by three pixels, so that noise counts less."""

    brightness: Plane
    blue: Plane
    """Half as wide and as high."""
    red: Plane


class ScannedVideo(NamedTuple):
    """A video that is decoded."""

    path: Path
    container: str | None
    stream: Stream
    shown: CutOut = WHOLE
    """The box that is compared, as shares of its sides, as the file has it: not turned."""
    orientation: int = 0
    """How its frames are to be turned; an index of `codes.ORIENTATIONS`."""

    @property
    def rate(self) -> float:
        """Frames per second; a usual one where it is not told."""
        return self.stream.frame_rate or _USUAL_RATE

    @property
    def pixels_per_second(self) -> float:
        return (self.stream.width or 0) * (self.stream.height or 0) * self.rate

    def shown_size(self) -> tuple[float, float]:
        """Columns and rows of the box that is compared, as it is displayed."""
        width, height = self.stream.display_size or (_LONGER_SIDE, _LONGER_SIDE)
        return width * (self.shown.right - self.shown.left), height * (self.shown.bottom - self.shown.top)


def size_of(width: float, height: float) -> Size:
    """The size at which a picture is compared: no larger than it is, but for the rounding."""
    factor = min(1.0, _LONGER_SIDE / max(width, height))
    sides = (max(_LEAST_UNITS, round(side * factor / _UNIT)) * _UNIT for side in (width, height))
    return Size(*sides)


class InstantStream:
    """The instants of one video from a second on, of which some are held: those that were asked for and not dropped.

    Args:
        begin_seconds: Instant 0 is half a step behind it.
        rate: Instants per second.
        size: See `size_of`, as turned.
    """

    def __init__(
        self, ffmpeg: FFmpeg, source: ScannedVideo, begin_seconds: float, rate: float, size: Size, work: Work
    ) -> None:
        self._orientation = source.orientation
        self._size = Size(size.height, size.width) if source.orientation & 4 else size
        self._pieces = _decoded(ffmpeg, source, begin_seconds, rate, self._size, work)
        self._held: list[Instant] = []
        self._dropped = 0
        self._is_over = False

    def __getitem__(self, number: int) -> Instant:
        return self._held[number - self._dropped]

    def fill(self, until: int) -> int:
        """Decode until so many instants came; how many did, which are fewer where the video ends."""
        while not self._is_over and self._dropped + len(self._held) < until:
            piece = next(self._pieces, b"")
            if len(piece) < self._size.width * self._size.height * 3 // 2:
                self._is_over = True
                break
            self._held.append(self._instant(piece))
        return min(until, self._dropped + len(self._held))

    def drop(self, before: int) -> None:
        """Let go of the instants before one."""
        most = max(0, min(before - self._dropped, len(self._held)))
        del self._held[:most]
        self._dropped += most

    def close(self) -> None:
        self._pieces.close()

    def _instant(self, piece: bytes) -> Instant:
        import numpy as np

        width, height = self._size
        flat = np.frombuffer(piece, np.uint8)
        sizes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
        planes, place = [], 0
        for rows, columns in sizes:
            plane = flat[place : place + rows * columns].reshape(rows, columns)
            planes.append(np.ascontiguousarray(upright(plane[..., None], self._orientation)[..., 0]))
            place += rows * columns
        return Instant(*planes)


def _decoded(
    ffmpeg: FFmpeg, source: ScannedVideo, begin_seconds: float, rate: float, size: Size, work: Work
) -> Generator[bytes, None, None]:
    """Frames in planar 4:2:0, one after the other."""
    lead = min(begin_seconds, demuxer_lead_seconds(source.container))
    lead_frames = int(lead * rate)
    begin = max(0.0, begin_seconds - lead_frames / rate)
    box = source.shown
    steps = [
        "bwdif=mode=send_frame:deint=interlaced",
        f"crop=w=iw*{box.right - box.left:.5f}:h=ih*{box.bottom - box.top:.5f}:x=iw*{box.left:.5f}:y=ih*{box.top:.5f}",
        f"scale={size.width}:{size.height}:flags=area",
        "format=yuv420p",
        "avgblur=sizeX=1",
        f"fps={rate:.6f}:start_time=0",
        f"trim=start_frame={lead_frames}",
    ]
    given = uploaded(source.path, source.container, ss=f"{begin:.4f}", **source.stream.view_options)["V:0"]
    output = given.output("pipe:1", format="rawvideo", pix_fmt="yuv420p", vf=",".join(steps), fps_mode="passthrough")
    yield from ffmpeg.pieces(output, work, size.width * size.height * 3 // 2)
