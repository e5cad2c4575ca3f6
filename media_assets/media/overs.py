"""Samples above full scale, which only formats with floating point hold, and which would be cut off as they are.

A recorder with 32 bits of float has no level to set: whatever is too loud is meant to be made quieter afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from media_assets.media.info import Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

_MAY_BE_FLOAT = ("pcm_f", "wavpack")
"""Beginnings of FFmpeg's names of codecs."""
HEADROOM = 0.89
"""What is too loud is brought down to this share of full scale: 1 dB below it (EBU R 128), since a lossy encoder moves
peaks a little."""
_LOUDEST = 100.0
"""A sample that is louder (40 dB above full scale) may be a fault, and then is no measure for the others."""
_SHARE_OF_FAULTS = 0.001


@dataclass(frozen=True)
class Overs:
    """What of a recording is above full scale."""

    peak: float = 0.0
    """Its largest absolute value, as a share of full scale; 0 where nothing can be above it."""
    has_faults: bool = False
    """Whether some samples are beyond all measure, infinite, or no numbers."""

    @property
    def filter(self) -> str | None:
        """What brings all below full scale, and cuts off faults, on which encoders fail; None where there is none."""
        if self.peak <= 1 and not self.has_faults:
            return None
        gain = HEADROOM / self.peak if self.peak > 1 else 1.0
        return f"volume=volume={gain:.9f}:precision=double,aformat=sample_fmts=s32|s32p"

    @property
    def said(self) -> list[str]:
        """What a person has to know of it, as phrases."""
        louder = f"its samples go up to {self.peak:.1f} times full scale, so that all of it was made as much quieter"
        faults = "some of its samples are no sound (infinite, or no numbers), and were cut off"
        return [*([louder] if self.peak > 1 else []), *([faults] if self.has_faults else [])]


def overs(source: Path, stream: Stream, work: Work) -> Overs:
    """Look for them in a stream that may have them."""
    return run_in_child(_overs, source, stream.index, work=work) if stream.codec.startswith(_MAY_BE_FLOAT) else Overs()


def _overs(source: Path, index: int) -> Overs:
    """Likewise; by nearly all packets where a few samples are beyond all measure."""
    import av
    import numpy as np

    peaks: list[float] = []
    has_faults = False
    with source.open("rb") as file, open_media(file) as container:
        for packet in container.demux(container.streams[index]) if container is not None else ():
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue  # whoever encodes it meets that again, and says so
            for frame in frames:
                if not isinstance(frame, av.AudioFrame) or not frame.format.name.startswith(("flt", "dbl")):
                    return Overs()
                samples = frame.to_ndarray()
                finite = np.isfinite(samples)
                has_faults = has_faults or not finite.all()
                peaks.append(float(np.abs(samples[finite]).max(initial=0.0)))
    highest = max(peaks, default=0.0)
    if highest > _LOUDEST:
        return Overs(float(np.quantile(peaks, 1 - _SHARE_OF_FAULTS, method="lower")), has_faults=True)
    return Overs(highest, has_faults)
