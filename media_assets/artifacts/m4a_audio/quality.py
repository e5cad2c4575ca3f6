"""What is looked at in the sound of a recording: whether it is loud enough, and whether its peaks are cut off."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.media.loudness import SILENCE_LUFS
from media_assets.pipeline.artifact import Stored
from media_assets.pipeline.quality import Quality, QualityCheck, QualityLimits, Verdict


class AudioQuality(QualityLimits):
    """Limits for the sound of a recording."""

    min_loudness_lufs: Annotated[float, Field(ge=SILENCE_LUFS, le=0)] = -40.0
    """How loud it is at least, pauses not counted (ITU-R BS.1770-4). Speech is mixed at -23 to -16."""
    max_full_scale_share: Annotated[float, Field(ge=0, le=1)] = 0.005
    """Which share of its samples may lie within 1 dB of full scale."""


def _loudness(stored: Stored[AudioTrack], limits: AudioQuality) -> Verdict | None:
    loud = stored.manifest.figures.get("integrated_lufs")
    if loud is None:
        return None
    if loud <= SILENCE_LUFS:
        said = "it is silent"
        what = "Look whether the microphone was on; if another track has the sound, choose it by `audio.languages`"
    else:
        said = f"its loudness is {loud:.0f} LUFS"
        what = "It is very quiet: record nearer to the microphone, or with more gain"
    return Verdict(loud >= limits.min_loudness_lufs and loud > SILENCE_LUFS, said, what, {"loudness_lufs": loud})


def _clipping(stored: Stored[AudioTrack], limits: AudioQuality) -> Verdict | None:
    share = stored.manifest.figures.get("full_scale_share")
    if share is None:
        return None
    return Verdict(
        share <= limits.max_full_scale_share,
        f"{share:.2%} of it is at full scale".replace("%", " %"),
        "Its loudest parts are cut off, or pressed flat: record with less gain; ffmpeg's `adeclip` may mend this one",
        {"full_scale_share": share},
    )


AUDIO_QUALITY = Quality[AudioTrack](
    limits=lambda settings: settings.quality.m4a_audio,
    checks=(
        QualityCheck("loudness", "The sound is loud enough to be heard, and no silence.", _loudness),
        QualityCheck("clipping", "The loudest parts of the sound are not cut off.", _clipping),
    ),
)
