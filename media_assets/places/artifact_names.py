"""What artifacts and their files are called in stores of every kind: for people to recognise, identity is elsewhere.

Beside its source a file is named after that; in a store's folder on Drive it bears a piece of a hash as well, because
recordings of one name end up there side by side.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from media_assets.base.keys import display_name, readable

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
        source_name: As its place writes it, with surrogates for stray bytes.
        name: What the asset calls the file.
        owner: Whose file it is; tells two of one name apart.
    """
    stem = PurePosixPath(source_name).stem
    suffix = _suffix(name)
    for start in (stem, source_name):
        if len(os.fsencode(start + suffix)) <= _MAX_NAME_BYTES:
            yield start + suffix
    yield _marked(stem, suffix, owner)


def readable_name(name: str) -> str:
    """The name of a source file for places that take text alone."""
    return readable(name.replace("%", "%25"))


def folder_name(key: str) -> str:
    """The name of an artifact's own folder."""
    return _slug(key, hash_of(key))


def name_in_folder(key: str, name: str) -> str:
    """The name of a file in the store's folder; the files of one recording bear the same mark."""
    return _marked(PurePosixPath(display_name(key)).stem, _suffix(name), key, digits=8)


def manifest_name(key: str, artifact: str) -> str:
    """The name of a manifest."""
    return f"{_slug(key, artifact)}.json"


def hash_of(text: str) -> str:
    """SHA-256 of a key or a path, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def mime_type(name: str) -> str:
    """The type of a file by its name."""
    known = _MIME_TYPES.get(PurePosixPath(name).suffix.lower())
    return known or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _slug(key: str, identity: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", display_name(key)).strip("-")[:60]
    return f"{slug}-{identity[:16]}".lstrip("-")


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return suffix if suffix in _BARE_SUFFIXES else f".{name}"


def _marked(stem: str, suffix: str, owner: str, digits: int = 16) -> str:
    suffix = f"~{hash_of(owner)[:digits]}{suffix}"
    return os.fsencode(stem)[: _MAX_NAME_BYTES - len(os.fsencode(suffix))].decode("utf-8", "ignore") + suffix
