"""dedup_index: what is needed of a file to find its duplicates."""

from __future__ import annotations

from pathlib import Path

from media_assets.artifact import Artifact, Stored
from media_assets.engines.duplicates.rows import dedup_row, local_file_id
from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.work import Work
from media_assets.file_asset import Metadata, file_asset
from media_assets.library import Library
from media_assets.models import MediaKind, SourceFile
from media_assets.models_duplicates import DedupRow
from media_assets.settings_duplicates import FingerprintSettings


def describe(stored: Stored[DedupRow]) -> Metadata:
    row = stored.value
    return {
        "pictures": "hashed" if row.frames else "none",
        "sound": "hashed" if row.audio else "none",
        "sha256": row.sha256 or "",
    }


@file_asset(
    group="duplicates",
    kinds={"ffmpeg"},
    code_version="1",
    pool="ffmpeg",
    result_settings=lambda settings: settings.duplicates.fingerprints,
    describe=describe,
    reads_source=True,
    shared_by_content=False,
)
def dedup_index(
    drive_file: Stored[SourceFile], library: Library, ffmpeg: FFmpeg, settings: FingerprintSettings, work: Work
) -> Artifact[DedupRow]:
    """A file's checksums, and fingerprints of its pictures and its sound that survive another encoding.

    Of what is neither picture nor sound only the checksums are kept, which takes no look at the file.
    """
    file = drive_file.value
    has_content = file.media is not None and file.kind is not MediaKind.OTHER
    source = drive_file.local_path() if has_content else None
    row = dedup_row(ffmpeg, source, file, settings, work, file_id=_file_id(library, file, source))
    return Artifact(row, media_seconds=drive_file.manifest.media_seconds)


def _file_id(library: Library, file: SourceFile, source: Path | None) -> str | None:
    """Equal for two names of one stored file."""
    place = library.source(file.key)
    if place.has_ids:
        return place.identity(file.key).partition(":")[2]
    if source is None or place.direct_path(library.entry(file.key)) is None:
        return None
    return local_file_id(source)
