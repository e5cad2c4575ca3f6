"""compressed_image: a photo in fewer bytes, without a loss that can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from media_assets.artifacts.compressed_image.compress import compress_image
from media_assets.artifacts.compressed_image.rules import only_rule
from media_assets.artifacts.compressed_image.settings import ImageSettings
from media_assets.artifacts.compressed_image.value import CompressedImage
from media_assets.artifacts.drive_file.ages import age_years
from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.base.errors import NotApplicable
from media_assets.media.info import MediaKind
from media_assets.media.pictures.formats import name_of
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.rules import FileFacts, first_that_fits
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.places.manifest import Manifest
from media_assets.work.work import Work


def of_file(settings: ImageSettings, manifests: Mapping[str, Manifest], now: datetime) -> ImageSettings:
    """The settings with the one rule that the photo's age and size choose; with the years it becomes another."""
    file = SourceFile.model_validate(manifests["drive_file"].value)
    width, height = _size(file)
    facts = FileFacts(
        source=manifests["drive_file"].key.partition(":")[0],
        path=lambda: file.path,
        age_years=age_years(file, now),
        size_bytes=file.size_bytes,
        megapixels=width * height / 1e6,
        lines=min(width, height),
    )
    return only_rule(settings, first_that_fits(settings.rules, facts))


def _size(file: SourceFile) -> tuple[int, int]:
    """Width and height of its largest picture, in pixels."""
    streams = file.media.video_streams if file.media else []
    sizes = [(stream.width or 0, stream.height or 0) for stream in streams]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))


def describe(stored: Stored[CompressedImage]) -> Metadata:
    value = stored.value
    shown: dict[str, Any] = {"outcome": value.outcome, "reason": value.reason, "source_bytes": value.source_bytes}
    if value.size_bytes is not None:
        shown |= {
            "saved": f"{value.saved_share:.0%}",
            "result": f"{value.width}×{value.height} {value.format}, quality {value.encoder_quality}",
            "ssimulacra2": value.ssimulacra2 or 0.0,
        }
    if value.lost:
        shown["lost"] = ", ".join(value.lost)
    return shown


@file_asset(
    group="pictures",
    kinds={"image"},
    code_version="1",
    pool="ffmpeg",
    tuning=AssetTuning(enabled=False, batch=70, workers=2, time_limit_seconds=300, time_limit_per_media_second=0.0),
    result_settings=lambda settings: settings.images,
    describe=describe,
    reads_source=True,
    of_file=of_file,
)
def compressed_image(drive_file: Stored[SourceFile], settings: ImageSettings, work: Work) -> Artifact[CompressedImage]:
    """A photo as AVIF, WebP or JPEG at the least size that reaches a perceptual quality, with EXIF, ICC profile and
    orientation.

    How small depends on its age and size. Where nothing is gained, or something would be lost, the original stays and
    the artifact says why.
    """
    file = drive_file.value
    if file.media is None and (what := name_of(file.mime_type)):
        raise NotApplicable(f"is {what}, which is left as it is")
    if file.media is None or file.kind is not MediaKind.IMAGE:
        raise NotApplicable(f"is no image but {file.mime_type}")
    path, value = compress_image(drive_file.local_path(), file.media, age_years(file), settings, work)
    return Artifact(value, files={f"image{path.suffix}": path} if path else {})
