"""How loud a recording is, and how much of it lies at full scale, measured in one decoding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from media_assets.media.ffmpeg import ALL_MUST_DECODE, FFmpeg
from media_assets.media.untrusted import uploaded
from media_assets.work.work import Work

SILENCE_LUFS = -70.0
"""What nothing but silence measures: the absolute gate of ITU-R BS.1770-4."""

_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+) LUFS", re.MULTILINE)
_OF_VOLUME = r"^\[Parsed_volumedetect_\d+ @ 0x[0-9a-f]+\] \[info\] "
_SAMPLES = re.compile(rf"{_OF_VOLUME}n_samples: (\d+)", re.MULTILINE)
_AT_FULL_SCALE = re.compile(rf"{_OF_VOLUME}histogram_0db: (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Loudness:
    """What was measured of a recording; None for what ffmpeg did not tell."""

    integrated_lufs: float | None = None
    """The loudness of the whole without its pauses, by ITU-R BS.1770-4."""
    full_scale_share: float | None = None
    """The share of samples within 1 dB of full scale: 0 to 1. Speech has hardly any there unless it was cut off."""

    @property
    def figures(self) -> dict[str, float]:
        """Both by name, as far as they are known."""
        return {name: value for name, value in vars(self).items() if value is not None}


def decoded_loudness(
    ffmpeg: FFmpeg, path: Path, container: str, work: Work, *, duration_seconds: float | None = None
) -> Loudness:
    """Decode the first audio stream of a file to its end, and measure it on the way.

    Args:
        container: The format of the file, as ffmpeg names it.
        duration_seconds: How long it plays, for progress.

    Raises:
        BadMedia: not all of it can be decoded; others as `FFmpeg.run`.
    """
    output = uploaded(path, container)["a:0"].output(
        "-", format="null", af="volumedetect,ebur128=framelog=quiet", **ALL_MUST_DECODE
    )
    told = ffmpeg.told(output, work, duration_seconds=duration_seconds)
    loud = _INTEGRATED.findall(told)
    # A filter that was set up anew on the way tells of each of its lives; one that saw nothing too.
    samples = sum(map(int, _SAMPLES.findall(told)))
    full = sum(map(int, _AT_FULL_SCALE.findall(told)))
    return Loudness(float(loud[-1]) if loud and samples else None, round(full / samples, 6) if samples else None)
