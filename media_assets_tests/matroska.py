"""Matroska files with chapters that no ffmpeg writes."""

from __future__ import annotations

import io
from pathlib import Path

from media_assets.media.ebml import CLUSTER, SEGMENT, elements, segment

SEEK_HEAD, CUES, TAGS, CHAPTERS = 0x114D9B74, 0x1C53BB6B, 0x1254C367, 0x1043A770
TRACKS, CODEC, CODEC_PRIVATE = 0x1654AE6B, 0x86, 0x63A2


def element(name: int, content: bytes | int | str) -> bytes:
    if isinstance(content, int):
        content = content.to_bytes(max(1, (content.bit_length() + 7) // 8), "big")
    if isinstance(content, str):
        content = content.encode()
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (len(content) | 1 << 56).to_bytes(8, "big") + content


def edition(*content: bytes) -> bytes:
    return element(0x45B9, b"".join(content))


def atom(uid: int, start_seconds: float, end_seconds: float, title: str, *content: bytes) -> bytes:
    times = element(0x91, int(start_seconds * 1e9)) + element(0x92, int(end_seconds * 1e9))
    return element(0xB6, element(0x73C4, uid) + times + display(title) + b"".join(content))


def display(title: str, language: str = "eng") -> bytes:
    return element(0x80, element(0x85, title) + element(0x437C, language))


HIDDEN, ORDERED, DEFAULT = element(0x98, 1), element(0x45DD, 1), element(0x45DB, 1)
OTHER_FILE = element(0x6E67, bytes(range(16)))


def with_chapters(source: Path, destination: Path, *editions: bytes) -> Path:
    """A file with such chapters in place of its own, in front of its clusters; without the index."""
    data = source.read_bytes()
    file = io.BytesIO(data)
    bounds = segment(file)
    assert bounds is not None
    head = data[: data.index(SEGMENT.to_bytes(4, "big"))]
    parts, at = [], bounds[0]
    for name, _, end in elements(file, *bounds):
        if name not in (SEEK_HEAD, CUES, TAGS, CHAPTERS):
            parts.append((name, data[at:end]))
        at = end
    front = b"".join(part for name, part in parts if name != CLUSTER)
    clusters = b"".join(part for name, part in parts if name == CLUSTER)
    destination.write_bytes(head + element(SEGMENT, front + element(CHAPTERS, b"".join(editions)) + clusters))
    return destination


def with_webvtt(source: Path, destination: Path, header: str) -> Path:
    """A file with subtitles in SubRip, which are WebVTT with such a header now, as mkvtoolnix writes it."""
    data = source.read_bytes()
    file = io.BytesIO(data)
    bounds = segment(file)
    assert bounds is not None
    content, at = b"", bounds[0]
    for name, start, end in elements(file, *bounds):
        if name == TRACKS:
            content += element(name, b"".join(_track(file, *track, header) for track in elements(file, start, end)))
        elif name not in (SEEK_HEAD, CUES):
            content += data[at:end]
        at = end
    destination.write_bytes(data[: data.index(SEGMENT.to_bytes(4, "big"))] + element(SEGMENT, content))
    return destination


def _track(file: io.BytesIO, name: int, start: int, end: int, header: str) -> bytes:
    data = file.getvalue()
    if b"S_TEXT/UTF8" not in data[start:end]:
        return element(name, data[start:end])
    inside = [element(kind, data[first:last]) for kind, first, last in elements(file, start, end) if kind != CODEC]
    return element(name, b"".join(inside) + element(CODEC, "S_TEXT/WEBVTT") + element(CODEC_PRIVATE, header))
