"""What must be known of a picture before it is encoded and is in no probe: shape of pixels, colours, light.

It takes the stream's headers and its first decoded frame.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from media_assets.artifacts.compressed_video.reading.layers import second_layer
from media_assets.artifacts.compressed_video.reading.views import Views, read_views
from media_assets.base.errors import BadMedia
from media_assets.media.frame_data import side_data
from media_assets.media.info import Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

_PACKETS_TO_A_FRAME = 300
_UNSPECIFIED = 2
""""Unspecified" in the tables of ITU-T H.273, whose numbers FFmpeg has too."""


@dataclass(frozen=True)
class Mastering:
    """SMPTE ST 2086: chromaticities (x, y) and luminances in cd/m²."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float]
    min_luminance: float
    max_luminance: float


@dataclass(frozen=True)
class Light:
    """CTA-861.3, in cd/m²."""

    max_content: int
    max_frame_average: int


@dataclass(frozen=True)
class Picture:
    time_base: Fraction
    """Seconds per tick of the stream's time stamps."""
    square_pixels: bool
    primaries: int | None
    transfer: int | None
    matrix: int | None
    full_range: bool
    mastering: Mastering | None
    light: Light | None
    hdr10_plus: bool
    chroma: str
    """4:2:0 and its like, or RGB."""
    alpha: bool
    views: Views = field(default_factory=Views)
    hidden_layer: bool = False
    """Whether it holds more than its base layer, and that is no transparency."""
    slant_degrees: int = 0
    """The angle it is to be turned by for display, where that is no multiple of 90°; 0 for all others."""


def look_at_picture(path: Path, stream: Stream, work: Work) -> Picture:
    """Decode the first frame of a stream.

    Raises:
        BadMedia: there is no frame that can be decoded.
    """
    return run_in_child(_look, path, stream.index, work=work)


def _look(path: Path, index: int) -> Picture:
    import av

    with path.open("rb") as file, open_media(file) as container:
        found: Any = container.streams[index] if container is not None else None
        if container is None or found is None or found.type != "video":
            raise BadMedia("its picture cannot be read", next_step="Play the file to see whether it is damaged")
        layer = None
        for packet in islice(container.demux(found), _PACKETS_TO_A_FRAME):
            if layer is None and found.codec_context.name == "hevc":
                layer = second_layer(bytes(found.codec_context.extradata or b""), bytes(packet))
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            if frames:
                return _picture(found, frames[0], layer)
    raise BadMedia("no frame of its picture can be decoded", next_step="Play the file to see whether it is damaged")


def _picture(stream: Any, frame: Any, layer: str | None) -> Picture:
    from av.video.reformatter import ColorRange

    carried = side_data(frame)
    content = dict(carried)
    context = stream.codec_context
    aspect = stream.sample_aspect_ratio
    return Picture(
        time_base=stream.time_base,
        square_pixels=not aspect or aspect == 1,
        primaries=_specified(context.color_primaries),
        transfer=_specified(context.color_trc),
        matrix=_specified(context.colorspace),
        full_range=context.color_range == ColorRange.JPEG,
        mastering=_mastering(content.get("MASTERING_DISPLAY_METADATA")),
        light=_light(content.get("CONTENT_LIGHT_LEVEL")),
        hdr10_plus="DYNAMIC_HDR_PLUS" in content,
        chroma=_chroma(frame.format),
        # FFmpeg's own decoder shows VP8 and VP9 without what lies beside them in WebM.
        alpha=layer == "alpha"
        or any(component.is_alpha for component in frame.format.components)
        or stream.metadata.get("alpha_mode") == "1"
        or stream.metadata.get("ALPHA_MODE") == "1",
        views=read_views(carried),
        hidden_layer=layer == "other",
        slant_degrees=_slant(frame.rotation),
    )


def _slant(degrees: int) -> int:
    """ffmpeg takes what is one degree away from a quarter of a turn for a quarter."""
    return 0 if degrees % 90 in (0, 1, 89) else degrees % 360


def _specified(number: int) -> int | None:
    return None if number in (0, _UNSPECIFIED) else int(number)


def _mastering(data: bytes | None) -> Mastering | None:
    """AVMasteringDisplayMetadata: ten rationals of two ints, then whether primaries and luminance are there."""
    if data is None:
        return None
    *numbers, has_primaries, has_luminance = struct.unpack("=22i", data[:88])
    if not has_primaries or not has_luminance:
        return None
    values = [up / down if down else 0.0 for up, down in zip(numbers[::2], numbers[1::2], strict=True)]
    red, green, blue, white = ((values[at], values[at + 1]) for at in (0, 2, 4, 6))
    return Mastering(red, green, blue, white, min_luminance=values[8], max_luminance=values[9])


def _light(data: bytes | None) -> Light | None:
    """AVContentLightMetadata: two unsigned ints."""
    if data is None:
        return None
    content, average = struct.unpack("=2I", data[:8])
    return Light(content, average) if content or average else None


def _chroma(pixel_format: Any) -> str:
    if pixel_format.is_rgb:
        return "RGB"
    if len(pixel_format.components) < 3:
        return "4:0:0"
    width, height = pixel_format.chroma_width(16), pixel_format.chroma_height(16)
    return {(16, 16): "4:4:4", (8, 16): "4:2:2", (8, 8): "4:2:0", (4, 16): "4:1:1"}.get((width, height), "other")
