"""The value of `drive_file`: what a file of the library is."""

from __future__ import annotations

from datetime import datetime

from media_assets.base.model import Model
from media_assets.media.info import MediaInfo, MediaKind


class SourceFile(Model):
    """A file of the library: the value of `drive_file`."""

    key: str
    """The partition key."""
    source: str
    """Name of the configured source."""
    path: str
    """Path in the source, `/`-separated, in the percent-encoded form of the partition key."""
    name: str
    """The file's name for people to read; bytes that are no UTF-8 show as U+FFFD."""
    folder: str
    size_bytes: int
    sha256: str
    md5: str
    """Kept because Drive and S3 know it without a download."""
    modified_at: datetime
    recorded_at: datetime | None = None
    """When it was recorded or taken, as it says itself; None when it does not."""
    revision: str
    """What tells one version of the file from the next without reading it; for a folder size and mtime."""
    kind: MediaKind
    mime_type: str
    media: MediaInfo | None = None
    """None for what is no audio, video or image."""
    link: str
    """An address that opens the file."""
