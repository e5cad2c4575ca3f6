"""The value of `compressed_video`: what was done with a video, and how good the result is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from media_assets.base.model import Model


class VmafScore(Model):
    """How near a result is to its source, 0 to 100, as VMAF judges it."""

    mean: float
    """The mean over all frames that were compared."""
    worst_second: float
    """The least mean over the frames of one second."""


class CrfTrial(Model):
    """One encode of the samples."""

    crf: float
    vmaf: VmafScore
    predicted_video_bytes: int
    """Bytes that the whole file's video stream would have, scaled up from the samples."""


class CompressedVideo(Model):
    """The value of `compressed_video`: how a video was made smaller, or why it was left as it is."""

    compressed: bool
    """False: the original stays, for `reason`."""
    reason: str
    """A clause that reads well behind the file's name."""
    source_bytes: Annotated[int, Field(validation_alias=AliasChoices("source_bytes", "source_size_bytes"))]
    """Size of the source file; older versions stored it under the second name."""
    size_bytes: int | None = None
    """Size, in bytes, of the result; None without one."""
    max_lines: int | None = None
    """The tier: pixels of the shorter side. None when no rule was for this file."""
    width: int | None = None
    height: int | None = None
    container: Literal["mp4", "mov", "mkv"] | None = None
    encoder: str | None = None
    preset: str | None = None
    crf: float | None = None
    """The encoder's own scale of quality, whatever it calls it."""
    vmaf: VmafScore | None = None
    """VMAF of the result against the source at the size of the result."""
    vmaf_of: Literal["whole", "samples"] | None = None
    trials: tuple[CrfTrial, ...] = ()
    losses: tuple[str, ...] = ()
    """What of the source is not in the result, each as a phrase."""

    @property
    def saved_share(self) -> float:
        """0 to 1; 0 without a result."""
        if self.size_bytes is None or not self.source_bytes:
            return 0.0
        return 1 - self.size_bytes / self.source_bytes
