"""What artifacts and their files are called in stores of every kind: for people to recognise, identity is elsewhere.

Beside its source a file is named after that, see `places.stems`; in a store's folder on Drive it bears a piece of a
hash as well, because recordings of one name end up there side by side.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
from pathlib import PurePosixPath

from media_assets.base.keys import display_name, readable

# Files that players look for under the bare name of the recording.
_BARE_SUFFIXES = frozenset({".m4a", ".srt", ".vtt"})
SUBTITLE_SUFFIXES = frozenset({".srt", ".vtt"})
"""What players look for under the name of the recording with the language behind it."""
_LANGUAGE = re.compile(r"(?!und\b)[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
# Drive takes longer ones; the file systems that Drive for desktop shows them on do not.
MAX_NAME_BYTES = 255

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


def readable_name(name: str) -> str:
    """The name of a source file for places that take text alone."""
    return readable(name.replace("%", "%25"))


def folder_name(key: str) -> str:
    """The name of an artifact's own folder."""
    return _slug(key, hash_of(key))


def name_in_folder(key: str, name: str) -> str:
    """The name of a file in the store's folder; the files of one recording bear the same mark."""
    return marked(PurePosixPath(display_name(key)).stem, suffix_of(name), key, digits=8)


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


def suffix_of(name: str, language: str = "") -> str:
    """What follows the stem in the name of a file that its asset calls `name`.

    Args:
        language: That of its text: `Movie.en.srt` is what VLC, mpv, Plex, Jellyfin and others look for. A name such as
            `transcript.de.srt` says it itself.
    """
    suffix = PurePosixPath(name).suffix
    return with_language(suffix, language_of(name) or language) if suffix in _BARE_SUFFIXES else f".{name}"


def language_of(name: str) -> str:
    """The language that the name of subtitles says; empty where it says none."""
    stem, _, suffix = name.rpartition(".")
    said = stem.rpartition(".")[2] if "." in stem else ""
    return said if f".{suffix}" in SUBTITLE_SUFFIXES and _LANGUAGE.fullmatch(said) else ""


def with_language(name: str, language: str) -> str:
    """The name of subtitles, or their suffix alone, with their language before the suffix; other names as they are.

    Args:
        language: A tag of BCP 47; what is none, or not determined (`und`), is left out.
    """
    stem, dot, suffix = name.rpartition(".")
    if not dot or dot + suffix not in SUBTITLE_SUFFIXES or not _LANGUAGE.fullmatch(language):
        return name
    if stem.endswith(f".{language}"):
        return name
    return f"{stem}.{language}.{suffix}"


def marked(stem: str, suffix: str, owner: str, *, digits: int = 16, room_bytes: int = 0) -> str:
    """A name that only this owner has; the stem is cut where it is too long.

    Args:
        room_bytes: How much shorter than a name can be it has to be.
    """
    end = f"~{hash_of(owner)[:digits]}{suffix}"
    room = MAX_NAME_BYTES - room_bytes - len(os.fsencode(end))
    return os.fsencode(stem)[:room].decode("utf-8", "ignore") + end


def _slug(key: str, identity: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", display_name(key)).strip("-")[:60]
    return f"{slug}-{identity[:16]}".lstrip("-")
