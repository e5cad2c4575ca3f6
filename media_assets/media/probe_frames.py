"""What the headers of a video do not tell: it takes a look at its first packets and at one decoded frame.

The container is read once from where it stands and never sought in: not every demuxer can.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from media_assets.media.frame_data import side_data

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_PACKETS_TO_A_FRAME = 100
"""A decoder that has not given a picture after so many packets will not give one."""
_PACKETS_TO_A_RATE = 300
_PACKETS_OUT_OF_ORDER = 16
"""The times of the last packets may still have gaps that later packets fill (the longest reordering of H.264)."""
_INDEX_ENTRIES = 2000
_JITTER = 0.05
"""A frame is longer or shorter than others when that is not just the rounding of times to the container's clock."""
_ODD_FRAMES = 0.01
"""A first or last frame, or a dropped one, makes no variable rate yet."""


@dataclass
class Frames:
    """What was seen of one video stream."""

    stream: VideoStream
    rotation: int | None = None
    """Clockwise degrees; None before a frame was decoded."""
    views_told_twice: bool = False
    """See `media.info.Stream`."""
    packets: int = 0
    """How many were looked at: one alone is a still picture."""
    times: list[int] = field(default_factory=list)

    def look_at(self, packet: Packet[Any]) -> None:
        """Take in one packet."""
        import av

        if not packet.size:
            return
        self.packets += 1
        if packet.pts is not None:
            self.times.append(packet.pts)
        if self.rotation is not None or self.stream.codec_context is None:
            return
        try:
            frames: list[Any] = packet.decode()
        except av.error.FFmpegError:
            return
        if frames:
            # The display matrix (mp4, Matroska) and the orientation (EXIF) are shown on decoded frames alone.
            self.rotation = round(-frames[0].rotation / 90) * 90 % 360
            self.views_told_twice = [name for name, _ in side_data(frames[0])].count("STEREO3D") > 1

    @property
    def enough(self) -> bool:
        """Whether more packets would tell nothing more."""
        decoded = self.rotation is not None or self.packets >= _PACKETS_TO_A_FRAME
        return decoded and self.packets >= (2 if self._has_whole_index else _PACKETS_TO_A_RATE)

    @property
    def variable_frame_rate(self) -> bool:
        """Whether frames last unequally long."""
        if self._has_whole_index:
            times = [entry.timestamp for entry in islice(self.stream.index_entries, _INDEX_ENTRIES)]
        else:
            times = sorted(self.times)
            if self.packets >= _PACKETS_TO_A_RATE:
                del times[-_PACKETS_OUT_OF_ORDER:]
        lengths = [after - before for before, after in pairwise(times)]
        if not lengths:
            return False
        usual = statistics.median(lengths)
        odd = sum(abs(length - usual) > max(2.0, _JITTER * usual) for length in lengths)
        return odd > max(1.0, _ODD_FRAMES * len(lengths))

    @property
    def _has_whole_index(self) -> bool:
        """mp4 and its like list every frame in front or behind."""
        return bool(self.stream.frames) and len(self.stream.index_entries) == self.stream.frames


def look_at_frames(container: InputContainer, streams: Sequence[VideoStream]) -> dict[int, Frames]:
    """Look at the first packets of some video streams. The result is by the index of the stream.

    Damage is no error here: whoever reads the whole file will meet it, and knows whether it matters.
    """
    import av

    looks = {stream.index: Frames(stream) for stream in streams}
    if not looks:
        return looks
    try:
        for packet in islice(container.demux(*streams), _PACKETS_TO_A_RATE * len(streams)):
            looks[packet.stream.index].look_at(packet)
            if all(look.enough for look in looks.values()):
                break
    except av.error.FFmpegError:
        return looks
    return looks
