"""Which rule a file falls under, how large its picture becomes, and whether it is small enough already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets.media.info import MediaInfo, Stream
from media_assets.pipeline.rules import FileFacts, first_that_fits

_FULL_HD_PIXELS = 1920 * 1080
_POWER = 0.75
"""Bits needed grow with the number of pixels to this power (Ben Waggoner's rule of thumb)."""


def main_video(media: MediaInfo) -> Stream | None:
    """The moving picture that a player shows: the default one, else the largest."""
    return max(
        (stream for stream in media.video_streams if stream.width and stream.height),
        key=lambda stream: (stream.default, (stream.width or 0) * (stream.height or 0), -stream.index),
        default=None,
    )


def choose_tier(
    settings: VideoCompressionSettings,
    media: MediaInfo,
    size_bytes: int,
    age_years: float,
    source: str = "",
    path: Callable[[], str] = str,
) -> VideoRule | None:
    """The first rule that fits the file; None when none does, or when it has no moving picture.

    Args:
        age_years: Since its recording.
        source: Name of its source, and with `path` what rules may ask for.
    """
    stream = main_video(media)
    size = stream.display_size if stream is not None else None
    if size is None:
        return None
    width, height = size
    known = FileFacts(
        age_years=age_years,
        size_bytes=size_bytes,
        megapixels=width * height / 1_000_000,
        lines=min(size),
        playing_seconds=media.duration_seconds,
    )
    return first_that_fits(settings.rules, replace(known, source=source, path=path))


def only_tier(settings: VideoCompressionSettings, tier: VideoRule | None) -> VideoCompressionSettings:
    """The settings as far as they count for a file of this tier; changes of the rest leave its result alone."""
    if tier is None:
        return VideoCompressionSettings(rules=())
    target = settings.target_vmaf if tier.target_vmaf is None else tier.target_vmaf
    return settings.model_copy(
        update={
            "rules": (VideoRule(max_lines=tier.max_lines),),
            "target_vmaf": target,
        }
    )


def target_size(display_size: tuple[int, int], max_lines: int) -> tuple[int, int]:
    """(width, height) of the result in pixels: never larger than the source, and even, as 4:2:0 needs it."""
    width, height = display_size
    scale = min(1.0, max_lines / min(width, height))
    if scale == 1.0:
        return max(2, width // 2 * 2), max(2, height // 2 * 2)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def is_efficient(
    codec: str, bit_rate: float, display_size: tuple[int, int], frame_rate: float, limits: Mapping[str, float]
) -> bool:
    """Whether a stream has so few bits for its size that an encode would save nothing worth having.

    Args:
        codec: Of the source.
        bit_rate: Bits per second of the video stream alone.
        display_size: Width and height in pixels.
        frame_rate: Frames per second.
        limits: Bits for each pixel of a frame at 1920 × 1080, by codec.
    """
    limit = limits.get(codec)
    if limit is None or frame_rate <= 0:
        return False
    pixels = display_size[0] * display_size[1]
    needed: float = limit * _FULL_HD_PIXELS * (pixels / _FULL_HD_PIXELS) ** _POWER
    return bit_rate / frame_rate <= needed
