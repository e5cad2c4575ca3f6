"""dedup_index: what is needed of a file's content to find its duplicates."""

from __future__ import annotations

from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.duplicates.rows import indexed_content
from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.artifacts.duplicates.values import INDEX_VERSION, IndexedContent
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.work.work import Work


def describe(stored: Stored[IndexedContent]) -> Metadata:
    content = stored.value
    return {
        "pictures": "hashed" if content.frames else "none",
        "sound": "hashed" if content.audio else "none",
        "sha256": content.sha256 or "",
        **({"exact copies only": content.left_out} if content.left_out else {}),
    }


# It does read the source, but nothing is to be fetched ahead for it: most files it takes no look at, and of copies only
# one. `drive_file` has just had the others in the cache.
@file_asset(
    group="duplicates",
    kinds={"ffmpeg"},
    code_version=INDEX_VERSION,
    pool="ffmpeg",
    tuning=AssetTuning(enabled=False, batch=80, workers=2, time_limit_seconds=300, time_limit_per_media_second=1.0),
    result_settings=lambda settings: settings.duplicates.fingerprints,
    describe=describe,
)
def dedup_index(
    drive_file: Stored[SourceFile], ffmpeg: FFmpeg, settings: FingerprintSettings, work: Work
) -> Artifact[IndexedContent]:
    """A file's checksums, and fingerprints of its pictures and its sound that survive another encoding.

    Files of equal content share it, so a copy is not fetched. Nor is what is neither picture nor sound: of that only
    the checksums are kept, which `drive_file` knows.
    """
    file = drive_file.value
    has_content = file.media is not None and file.kind is not MediaKind.OTHER
    source = drive_file.local_path() if has_content else None
    content = indexed_content(ffmpeg, source, file, settings, work)
    return Artifact(content, media_seconds=drive_file.manifest.media_seconds)
