"""Files that claim more than they are: made to take memory, time or room of whoever opens them. All are made quickly.

Files that reach for others are in `hostile`. A maker gets a folder with `clip.mp4`, `clip.mkv`, `clip.avi` and
`sound.mp3` (`seeds`), where it needs one.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from media_assets_tests import sample_media as media

Maker = Callable[[Path], bytes]
_UNKNOWN = b"\x01" + b"\xff" * 7
"""A size of Matroska."""
_HUGE = 0x7FFFFFFF


def seeds(folder: Path) -> None:
    """What the makers start from."""
    for name in ("clip.mp4", "clip.mkv", "clip.avi"):
        media.video(folder / name, 0.4, size="64x48")
    media.tone(folder / "sound.mp3", 0.5, "-id3v2_version", "0")


def be(number: int, size: int = 4) -> bytes:
    return number.to_bytes(size, "big")


def le(number: int, size: int = 4) -> bytes:
    return number.to_bytes(size, "little")


# ------------------------------------------------------------------------------------------ pictures


def _directory(entries: Iterable[tuple[int, int, int, int]], following: int) -> bytes:
    """Of TIFF and EXIF: tag, type, count and value of each entry, and where the next directory is."""
    rows = [le(tag, 2) + le(kind, 2) + le(count) + le(value) for tag, kind, count, value in sorted(entries)]
    return le(len(rows), 2) + b"".join(rows) + le(following)


def _page(side: int, *more: tuple[int, int, int, int], compression: int = 1) -> list[tuple[int, int, int, int]]:
    strip = [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, side), (279, 4, 1, 8)]
    given = {tag for tag, *_ in more}
    first = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, compression), (262, 3, 1, 1)]
    return [*(entry for entry in first + strip if entry[0] not in given), *more]


def _tiff(entries: list[tuple[int, int, int, int]], following: int = 0, content: bytes = b"abcdefgh") -> bytes:
    return b"II*\0" + le(16) + content + _directory(entries, following)


def tiff_of_many_pages(_: Path) -> bytes:
    size = len(_directory(_page(1), 0))
    return (
        b"II*\0"
        + le(16)
        + b"abcdefgh"
        + b"".join(_directory(_page(1), 16 + size * (n + 1) if n < 1999 else 0) for n in range(2000))
    )


def exif(entries: list[tuple[int, int, int, int]]) -> bytes:
    """A directory that comes after itself."""
    return b"II*\0" + le(8) + _directory(entries, 8)


_LOOPS = [(274, 3, _HUGE, 6), (270, 2, _HUGE, 8), (34665, 4, 1, 8), (34853, 4, 1, 8), (37500, 7, _HUGE, 8)]


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + be(len(content) + 2, 2) + content


def _jpeg(side: int, *segments: bytes) -> bytes:
    """16 pixels a side that claim to be more."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (16, 16), 128).save(file, "JPEG")
    data = bytearray(file.getvalue())
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = be(side, 2) * 2
    return bytes(data[:2] + b"".join(segments) + data[2:])


