"""Everything that is decided about one file before anything is encoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from media_assets.artifacts.compressed_video.planning.encoders import Encoder, choose_encoder
from media_assets.artifacts.compressed_video.planning.hdr import DynamicRange, plan_dynamic_range
from media_assets.artifacts.compressed_video.planning.streams import StreamPlan, plan_streams
from media_assets.artifacts.compressed_video.planning.tiers import target_size
from media_assets.artifacts.compressed_video.reading.fields import WHOLE_FRAMES, Fields
from media_assets.artifacts.compressed_video.reading.picture import Picture
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets.media.info import MediaInfo, Stream

_MPEG_DEMUXERS = {"mpegts", "mpeg", "avi", "flv", "asf"}
"""Where ffmpeg may miss the key frame when it seeks: they have no index that it trusts, or none at all."""
_FOUR_K_LINES = 1440
"""Lines beyond which VMAF's model for 4K is used."""


@dataclass(frozen=True)
class EncodePlan:
    source: Path
    media: MediaInfo
    main: Stream
    tier: VideoRule
    picture: Picture
    encoder: Encoder
    dynamic_range: DynamicRange
    streams: StreamPlan
    width: int
    height: int
    losses: tuple[str, ...]
    fields: Fields

    @property
    def filters(self) -> str:
        """The chain that turns decoded frames into those that are encoded, and that quality is measured against.

        So a smaller picture is compared with the source made as small: what the tier takes away is wanted.
        """
        return ",".join(
            (
                *self.fields.filters,
                *self._shape(),
                *self.dynamic_range.filters,
                *self.picture.views.filters(self.encoder.name, self.streams.container),
                f"format={self.encoder.reference_format}",
            )
        )

    def _shape(self) -> tuple[str, ...]:
        """Smaller, or even: an odd line or column is cut off, because scaling by one pixel would blur all others."""
        assert self.main.display_size is not None
        width, height = self.main.display_size
        if (self.width, self.height) == (width, height):
            return ()
        if _is_cut(self.main.display_size, (self.width, self.height)):
            return (f"crop={self.width}:{self.height}:0:0",)
        # Without it the rounding to even sizes would be made up for by pixels that are not quite square.
        square = ("setsar=1",) if self.picture.square_pixels else ()
        return (f"scale={self.width}:{self.height}", *square)

    @property
    def has_size_of_source(self) -> bool:
        return self.main.display_size == (self.width, self.height)

    @property
    def input_options(self) -> dict[str, str]:
        """Options of the source as an input of ffmpeg."""
        return self.picture.views.input_options(self.main.codec, self.main.index)

    @property
    def seekable(self) -> bool:
        return self.media.container.split(",")[0] not in _MPEG_DEMUXERS

    @property
    def vmaf_model(self) -> str:
        return "vmaf_4k_v0.6.1" if min(self.width, self.height) > _FOUR_K_LINES else "vmaf_v0.6.1"


def _is_cut(old: tuple[int, int], new: tuple[int, int]) -> bool:
    """Whether a picture of the old size gets its new one by the cut of an odd line or column."""
    return old != new and new[0] >= old[0] - 1 and new[1] >= old[1] - 1


def make_plan(
    source: Path,
    media: MediaInfo,
    main: Stream,
    picture: Picture,
    tier: VideoRule,
    settings: VideoCompressionSettings,
    fields: Fields = WHOLE_FRAMES,
) -> EncodePlan:
    """Decide size, encoder, dynamic range, container and streams."""
    assert main.display_size is not None
    encoder = choose_encoder(settings, main.bit_depth)
    dynamic_range = plan_dynamic_range(main, picture, ten_bit=encoder.ten_bit)
    streams = plan_streams(source, media, main, settings)
    width, height = target_size(main.display_size, tier.max_lines)
    losses = [*dynamic_range.losses, *streams.losses]
    if (main.bit_depth or 8) > 8 and not encoder.ten_bit:
        losses.append(f"{main.bit_depth} bit (now 8)")
    elif (main.bit_depth or 8) > 10:
        losses.append(f"{main.bit_depth} bit (now 10)")
    if picture.chroma not in ("4:2:0", "4:0:0"):
        losses.append(f"{picture.chroma} colour (now 4:2:0)")
    if picture.alpha:
        losses.append("transparency")
    if _is_cut(main.display_size, (width, height)):
        sides = zip(("column", "line"), main.display_size, (width, height), strict=True)
        losses += [f"the last {name} of {old} (4:2:0 needs an even number)" for name, old, new in sides if new < old]
    losses += fields.losses
    return EncodePlan(
        *(source, media, main, tier, picture, encoder, dynamic_range, streams, width, height),
        losses=tuple(losses),
        fields=fields,
    )
