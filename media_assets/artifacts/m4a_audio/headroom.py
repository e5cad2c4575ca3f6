"""Channels that are loud together add up to more than full scale, where players cut off what encoders keep.

What belongs here: how loud a mix becomes, measured sample by sample with the filters that will make it. FFmpeg gives
channels of loudspeakers fixed shares (1 of those in front, 0.707 of the others) that add up to 2.4 for 5.1 and 3.1 for
7.1, and makes nothing quieter where an encoder takes floating point, as that of AAC does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.overs import HEADROOM
from media_assets.media.own_ends import own_end
from media_assets.media.untrusted import uploaded
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Headroom:
    """What has to be done to a mix so that nothing of it is cut off."""

    peak: float = 0.0
    """Its largest absolute value, as a share of full scale."""

    @property
    def filter(self) -> str | None:
        """What makes all channels quieter before they are mixed; None where the mix has room."""
        return f"volume=volume={HEADROOM / self.peak:.9f}:precision=double" if self.peak > 1 else None

    @property
    def said(self) -> list[str]:
        """What a person has to know of it, as phrases."""
        if self.peak <= 1:
            return []
        return [
            f"with fewer channels it goes up to {self.peak:.1f} times full scale, so that all of it was made quieter "
            "and nothing is cut off"
        ]


def headroom(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, stream: Stream, filters: str, channels: int, work: Work
) -> Headroom:
    """Mix a stream without keeping it, and look how loud it becomes. What cannot be decoded is told by who encodes.

    Args:
        filters: Those of the mix.
        channels: How many it has.

    Raises:
        As `FFmpeg.run`.
    """
    mixing = uploaded(source, media.container, **own_end(media, stream))[str(stream.index)].output(
        "pipe:1", format="f32le", acodec="pcm_f32le", af=filters, ac=channels, **_length(work)
    )
    return Headroom(max((_peak(piece) for piece in ffmpeg.pieces(mixing, work, _PIECE_BYTES)), default=0.0))


def _length(work: Work) -> dict[str, Any]:
    return {} if work.max_media_seconds is None else {"t": work.max_media_seconds + 1}


def _peak(piece: bytes) -> float:
    import numpy as np

    samples: NDArray[np.float32] = np.frombuffer(piece[: len(piece) // 4 * 4], "<f4")
    return float(np.abs(samples[np.isfinite(samples)]).max(initial=0.0))
