"""Settings of `compressed_video`: which files are made how small, by which encoder, at which quality."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from media_assets.settings_section import Section

VideoCodec = Literal["x264", "x265", "svt-av1"]
HardwareEncoder = Literal["nvenc", "qsv", "vaapi", "videotoolbox"]
Vmaf = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, lt=1)]

_X26X_PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
)
_SVT_AV1_PRESETS = tuple(str(number) for number in range(14))
PRESETS: dict[VideoCodec, tuple[str, ...]] = {
    "x264": _X26X_PRESETS,
    "x265": _X26X_PRESETS,
    "svt-av1": _SVT_AV1_PRESETS,
}
DEFAULT_PRESETS: dict[VideoCodec, str] = {"x264": "medium", "x265": "medium", "svt-av1": "6"}


class TierRule(Section):
    """A size of picture, and the files it is for: those that meet all of its conditions."""

    max_lines: Annotated[int, Field(ge=16)]
    """Pixels of the shorter side of the displayed picture; a smaller picture is never enlarged."""
    older_than_intervals: Annotated[float, Field(ge=0)] = 0.0
    """Times `interval_years` that must have passed since the recording."""
    larger_than_bytes: Annotated[int, Field(ge=0)] = 0
    more_lines_than: Annotated[int, Field(ge=0)] = 0
    target_vmaf: Vmaf | None = None
    """Absent: the `target_vmaf` of the section."""


class VideoCompressionSettings(Section):
    """`compressed_video`."""

    tiers: tuple[TierRule, ...] = (TierRule(max_lines=720, older_than_intervals=1), TierRule(max_lines=1080))
    """The first rule whose conditions a file meets decides; a file that meets none stays as it is."""
    interval_years: PositiveFloat = 3.0
    """The step of the ages in `tiers`."""
    codec: VideoCodec = "x265"
    """x264 plays everywhere, but HDR becomes SDR with it; SVT-AV1 gives the smallest files."""
    preset: str | None = None
    """The encoder's own name; absent: medium, or 6 for SVT-AV1. Without effect on hardware encoders."""
    hardware: HardwareEncoder | None = None
    """Encode H.264, HEVC or AV1 (by `codec`) in hardware: much faster, larger files. It must be there."""
    bit_depth: Literal[8, 10] | None = None
    """Absent: that of the source. x264 always gets 8, because few players decode H.264 with 10."""
    container: Literal["auto", "mp4", "mkv"] = "auto"
    """auto: mp4 (mov for its PCM sound), and mkv where something would be lost otherwise."""
    crf: Annotated[float, Field(ge=0, le=63)] | None = None
    """A fixed quality of the encoder; absent: searched for each file until `target_vmaf` is met at the least size."""
    target_vmaf: Vmaf = 95.0
    """Mean over all frames."""
    min_second_vmaf: Vmaf = 88.0
    """Mean over the frames of the worst second."""
    min_saved_share: Share = 0.2
    """A result that is not smaller than the source by this share is thrown away."""
    samples: Annotated[int, Field(ge=2)] = 8
    """Quality is measured on so many samples; a file shorter than one and a half times all of them, on the whole."""
    sample_seconds: Annotated[float, Field(ge=1)] = 2.5
    efficient_bits_per_pixel: dict[str, PositiveFloat] = Field(
        default_factory=lambda: {"h264": 0.035, "hevc": 0.025, "vp9": 0.025, "av1": 0.02}
    )
    """By codec of the source: a 1080p picture with so few bits for each pixel of a frame is not worth a trial."""
    max_encodes: PositiveInt = 3
    """When the whole file turns out worse than its samples, it is encoded again, at most up to so many times."""

    @model_validator(mode="after")
    def _known_preset(self) -> Self:
        if self.preset is not None and self.preset not in PRESETS[self.codec]:
            raise ValueError(f"{self.codec} has no preset {self.preset!r}; it knows {', '.join(PRESETS[self.codec])}")
        return self

    @property
    def chosen_preset(self) -> str:
        return self.preset or DEFAULT_PRESETS[self.codec]
