"""What the index holds of one file: what the library knows of its content, and the fingerprints made of it here."""

from __future__ import annotations

from pathlib import Path

from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.duplicates.belongings import belongings_of
from media_assets.artifacts.duplicates.find.choose import reencoder
from media_assets.artifacts.duplicates.find.pictures import Fingerprints, fingerprint
from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.artifacts.duplicates.values import IndexedContent
from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo
from media_assets.media.joined import reads_on
from media_assets.media.pictures.formats import is_raw
from media_assets.work.work import Work


def indexed_content(
    ffmpeg: FFmpeg, source: Path | None, file: SourceFile, settings: FingerprintSettings, work: Work
) -> IndexedContent:
    """What is in a file.

    Args:
        source: Its content; None leaves what is known without reading it, enough for exact duplicates.
        file: What `drive_file` found; the checksums are taken from it.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled, SourceChanged, Transient, Fatal: see `FFmpeg.run`.
    """
    prints, left_out = Fingerprints(), None
    if source is not None and file.media is not None:
        left_out = _cut_short(source, file.media)
    if source is not None and file.media is not None and left_out is None:
        try:
            prints = fingerprint(ffmpeg, source, file.kind, file.media, settings, work)
        except BadMedia:
            if not is_raw(file.mime_type):
                raise
            # Nothing is wrong with it: exact copies are found all the same.
    holds = belongings_of(source, file.kind, file.mime_type, file.media, work) if file.media else None
    pictures = file.media.video_streams if file.media else ()
    width, height = (pictures[0].display_size if pictures else None) or (None, None)
    return IndexedContent(
        size_bytes=file.size_bytes,
        md5=file.md5 or None,
        sha256=file.sha256 or None,
        recorded_at=file.recorded_at,
        kind=file.kind,
        duration_seconds=file.media.duration_seconds if file.media else None,
        width=width,
        height=height,
        bit_rate=file.media.bit_rate if file.media else None,
        reencoded_by=reencoder(file.media) if file.media else None,
        container=file.media.container if file.media else None,
        has_sound=bool(file.media.audio_streams) if file.media else None,
        has_camera_tags=holds is not None and (holds.place or holds.camera),
        frames=prints.frames,
        audio=prints.audio,
        heard=prints.heard.share if prints.heard else None,
        lacks_channel=prints.heard is not None and prints.heard.lacks_channel,
        holds=holds,
        left_out=left_out,
    )


def _cut_short(source: Path, media: MediaInfo) -> str | None:
    """Why only the head of it could be compared, which another file may share; None when all can be."""
    try:
        reads_on(source, media.container)
    except BadMedia as error:
        return error.reason
    return None


def local_file_id(path: Path) -> str:
    """Device and inode: equal for hard links, and for one file that two sources reach."""
    state = path.stat()
    return f"{state.st_dev:x}:{state.st_ino:x}"
