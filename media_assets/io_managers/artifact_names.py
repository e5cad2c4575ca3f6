"""What files of artifacts are called on Drive and in buckets: for people to recognise, identity is elsewhere.

Beside its source a file is named after that, as in a folder; in the store's folder it bears a piece of a hash as well,
because recordings of one name end up there side by side.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from media_assets.partitions import display_name, readable

# Files that players look for under the bare name of the recording.
_BARE_SUFFIXES = frozenset({".m4a", ".srt", ".vtt"})
# Drive takes longer ones; the file systems that Drive for desktop shows them on do not.
_MAX_NAME_BYTES = 255

# The system's own table differs from machine to machine.
_MIME_TYPES = {
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mp4": "video/mp4",
    ".srt": "application/x-subrip",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
}


def names_beside(source_name: str, name: str, owner: str) -> Iterator[str]:
    """The names to try for a file beside its source; the last one is nobody else's.

    Args:
        name: What the asset calls the file.
        owner: Whose file it is; tells two of one name apart.
    """
    source_name = readable(source_name.replace("%", "%25"))
    stem = PurePosixPath(source_name).stem
    suffix = _suffix(name)
    for start in (stem, source_name):
        if len((start + suffix).encode()) <= _MAX_NAME_BYTES:
            yield start + suffix
    yield _marked(stem, suffix, owner)


def name_in_folder(key: str, name: str) -> str:
    """The name of a file in the store's folder; the files of one recording bear the same mark."""
    return _marked(PurePosixPath(display_name(key)).stem, _suffix(name), key, digits=8)


def manifest_name(key: str, artifact: str) -> str:
    """The name of a manifest."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", display_name(key)).strip("-")[:60]
    return f"{slug}-{artifact[:16]}.json".lstrip("-")


def mime_type(name: str) -> str:
    """The type of a file by its name."""
    known = _MIME_TYPES.get(PurePosixPath(name).suffix.lower())
    return known or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return suffix if suffix in _BARE_SUFFIXES else f".{name}"


def _marked(stem: str, suffix: str, owner: str, digits: int = 16) -> str:
    suffix = f"~{hashlib.sha256(owner.encode('utf-8', 'surrogateescape')).hexdigest()[:digits]}{suffix}"
    return stem.encode()[: _MAX_NAME_BYTES - len(suffix.encode())].decode("utf-8", "ignore") + suffix
