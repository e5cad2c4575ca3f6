"""thumbnail: what a file looks like: a poster in a few sizes, and a contact sheet of videos."""

from __future__ import annotations

from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.thumbnail.make import make_thumbnails
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.artifacts.thumbnail.value import Thumbnails
from media_assets.base.errors import NotApplicable
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.pictures.formats import name_of
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.work.work import Work


def describe(stored: Stored[Thumbnails]) -> Metadata:
    import dagster as dg

    from media_assets.pipeline.shown import poster

    value = stored.value
    shown: dict[str, object] = {
        "poster": poster("what it looks like", value.preview),
        "preview": dg.MetadataValue.md(f"![what it looks like]({value.preview})"),
        "origin": value.origin,
        "chosen_because": value.chosen_because,
        "sizes": ", ".join(f"{size.width}×{size.height}" for size in value.sizes),
    }
    if value.time_seconds is not None:
        shown["time_seconds"] = value.time_seconds
    return shown


@file_asset(
    group="pictures",
    kinds={"ffmpeg"},
    code_version="1",
    pool="ffmpeg",
    tuning=AssetTuning(batch=60, workers=2, time_limit_seconds=120, time_limit_per_media_second=0.2),
    result_settings=lambda settings: settings.thumbnails,
    describe=describe,
    reads_source=True,
)
def thumbnail(
    drive_file: Stored[SourceFile], ffmpeg: FFmpeg, settings: ThumbnailSettings, work: Work
) -> Artifact[Thumbnails]:
    """A poster that is neither black nor blurred, in a few sizes, and a contact sheet with times for videos.

    Photos are turned upright, HDR is tone-mapped, audio files show their cover art. The same file gives the same bytes.
    """
    file = drive_file.value
    if file.media is None and (what := name_of(file.mime_type)):
        raise NotApplicable(f"is {what}, of which no thumbnail can be made here")
    if file.media is None:
        raise NotApplicable(f"is no picture but {file.mime_type}")
    files, value = make_thumbnails(ffmpeg, drive_file.local_path(), file.kind, file.media, settings, work)
    return Artifact(value, files=files)