def jpeg_of_many_scans(_: Path) -> bytes:
    """100 megapixels, gone through 8,000 times."""
    side = 10_000
    blocks = (side // 8) ** 2
    head = b"\xff\xd8" + _segment(0xDB, b"\0" + b"\x10" * 64)
    head += _segment(0xC2, b"\x08" + be(side, 2) * 2 + b"\x01\x01\x11\0")
    one_code = bytes([1] + [0] * 15)
    head += _segment(0xC4, b"\0" + one_code + b"\0") + _segment(0xC4, b"\x10" + one_code + b"\xe0")
    flat = _segment(0xDA, b"\x01\x01\0\0\0\0") + bytes(-(-blocks // 8))
    bits = ("0" + "1" * 14) * -(-blocks // 32767)
    bits += "1" * (-len(bits) % 8)
    empty = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return head + flat + (_segment(0xDA, b"\x01\x01\0\x01\x3f\x00") + empty) * 8000 + b"\xff\xd9"


def _profile(_: Path) -> bytes:
    parts = (b"ICC_PROFILE\0" + bytes([number + 1, 255]) + bytes(65_000) for number in range(255))
    return _jpeg(64, *(_segment(0xE2, part) for part in parts))


def png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 8) -> bytes:
    """A grey picture of zeros."""
    packer = zlib.compressobj()
    rows = b"".join(packer.compress(bytes(1 + width * depth // 8)) for _ in range(height)) + packer.flush()
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    every = (head, *chunks, (b"IDAT", rows), (b"IEND", b""))
    written = (be(len(data)) + kind + data + be(zlib.crc32(kind + data)) for kind, data in every)
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def _gif(side: int, frames: int) -> bytes:
    head = b"GIF89a" + le(side, 2) * 2 + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    frame = b"!\xf9\x04\x05\1\0\0\0," + bytes(4) + le(1, 2) * 2 + b"\0\x02\x02\x4c\x01\0"
    return head + frame * frames + b";"


def webp_of_many_frames(_: Path) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, "WEBP", lossless=True)
    one = file.getvalue()[12:]
    frame = b"ANMF" + le(16 + len(one)) + bytes(12) + le(10, 3) + b"\0" + one
    body = b"VP8X" + le(10) + b"\x02\0\0\0" + le(16382, 3) + le(10000, 3) + b"ANIM" + le(6) + bytes(6) + frame * 10
    return b"RIFF" + le(len(body) + 4) + b"WEBP" + body


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return be(len(data) + 8) + kind + data


def _heif(brand: bytes, item: bytes, *boxes: bytes) -> bytes:
    one = box(b"infe", be(0x02000000), be(1, 2), be(0, 2), item, b"\0")
    handler = box(b"hdlr", be(0), be(0), b"pict", bytes(13))
    items = box(b"iinf", be(0), be(1, 2), one)
    meta = box(b"meta", be(0), handler, box(b"pitm", be(0), be(1, 2)), items, *boxes)
    return box(b"ftyp", brand, be(0), b"mif1" + brand) + meta


def _grid_of_itself(brand: bytes) -> bytes:
    places = box(b"iloc", be(0x01000000), b"\x44\0", be(1, 2), be(1, 2), be(1, 2), be(0, 2), be(1, 2), be(0), be(8))
    references = box(b"iref", be(0), box(b"dimg", be(1, 2), be(65535, 2), be(1, 2) * 65535))
    size = box(b"ispe", be(0), be(65000), be(65000))
    properties = box(b"iprp", box(b"ipco", size), box(b"ipma", be(0), be(1), be(1, 2), b"\1\1"))
    data = box(b"idat", b"\0\0\xff\xff" + be(65000, 2) * 2)
    return _heif(brand, b"grid", places, references, properties, data)


def _one_place_many_times(_: Path) -> bytes:
    places = (be(0) + be(0xFFFFFF)) * 60_000
    return _heif(
        b"heic", b"hvc1", box(b"iloc", be(0x01000000), b"\x44\0", be(1, 2), be(1, 2), bytes(4), be(60_000, 2), places)
    ) + bytes(1_000_000)


def _jpeg_2000(_: Path) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG2000", tile_size=(64, 64))
    data = bytearray(file.getvalue())
    at = data.find(b"ihdr")
    data[at + 4 : at + 12] = be(13000) * 2
    at = data.find(b"\xff\x51")
    data[at + 6 : at + 14] = be(13000) * 2
    data[at + 22 : at + 30] = be(1) * 2
    return bytes(data)


def _bitmap(_: Path) -> bytes:
    head = le(40) + le(6000) * 2 + le(1, 2) + le(8, 2) + le(1) + le(100) + bytes(16)
    return b"BM" + le(10000) + bytes(4) + le(54 + 1024) + head + bytes(1024) + b"\0\x02\xff\xff" * 1000 + b"\0\1"


_PHOTOSHOP = b"8BPS\0\1" + bytes(6) + be(3, 2) + be(30000) * 2 + be(8, 2) + be(3, 2) + bytes(12) + b"\0\1" + bytes(9000)

PICTURES: dict[str, Maker] = {
    "pages.tif": tiff_of_many_pages,
    "loop.tif": lambda _: _tiff(_page(1), 16),
    "strips.tif": lambda _: _tiff(_page(60000, (273, 4, _HUGE, 16))),
    "tiles.tif": lambda _: (
        _tiff(_page(13000, (322, 3, 1, 16), (323, 3, 1, 16), (324, 4, 660_969, 200), (325, 4, 660_969, 200)))
        + bytes(3_000_000)
    ),
    "jpeg-inside.tif": lambda _: _tiff(_page(5000, (347, 7, _HUGE, 8), compression=7), content=b"\xff\xd8\xff\xd9abcd"),
    "children.tif": lambda _: _tiff(_page(16, (330, 4, 1, 16), (34665, 4, 1, 16))) + bytes(400),
    "packed.tif": lambda _: _tiff(_page(13000, compression=5), content=b"\x80" + bytes(7)),
    "frames.gif": lambda _: _gif(1, 2000),
    "large.gif": lambda _: _gif(65535, 20),
    "frames.webp": webp_of_many_frames,
    "long.png": lambda _: png(1, 300_000),
    "wide.png": lambda _: png(3_000_000, 1),
    "exif.png": lambda _: png(20, 20, (b"eXIf", exif(_LOOPS))),
    "texts.png": lambda _: png(20, 20, *((b"tEXt", b"a%d\0b" % number) for number in range(3000))),
    "65500.jpg": lambda _: _jpeg(65500),
    "scans.jpg": jpeg_of_many_scans,
    "profile.jpg": _profile,
    "exif.jpg": lambda _: _jpeg(64, _segment(0xE1, b"Exif\0\0" + exif(_LOOPS))),
    "several.jpg": lambda _: _jpeg(
        64, _segment(0xE2, b"MPF\0" + exif([(45057, 4, 1, _HUGE), (45058, 7, _HUGE, 50)]) + bytes(64))
    ),
    "grid.heic": lambda _: _grid_of_itself(b"heic"),
    "grid.avif": lambda _: _grid_of_itself(b"avif"),
    "places.heic": _one_place_many_times,
    "tiles.jp2": _jpeg_2000,
    "runs.bmp": _bitmap,
    "layers.psd": lambda _: _PHOTOSHOP,
    "textures.dds": lambda _: (
        b"DDS " + le(124) + le(0x1007) + le(60000) * 2 + bytes(56) + le(32) + le(4) + b"DXT1" + bytes(999)
    ),
    "icons.ico": lambda _: b"\0\0\1\0" + le(2000, 2) + (b"\0\0\0\0\1\0\x20\0" + le(_HUGE) + le(22)) * 2000,
    "digits.ppm": lambda _: b"P3 5000 5000 255\n" + b"1" * 3_000_000,
    "program.eps": lambda _: (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\nshowpage\n%%EOF\n"
    ),
    "program.jpg": lambda _: (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\nshowpage\n%%EOF\n"
    ),
    "packed.svgz": lambda _: gzip.compress(b"<svg>" + b" " * 30_000_000),
}


# ------------------------------------------------------------------------------------------ sound and video


def wav(rate: int, channels: int, data: bytes) -> bytes:
    head = le(16) + le(1, 2) + le(channels, 2) + le(rate) + le(min(rate * channels, 0xFFFFFFFF)) + le(channels, 2)
    return b"RIFF" + le(36 + len(data)) + b"WAVEfmt " + head + le(8, 2) + b"data" + le(len(data)) + data


def element(name: bytes, content: bytes) -> bytes:
    """Of Matroska."""
    return name + (len(content) | 1 << 56).to_bytes(8, "big") + content


_EBML = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska")) + b"\x18\x53\x80\x67" + _UNKNOWN


def _nested(name: bytes, depth: int) -> bytes:
    size = len(name) + 8
    return b"".join(name + ((depth - n - 1) * size | 1 << 56).to_bytes(8, "big") for n in range(depth))


def _tracks(_: Path) -> bytes:
    audio = element(b"\xe1", element(b"\xb5", struct.pack(">d", 8000)) + element(b"\x62\x64", b"\x10"))
    one = [
        element(
            b"\xae", element(b"\xd7", be(n + 1)) + element(b"\x83", b"\2") + element(b"\x86", b"A_PCM/INT/LIT") + audio
        )
        for n in range(3000)
    ]
    frames = [element(b"\xa3", b"\x81" + be(n, 2) + b"\x80" + bytes(100)) for n in range(100)]
    cluster = element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\0") + b"".join(frames))
    return _EBML + element(b"\x16\x54\xae\x6b", b"".join(one)) + cluster


def _behind(name: str, content: bytes) -> Maker:
    return lambda folder: (folder / name).read_bytes() + content


def _in_moov(content: Callable[[bytes], bytes]) -> Maker:
    """Boxes at the end of the index, which is the last box of `clip.mp4`."""

    def make(folder: Path) -> bytes:
        data = bytearray((folder / "clip.mp4").read_bytes())
        at = data.rfind(b"moov") - 4
        more = content(bytes(data))
        data[at : at + 4] = be(len(data) - at + len(more))
        return bytes(data) + more

    return make


def _first_track(data: bytes) -> bytes:
    at = data.find(b"trak") - 4
    return data[at : at + int.from_bytes(data[at : at + 4], "big")]


def _patched(name: str, *patches: tuple[bytes, int, bytes]) -> Maker:
    """A clip with other bytes at an offset from the first place where a word stands."""

    def make(folder: Path) -> bytes:
        data = bytearray((folder / name).read_bytes())
        for word, offset, new in patches:
            at = data.find(word) + offset
            data[at : at + len(new)] = new
        return bytes(data)

    return make


def _id3(frames: bytes) -> Maker:
    size = bytes((len(frames) >> shift) & 127 for shift in (21, 14, 7, 0))
    return lambda folder: b"ID3\3\0\0" + size + frames + (folder / "sound.mp3").read_bytes()


def id3_frame(name: bytes, content: bytes) -> bytes:
    return name + be(len(content)) + b"\0\0" + content


def _stream_of_avi() -> bytes:
    header = b"vidsMJPG" + bytes(12) + le(1) + le(25) + le(0) + le(100) + bytes(16)
    picture = le(40) + le(64) * 2 + le(1, 2) + le(24, 2) + b"MJPG" + bytes(20)
    parts = b"strl" + b"strh" + le(len(header)) + header + b"strf" + le(len(picture)) + picture
    return b"LIST" + le(len(parts)) + parts


def _index_of_avi(folder: Path) -> bytes:
    data = (folder / "clip.avi").read_bytes()
    at = data.find(b"idx1")
    rows = data[at + 8 : at + 24] * 20_000
    return data[:at] + b"idx1" + le(len(rows)) + rows


_COVER = id3_frame(b"APIC", b"\0image/png\0\3\0" + png(5000, 5000, depth=1))
_MANY_COVERS = id3_frame(b"APIC", b"\0image/png\0\3\0" + png(4, 4)) * 3000

RECORDINGS: dict[str, Maker] = {
    "one-hertz.wav": lambda _: wav(1, 1, bytes(2000)),
    "gigahertz.wav": lambda _: wav(_HUGE, 1, bytes(1_000_000)),
    "channels.wav": lambda _: wav(8000, 65535, bytes(65535 * 10)),
    "endless.au": lambda _: b".snd" + be(24) + be(0xFFFFFFFF) + be(2) + be(1) + be(1) + bytes(2000),
    "void.mkv": lambda _: _EBML + b"\xec\x80" * 1_000_000,
    "clusters.mkv": lambda _: _EBML + (b"\x1f\x43\xb6\x75" + _UNKNOWN) * 300_000,
    "tracks.mkv": _tracks,
    "tags.mkv": _behind("clip.mkv", element(b"\x12\x54\xc3\x67", element(b"\x73\x73", _nested(b"\x67\xc8", 20_000)))),
    "boxes.mp4": _in_moov(lambda _: b"".join(be(8 * (100_000 - n)) + b"trak" for n in range(100_000))),
    "user-data.mp4": _in_moov(lambda _: b"".join(be(8 * (3000 - n)) + (b"udta", b"meta")[n % 2] for n in range(3000))),
    "tracks.mp4": _in_moov(lambda data: _first_track(data) * 3000),
    "edits.mp4": _patched("clip.mp4", (b"elst", 12, be(_HUGE)), (b"mvhd", 20, be(_HUGE))),
    "samples.mp4": _patched("clip.mp4", (b"stsz", 8, be(1) + be(0xFFFFFFFF)), (b"stts", 12, be(0xFFFFFFFF))),
    "fragments.mp4": _behind("clip.mp4", box(b"moof", box(b"mfhd", be(0), be(1))) * 5000),
    "index.avi": _index_of_avi,
    "streams.avi": lambda _: b"RIFF" + le(_HUGE) + b"AVI LIST" + le(_HUGE) + b"hdrl" + _stream_of_avi() * 3000,
    "cover.mp3": _id3(_COVER),
    "covers.mp3": _id3(_MANY_COVERS),
    "tags.mp3": _id3(b"".join(id3_frame(b"TXXX", b"\0k%d\0v" % number) for number in range(3000))),
    "in-tags.mp3": lambda folder: (
        b"ID3\3\0\0" + bytes(4) + (b"ID3\3\0\0" + bytes(4)) * 3000 + (folder / "sound.mp3").read_bytes()
    ),
}
