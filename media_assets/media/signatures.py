"""What a file is by its first bytes: enough to know what is *not* media without asking a demuxer, and MIME types."""

from __future__ import annotations

import codecs
import mimetypes
import re

from media_assets.media.info import MediaKind
from media_assets.media.isobmff import is_iso

HEAD_BYTES = 8192

_NO_MEDIA = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"(\xb5/\xfd", "application/zstd"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
_PLAYLISTS = (
    (b"#extm3u", "application/vnd.apple.mpegurl"),
    (b"<mpd", "application/dash+xml"),
    (b"<smoothstreamingmedia", "application/vnd.ms-sstr+xml"),
    (b"<?xml", "application/xml"),
    (b"<!--", "application/xml"),
    (b"<asx", "video/x-ms-asf"),
    (b"<smil", "application/smil+xml"),
    (b"ffconcat", "text/x-ffconcat"),
    (b"v=0", "application/sdp"),
    (b"[playlist]", "audio/x-scpls"),
    (b"[reference]", "video/x-ms-asf"),
    (b"rtsp://", "application/x-rtsp"),
    (b"rtsptext", "application/x-rtsp"),
    (b";ffmetadata", "text/plain"),
    (b"[script info]", "text/x-ssa"),
    (b"webvtt", "text/vtt"),
)
"""How texts begin that name other files or streams, or that go with them, in small letters. What follows may be made
to look like media, to a reader that does not know the name."""
_BEFORE_TEXT = b"\xef\xbb\xbf \t\r\n"
_MEDIA = (
    b"\x1a\x45\xdf\xa3",  # EBML: Matroska, WebM
    b"RIFF",
    b"OggS",
    b"ID3",
    b"fLaC",
    b"FLV\x01",
    b"FORM",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF: wma, wmv
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG",
    b"GIF8",
    b"II*\x00",  # TIFF
    b"MM\x00*",
)
_PRINTED = bytes([*range(32, 127), *range(128, 256), *b"\t\n\r\f\x1b"])
UNKNOWN_TYPE = "application/octet-stream"
"""The MIME type of what nothing recognised."""

_MEDIA_NAMES = (".flac", ".m4a", ".m4v", ".mka", ".mkv", ".mts", ".m2ts", ".ogg", ".opus", ".webm", ".wma", ".wmv")
"""Endings of media that `mimetypes` does not know everywhere."""

_VIDEO = {
    "mov": "video/mp4",
    "matroska": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-wmv",
    "ogg": "video/ogg",
    "gif": "image/gif",
    "apng": "image/apng",
}
_AUDIO = {
    "mov": "audio/mp4",
    "matroska": "audio/x-matroska",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "aiff": "audio/aiff",
    "asf": "audio/x-ms-wma",
    "amr": "audio/amr",
    "mpegts": "video/mp2t",
}
_IMAGE = {"jpegxl": "image/jxl", "j2k": "image/jp2", "ico": "image/vnd.microsoft.icon"}


def no_media_type(head: bytes) -> str | None:
    """The MIME type of a file that surely is no media; None when a demuxer has to decide."""
    for signature, mime_type in _NO_MEDIA:
        if head.startswith(signature):
            return mime_type
    return "text/plain" if _is_text(head) else None


def playlist_type(head: bytes) -> str | None:
    """The MIME type of a text that names other files or streams, whatever comes behind its first words; else None."""
    begin = head.lstrip(_BEFORE_TEXT)[:32].lower()
    return next((mime_type for signature, mime_type in _PLAYLISTS if begin.startswith(signature)), None)


def promises_media(head: bytes, name: str) -> bool:
    """Whether the first bytes or the name say media, so that unreadable content is a fault and not just no media."""
    guess = mimetypes.guess_type(name, strict=False)[0] or ""
    return (
        begins_like_media(head)
        or guess.startswith(("audio/", "video/", "image/"))
        or name.lower().endswith(_MEDIA_NAMES)
    )


def begins_like_media(head: bytes) -> bool:
    """Whether the first bytes are those of a format of media."""
    return is_iso(head) or head.startswith(_MEDIA)


def is_matroska_dolby_vision(head: bytes) -> bool:
    """Whether a Matroska header maps Dolby Vision data: BlockAddIDType (41E7, 4 bytes) is `dvcC`, `dvvC` or `dvwC`."""
    return re.search(rb"\x41\xe7\x84dv[cvw]C", head) is not None


def media_type(kind: MediaKind, container: str, head: bytes) -> str:
    """The MIME type of media by FFmpeg's name of its demuxer, which may name a whole family."""
    family = container.split(",")[0].removesuffix("_pipe")
    if kind is MediaKind.IMAGE:
        return _IMAGE.get(family, f"image/{family}")
    if family == "matroska" and b"webm" in head[:64]:
        return f"{kind}/webm"
    if family == "mov" and head[8:12] == b"qt  ":
        return "video/quicktime"
    known = _VIDEO if kind is MediaKind.VIDEO else _AUDIO
    return known.get(family, f"{kind}/x-{family}")


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; the last character may be cut in two."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(character >= " " or character in "\t\n\r\f\x1b" for character in text)


def is_text_of_any_encoding(head: bytes) -> bool:
    """Whether it may be a text in UTF-16 or in an encoding of one byte per character."""
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not head.translate(None, _PRINTED)
