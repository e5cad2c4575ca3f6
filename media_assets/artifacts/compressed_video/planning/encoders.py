"""The encoders: their names, scales of quality and options, and whether one works on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import ffmpeg as ffmpeg_python

from media_assets.artifacts.compressed_video.planning.hdr import DynamicRange, svt_av1_parameters, x265_parameters
from media_assets.artifacts.compressed_video.settings import HardwareEncoder, VideoCodec, VideoCompressionSettings
from media_assets.base.errors import BadMedia, Fatal, TimeLimitExceeded
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.untrusted import generated
from media_assets.work.work import Work

_STANDARDS: dict[VideoCodec, str] = {"x264": "h264", "x265": "hevc", "svt-av1": "av1"}
_SOFTWARE: dict[VideoCodec, str] = {"x264": "libx264", "x265": "libx265", "svt-av1": "libsvtav1"}
_VAAPI_DEVICE = "/dev/dri/renderD128"


@dataclass(frozen=True)
class Scale:
    """An encoder's scale of quality: higher numbers are smaller files of less quality."""

    low: float
    high: float
    step: float
    guess: float
    """Where VMAF 95 usually lies."""
    growth: float
    """Share by which the distance of VMAF to 100 usually grows per unit."""


_SCALES = {
    "libx264": Scale(low=10, high=40, step=0.25, guess=24, growth=0.16),
    "libx265": Scale(low=10, high=42, step=0.25, guess=25, growth=0.16),
    "libsvtav1": Scale(low=10, high=60, step=0.5, guess=35, growth=0.08),
}
_HARDWARE_SCALE = Scale(low=10, high=45, step=1, guess=26, growth=0.16)


@dataclass(frozen=True)
class Encoder:
    """One encoder of ffmpeg, as the settings choose it."""

    name: str
    """What ffmpeg calls it."""
    preset: str | None
    """None for hardware, which has its own idea of presets."""
    ten_bit: bool
    hardware: HardwareEncoder | None = None

    @property
    def scale(self) -> Scale:
        return _SCALES.get(self.name, _HARDWARE_SCALE)

    @property
    def pixel_format(self) -> str:
        if self.hardware is not None:
            return "p010le" if self.ten_bit else "nv12"
        return "yuv420p10le" if self.ten_bit else "yuv420p"

    @property
    def reference_format(self) -> str:
        """The planar format of the same depth, in which pictures are compared."""
        return "yuv420p10le" if self.ten_bit else "yuv420p"

    @property
    def last_filters(self) -> str:
        """Filters that give frames the encoder's pixel format and hand them to the hardware, where that is wanted."""
        return f"format={self.pixel_format}" + (",hwupload" if self.hardware == "vaapi" else "")

    @property
    def global_options(self) -> dict[str, str]:
        return {"vaapi_device": _VAAPI_DEVICE} if self.hardware == "vaapi" else {}

    def options(self, crf: float, dynamic_range: DynamicRange) -> dict[str, Any]:
        """Options of the output for its first video stream."""
        options: dict[str, Any] = {"c:v:0": self.name, **self._quality(crf)}
        options |= {f"{name}:v:0": value for name, value in dynamic_range.color_options}
        if self.preset is not None:
            options["preset:v:0"] = self.preset
        if self.name == "libx265":
            options["a53cc:v:0"] = 1  # captions inside the picture, which x264 takes along by itself
            options["x265-params:v:0"] = ":".join(["log-level=error", *x265_parameters(dynamic_range)])
        elif self.name == "libsvtav1":
            # ffmpeg's own -crf takes whole numbers only.
            options["svtav1-params:v:0"] = ":".join([f"crf={crf:g}", *svt_av1_parameters(dynamic_range)])
        elif self.name == "hevc_videotoolbox":
            options["profile:v:0"] = "main10" if self.ten_bit else "main"
        return options

    def _quality(self, crf: float) -> dict[str, Any]:
        match self.hardware:
            case None:
                return {} if self.name == "libsvtav1" else {"crf:v:0": f"{crf:g}"}
            case "nvenc":
                return {"rc:v:0": "vbr", "cq:v:0": f"{crf:g}", "b:v:0": 0}
            case "qsv":
                return {"global_quality:v:0": round(crf)}
            case "vaapi":
                return {"rc_mode:v:0": "CQP", "qp:v:0": round(crf)}
            case "videotoolbox":
                # Its scale runs from 1 to 100 upwards; two of it are about one of the others.
                return {"q:v:0": max(1, round(112 - 2 * crf))}


def choose_encoder(settings: VideoCompressionSettings, source_bit_depth: int | None) -> Encoder:
    """The encoder that the settings ask for, with the depth they want for a source of this depth."""
    ten_bit = settings.codec != "x264" and (settings.bit_depth or source_bit_depth or 8) > 8
    if settings.hardware is None:
        return Encoder(_SOFTWARE[settings.codec], settings.chosen_preset, ten_bit)
    return Encoder(f"{_STANDARDS[settings.codec]}_{settings.hardware}", None, ten_bit, settings.hardware)


def require(ffmpeg: FFmpeg, encoder: Encoder, work: Work) -> None:
    """Make sure that a tiny encode and a tiny comparison work here.

    Raises:
        Fatal: they do not; nothing else can work either.
    """
    if (encoder, ffmpeg.path) in _works():
        return
    picture = "color=size=256x256:rate=5:duration=1"
    options = encoder.options(encoder.scale.guess, DynamicRange())
    trial = generated(picture, **encoder.global_options)["v:0"]
    trying = ffmpeg if encoder.hardware is None else ffmpeg.freer("all")  # a driver may have to set itself up
    try:
        trying.run(trial.output("-", format="null", **{"filter:v:0": encoder.last_filters}, **options), work)
    except TimeLimitExceeded:
        raise
    except BadMedia as error:
        remedy = "Remove compression.hardware" if encoder.hardware else "Choose another compression.codec"
        raise Fatal(
            f"the encoder {encoder.name} does not work on this machine: {error.reason}",
            next_step=f"{remedy} in library.yaml, or set ffmpeg.path to an ffmpeg that can use it",
        ) from error
    two = [generated(picture)["v:0"] for _ in range(2)]
    try:
        ffmpeg.run(ffmpeg_python.filter(two, "libvmaf").output("-", format="null"), work)
    except TimeLimitExceeded:
        raise
    except BadMedia as error:
        raise Fatal(
            f"this ffmpeg cannot measure quality (libvmaf): {error.reason}",
            next_step="Remove ffmpeg.path from library.yaml to use the ffmpeg that came with media-assets",
        ) from error
    _works().add((encoder, ffmpeg.path))


@lru_cache
def _works() -> set[tuple[Encoder, Path]]:
    """What was found to work, for as long as this process lives."""
    return set()
