"""compressed_video: a video in fewer bytes, at a quality that was measured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from media_assets.artifacts.compressed_video.compress import compress_video
from media_assets.artifacts.compressed_video.planning.tiers import choose_tier, only_tier
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets.artifacts.compressed_video.value import CompressedVideo
from media_assets.artifacts.drive_file.ages import age_years
from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.base.errors import NotApplicable
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.places.manifest import Manifest
from media_assets.work.work import Work


def of_file(
    settings: VideoCompressionSettings, manifests: Mapping[str, Manifest], now: datetime
) -> VideoCompressionSettings:
    """The settings with the one tier that the video's age and size choose; with the years it becomes another."""
    file = SourceFile.model_validate(manifests["drive_file"].value)
    if file.media is None:
        return only_tier(settings, None)
    source = manifests["drive_file"].key.partition(":")[0]
    age = age_years(file, now)
    return only_tier(settings, choose_tier(settings, file.media, file.size_bytes, age, source, lambda: file.path))


def describe(stored: Stored[CompressedVideo]) -> Metadata:
    value = stored.value
    shown: dict[str, Any] = {"reason": value.reason, "source_bytes": value.source_bytes}
    if value.size_bytes is not None:
        shown |= {
            "saved": f"{value.saved_share:.0%}",
            "result": f"{value.width}×{value.height} {value.encoder} CRF {value.crf:g}" if value.crf else value.encoder,
            "trials": len(value.trials),
        }
    if value.vmaf:
        shown |= {"vmaf_mean": value.vmaf.mean, "vmaf_worst_second": value.vmaf.worst_second}
    if value.losses:
        shown["lost"] = ", ".join(value.losses)
    return shown


@file_asset(
    group="video",
    kinds={"ffmpeg"},
    code_version="1",
    pool="encoder",
    tuning=AssetTuning(enabled=False, batch=5, workers=1, time_limit_seconds=600, time_limit_per_media_second=60.0),
    result_settings=lambda settings: settings.compression,
    describe=describe,
    reads_source=True,
    after_all_else=True,
    of_file=of_file,
)
def compressed_video(
    drive_file: Stored[SourceFile], ffmpeg: FFmpeg, settings: VideoCompressionSettings, work: Work
) -> Artifact[CompressedVideo]:
    """A video at the size its age asks for, and at the least bytes that reach the target VMAF.

    Sound is copied; subtitles, chapters, HDR, times and places are kept, or their loss is named. Where too little is
    gained the original stays, and the artifact says why.
    """
    file = drive_file.value
    if file.media is None or file.kind is not MediaKind.VIDEO:
        raise NotApplicable(f"is no video but {file.mime_type}")
    source, age = drive_file.local_path(), age_years(file)
    done = compress_video(ffmpeg, source, file.media, file.size_bytes, age, settings, work)
    return Artifact(
        done.value,
        files={f"video{done.path.suffix}": done.path} if done.path else {},
        media_seconds=file.media.duration_seconds,
    )
