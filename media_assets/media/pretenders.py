"""What lies under the name of a recording or a picture and is none: pages, messages and pointers that a download left.

Only names that mean media and nothing else count. `.ts` and `.mts` are TypeScript too, `.mod` and `.dts` are sources of
programs, `.svg`, `.m3u8` and `.sub` are texts by nature: a text under such a name is what it should be.
"""

from __future__ import annotations

import codecs
import json
import re
from pathlib import PurePosixPath
from typing import NamedTuple

from media_assets.media.signatures import HEAD_BYTES

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
_BESIDE_MEDIA = {
    "text/vtt": "a file of subtitles (WebVTT)",
    "text/x-ssa": "a file of subtitles (SubStation Alpha)",
    "text/plain": "a text of chapters and tags (FFmpeg's metadata)",
}
"""Texts that go with media and name no other file."""
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
    r"<(?:!doctype\s+html\b|(?:html|head|body|title|meta|script|style|div|table|center|h1|p)(?=[\s/>]|$))",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"login(?!fo)|password|passwort|kennwort|\blog[ _-]in\b|sign[ _-]?in\b|anmeld|einlogg"
    r"|unauthori[sz]ed|auth(?:entication|orization) required",
    re.IGNORECASE,
)
_ROOT = re.compile(r"<(?:!doctype\s+)?(?:[\w.-]+:)?([a-z_][\w.-]{0,60})(?=[\s/>\[])", re.IGNORECASE)
"""The name of the first element of an XML document, without its prefix; a DOCTYPE tells it as well."""
_LISTS = {"asx", "compositionplaylist", "mpd", "playlist", "smil", "smoothstreamingmedia", "winampxml", "wpl"}
"""Names of first elements of XML documents that name what is to be played, in small letters."""
_FLASH_MANIFEST = "http://ns.adobe.com/f4m/"
_ERRORS = ("error", "errors", "response", "fault")
"""How names of first elements of XML messages end that may tell of an error."""
_ERROR_CODE = re.compile(r"<(?:\w+:)?Code(?:\s[^<>]*)?>\s*([\w.-]{1,60})\s*</", re.IGNORECASE)
_VIRUS_SCAN = re.compile(r"virus scan warning|can.{1,8}t scan this file for viruses", re.IGNORECASE)
_NO_ERROR = ("ok", "success", "succeeded", "completed", "complete", "done", "finished", "200")
"""What a message says in `status` or `code` when nothing is wrong."""
_FETCH_AGAIN = "Open it in a text editor to see what it says; then fetch it again, logged in, or rename it"


class Pretender(NamedTuple):
    """What a file is in place of what its name promises."""

    reason: str
    """A clause behind its name."""
    next_step: str


def meant(name: str) -> str | None:
    """What a name promises (`a video`, …); None when it may be something else just as well."""
    return _MEANT.get(PurePosixPath(name).suffix.lower())


def pretender(head: bytes, name: str, mime_type: str | None, list_type: str | None) -> Pretender | None:
    """What a file is in place of what its name promises; None when nothing tells.

    Args:
        head: Its first bytes.
        mime_type: What its first bytes are known to be, which is no media; None when they are not.
        list_type: What it is if it begins like a text that names other files or streams, or goes with them, or like any
            XML, as such may be; else None.
    """
    promised = meant(name)
    if promised is None:
        return None
    text = _text(head)
    begin = text[_IN_FRONT.match(text).end() :]  # type: ignore[union-attr]
    if _PAGE.match(begin):
        return Pretender(_page(text, promised), _FETCH_AGAIN)
    if mime_type in _DOCUMENTS:
        what = _DOCUMENTS[mime_type]
        return Pretender(f"is {what}, not {promised}", _next_step_of_document(what, promised))
    if text.startswith("version https://git-lfs.github.com/spec/"):
        reason = f"is a pointer of Git LFS, not {promised}: the file itself was not fetched"
        return Pretender(reason, "Fetch the file itself, with `git lfs pull`")
    if (markup := _markup(begin, text, promised)) is not None:
        return markup
    if list_type in _BESIDE_MEDIA:
        text_of = _BESIDE_MEDIA[list_type]
        return Pretender(f"is {text_of}, not {promised}", _next_step_of_document(text_of, promised))
    if list_type is not None:
        return _list()
    if mime_type is None:
        return None
    return Pretender(f"is {_text_or_json(begin, len(head) >= HEAD_BYTES, promised)}", _FETCH_AGAIN)


def _page(text: str, promised: str) -> str:
    if _VIRUS_SCAN.search(text):
        return f"is Google Drive's page about its virus scan, not {promised}: the download was not confirmed"
    if _LOGIN.search(text):
        return f"is a web page, not {promised}: the download needed a login"
    return f"is a web page, not {promised} (probably, instead of {_wanted(promised)}, the server sent a page)"


def _next_step_of_document(what: str, promised: str) -> str:
    if "archive" in what or "compressed" in what:
        return f"Unpack it, or rename it to what it is, or fetch {_wanted(promised)}"
    return f"Rename it to what it is, or fetch {_wanted(promised)}"


def _wanted(promised: str) -> str:
    return "the picture" if promised == "a picture" else "the recording"


def _markup(begin: str, text: str, promised: str) -> Pretender | None:
    """What an XML document is, as far as the name of its first element tells; None when it surely is none."""
    root = _ROOT.match(begin)
    says_so = begin != text.lstrip() or begin.startswith(("<!", "<?"))
    if root is None:
        return Pretender(f"is a text (XML or HTML), not {promised}", _FETCH_AGAIN) if says_so else None
    name = root[1].lower()
    if name in _LISTS or _FLASH_MANIFEST in text:
        return _list()
    if name == "svg":
        reason = f"is a drawing (SVG), not {promised}"
        return Pretender(reason, "Rename it to .svg, or export the drawing as a picture (PNG)")
    if name.endswith(_ERRORS) and (code := _ERROR_CODE.search(begin)):
        reason = f"is an error message ({code[1]}), not {promised}: the download was refused"
        return Pretender(reason, _FETCH_AGAIN)
    if says_so or "xmlns" in begin or f"</{root[1]}>" in begin:
        return Pretender(f"is an XML document ({root[1]}), not {promised}", _FETCH_AGAIN)
    return None


def _list() -> Pretender:
    return Pretender(
        "is a playlist or a description of streams, not a recording: it only names what lies elsewhere",
        "Upload the recording itself; what a file names is never opened",
    )


def _text(head: bytes) -> str:
    for mark, encoding in _BYTE_ORDERS:
        if head.startswith(mark):
            return head.decode(encoding, "replace").lstrip("\ufeff")
    return head.decode("latin-1")


def _text_or_json(text: str, is_cut: bool, promised: str) -> str:
    refused = f"a message of a server (JSON), not {promised}: the download was refused"
    document, plain = f"a JSON document, not {promised}", f"a text, not {promised}"
    if not text.startswith(("{", "[")):
        return plain
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except RecursionError:
        return plain
    except ValueError:
        if not is_cut or not re.match(r'[\[{\s]*"', text):
            return plain
        return refused if re.match(r'\{\s*"errors?"', text, re.IGNORECASE) else document
    if text[end:].strip() and not text[end:].lstrip(" \t").startswith(("\n", "\r\n")):
        return plain
    return refused if _tells_of_an_error(value) else document


def _tells_of_an_error(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    told = {key.lower(): said for key, said in value.items()}
    if any(told.get(key) for key in ("error", "errors")):
        return True
    said = [told[key] for key in ("code", "status", "message") if key in told]
    return bool(said) and not any(str(one).lower() in _NO_ERROR for one in said)
