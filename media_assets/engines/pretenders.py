"""What lies under the name of a recording or a picture and is none: pages, messages and pointers that a download left.

Only names that mean media and nothing else count. `.ts` and `.mts` are TypeScript too, `.mod` and `.dts` are sources of
programs, `.svg`, `.m3u8` and `.sub` are texts by nature: a text under such a name is what it should be.
"""

from __future__ import annotations

import codecs
import json
import re
from pathlib import PurePosixPath

_ENDINGS = {
    "a video": "3g2 3gp asf avi f4v flv m2ts m2v m4v mkv mov mp4 mpeg mpg mxf ogv qt vob webm wmv",
    "a sound recording": "aac ac3 aif aiff amr caf flac m4a m4b mka mp2 mp3 oga ogg opus w64 wav weba wma",
    "a picture": (
        "apng arw avif bmp cr2 cr3 dng gif heic heif jfif jp2 jpe jpeg jpg jxl nef orf png psd raf rw2 tif tiff webp"
    ),
}
_MEANT = {f".{ending}": what for what, endings in _ENDINGS.items() for ending in endings.split()}
_DOCUMENTS = {
    "application/pdf": "a PDF document",
    "application/zip": "a ZIP archive or an office document",
    "application/gzip": "a compressed file (gzip)",
    "application/x-bzip2": "a compressed file (bzip2)",
    "application/x-xz": "a compressed file (xz)",
    "application/x-7z-compressed": "a 7z archive",
    "application/vnd.rar": "a RAR archive",
    "application/zstd": "a compressed file (zstd)",
    "application/x-executable": "a program",
    "application/vnd.microsoft.portable-executable": "a program",
    "application/vnd.sqlite3": "a database (SQLite)",
    "application/x-ole-storage": "an office document",
}
_BYTE_ORDERS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_IN_FRONT = re.compile(r"(?:\s|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
"""What may stand before the first element of a page."""
_PAGE = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|script|style|div|table|center|h1|p)\b", re.IGNORECASE
)
_ERROR_CODE = re.compile(r"<(?:\w+:)?Code>\s*([\w.-]{1,60})\s*</")
_VIRUS_SCAN = re.compile(r"virus scan warning|can.{1,8}t scan this file for viruses", re.IGNORECASE)
FETCH_AGAIN = "Open it in a text editor to see what it says; then fetch it again, logged in, or rename it"


def meant(name: str) -> str | None:
    """What a name promises (`a video`, …); None when it may be something else just as well."""
    return _MEANT.get(PurePosixPath(name).suffix.lower())


def pretender(head: bytes, name: str, mime_type: str | None) -> str | None:
    """What a file is in place of what its name promises, as a clause behind its name; None when nothing tells.

    Args:
        head: Its first bytes.
        name: Its name.
        mime_type: What its first bytes are known to be, which is no media; None when they are not.
    """
    promised = meant(name)
    if promised is None:
        return None
    text = _text(head)
    begin = text[_IN_FRONT.match(text).end() :]  # type: ignore[union-attr]
    if _PAGE.match(begin):
        if _VIRUS_SCAN.search(text):
            return f"is Google Drive's page about its virus scan, not {promised}: the download was not confirmed"
        return f"is a web page, not {promised}: the download needed a login"
    if mime_type in _DOCUMENTS:
        return f"is {_DOCUMENTS[mime_type]}, not {promised}"
    if begin.startswith("<") and (code := _ERROR_CODE.search(begin)):
        return f"is an error message ({code[1]}), not {promised}: the download was refused"
    if text.startswith("version https://git-lfs.github.com/spec/"):
        return f"is a pointer of Git LFS, not {promised}: the file itself was not fetched"
    if mime_type is None:
        return None
    if _is_json(begin):
        return f"is a message of a server (JSON), not {promised}: the download was refused"
    return f"is a text, not {promised}"


def _text(head: bytes) -> str:
    for mark, encoding in _BYTE_ORDERS:
        if head.startswith(mark):
            return head.decode(encoding, "replace").lstrip("\ufeff")
    return head.decode("latin-1")


def _is_json(text: str) -> bool:
    if not text.startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except RecursionError:
        return False
    except ValueError:
        return re.match(r'[\[{\s]*"', text) is not None  # it may go on behind what was read
    return True
