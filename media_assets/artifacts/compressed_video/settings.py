"""The section `compression` of library.yaml: which videos are made how small, by which encoder, at which quality."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from media_assets.base.section import Section
from media_assets.pipeline.conditions import PictureCondition

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
_INTERVAL_YEARS = 3.0
"""Length of the intervals in which the ages of rules were counted once, by default."""

DEFAULT_PRESETS: dict[VideoCodec, str] = {"x264": "medium", "x265": "medium", "svt-av1": "6"}


class VideoRule(Section):
    """A size of picture, and the files it is for."""

    when: PictureCondition = PictureCondition()
    max_lines: Annotated[int, Field(ge=16)]
    """Pixels of the shorter side of the displayed picture; a smaller picture is never enlarged."""
    target_vmaf: Vmaf | None = None
    """Absent: the `target_vmaf` of the section."""

    def result_settings(self) -> dict[str, Any]:
        """The rule as it was written when its conditions stood beside the rest and ages were counted in intervals: what
        was made by it then is made by it now."""
        when = self.when
        return {
            "max_lines": self.max_lines,
            "older_than_intervals": (when.older_than_years or 0.0) / _INTERVAL_YEARS,
            "larger_than_bytes": when.larger_than_bytes or 0,
            "more_lines_than": when.more_lines_than or 0,
            "target_vmaf": self.target_vmaf,
            **when.given("older_than_years", "larger_than_bytes", "more_lines_than"),
        }


class VideoCompressionSettings(Section):
    """`compressed_video`."""

    rules: tuple[VideoRule, ...] = (
        VideoRule(when=PictureCondition(older_than_years=3.0), max_lines=720),
        VideoRule(max_lines=1080),
    )
    """The first that fits a video decides; one that none fits stays as it is."""
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
    """How few bits for each pixel of a frame make a 1080p picture not worth a trial, by codec of the source."""
    max_encodes: PositiveInt = 3
    """When the whole file turns out worse than its samples, it is encoded again, at most up to so many times."""

    @model_validator(mode="after")
    def _known_preset(self) -> Self:
        if self.preset is not None and self.preset not in PRESETS[self.codec]:
            raise ValueError(f"{self.codec} has no preset {self.preset!r}; it knows {', '.join(PRESETS[self.codec])}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _as_they_were_written_once(cls, section: object) -> object:
        """`tiers` and `interval_years` in today's form."""
        if not isinstance(section, dict) or not {"tiers", "interval_years"} & set(section):
            return section
        if "rules" in section:
            raise ValueError(
                "`tiers` are `rules` now, and their ages `when: {older_than_years: …}`: leave `tiers` and "
                "`interval_years` out"
            )
        rest = {name: value for name, value in section.items() if name not in ("tiers", "interval_years")}
        tiers = section.get("tiers", [{"max_lines": 720, "older_than_intervals": 1}, {"max_lines": 1080}])
        interval_years = section.get("interval_years", _INTERVAL_YEARS)
        if not isinstance(tiers, list | tuple):
            return {**rest, "rules": tiers}
        return {**rest, "rules": [_with_when(tier, interval_years) for tier in tiers]}

    def result_settings(self) -> dict[str, Any]:
        """See `VideoRule.result_settings`."""
        settings = super().result_settings()
        del settings["rules"]
        return {
            **settings,
            "tiers": [rule.result_settings() for rule in self.rules],
            "interval_years": _INTERVAL_YEARS,
        }

    @property
    def chosen_preset(self) -> str:
        return self.preset or DEFAULT_PRESETS[self.codec]


def _with_when(tier: object, interval_years: object) -> object:
    if not isinstance(tier, dict):
        return tier
    when = {name: tier[name] for name in ("larger_than_bytes", "more_lines_than") if name in tier}
    if "older_than_intervals" in tier:
        intervals = tier["older_than_intervals"]
        are_numbers = isinstance(intervals, int | float) and isinstance(interval_years, int | float)
        when["older_than_years"] = intervals * interval_years if are_numbers else intervals
    rest = {name: value for name, value in tier.items() if name not in (*when, "older_than_intervals")}
    return {**rest, "when": when}
