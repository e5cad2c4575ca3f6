"""Boxes that are put into an mp4 by hand, as cameras write them, and captions put into a picture."""

from __future__ import annotations

import struct
from pathlib import Path

from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import FAT, scene

ENTRY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1")
"""Where the description of an H.264 picture lies."""
_FIELDS = {b"stsd": 8, b"avc1": 78}


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def inside(data: bytes, path: tuple[bytes, ...], new: bytes) -> bytes:
    """The file with something at the end of a box; its index has to stand behind its samples, as ffmpeg writes it."""
    grown, start, end, chain = bytearray(data), 0, len(data), list[int]()
    for kind in path:
        while data[start + 4 : start + 8] != kind:
            start += int.from_bytes(data[start : start + 4], "big")
            assert start < end, kind
        chain.append(start)
        end = start + int.from_bytes(data[start : start + 4], "big")
        start += 8 + _FIELDS.get(kind, 0)
    grown[end:end] = new
    for at in chain:
        struct.pack_into(">I", grown, at, int.from_bytes(data[at : at + 4], "big") + len(new))
    return bytes(grown)


def plain(path: Path, *arguments: str | Path, size: str = "160x96", seconds: float = 1.0) -> bytes:
    """An ordinary clip, whose index stands behind its samples."""
    media.ffmpeg(*scene("motion", size, seconds), *FAT, *arguments, path)
    return path.read_bytes()


def captioned(path: Path, made: Path) -> Path:
    """A raw H.264 stream with captions (ATSC A/53) in front of each picture but the first twenty, in a container."""
    payload = bytes.fromhex("b50031") + b"GA94\x03" + bytes([0xC0 | 2, 0xFF])
    payload += bytes.fromhex("fc94 20 fc c8c9".replace(" ", "")) + b"\xff"
    sei = b"\0\0\0\1\6\4" + bytes([len(payload)]) + payload + b"\x80"
    raw = made.with_suffix(".h264")
    media.ffmpeg("-i", path, "-c:v", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", raw)
    pieces = raw.read_bytes().split(b"\0\0\0\1")
    slices = 0
    written = bytearray(pieces[0])
    for piece in pieces[1:]:
        if piece and piece[0] & 31 in (1, 5):
            slices += 1
            if slices > 20:
                written += sei
        written += b"\0\0\0\1" + piece
    raw.write_bytes(bytes(written))
    media.ffmpeg("-framerate", "25", "-i", raw, "-c", "copy", made)
    return made
