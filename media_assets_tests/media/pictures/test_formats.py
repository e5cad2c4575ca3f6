"""Pictures that are not opened here are pictures, not files of unknown kind, and no stage takes them for damaged."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from media_assets.artifacts.compressed_image.compress import compress_image
from media_assets.artifacts.compressed_image.settings import ImageSettings
from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.duplicates.rows import indexed_content
from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.artifacts.thumbnail.make import make_thumbnails
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.media.pictures.formats import name_of, why_unopened
from media_assets.media.probe import Probe, probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media


def raw(order: str, *rows: tuple[int, int, int, int], behind: bytes = bytes(2000)) -> bytes:
    """A TIFF structure with one directory, and the data of a sensor behind it."""
    body = struct.pack(order + "H", len(rows))
    for tag, kind, count, number in rows:
        body += struct.pack(order + "HHI", tag, kind, count)
        body += struct.pack(order + "HH", number, 0) if kind == 3 else struct.pack(order + "I", number)
    return {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8) + body + bytes(4) + behind


SIZE = ((0x100, 4, 1, 40), (0x101, 4, 1, 25))
SENSOR = (0x106, 3, 1, 32803)
UNOPENED = {
    "a.cr3": (struct.pack(">I", 24) + b"ftypcrx \0\0\0\1crx isom" + bytes(500), "image/x-canon-cr3"),
    "a.raf": (b"FUJIFILMCCD-RAW 0201FF389501X-T5".ljust(600, b"\0"), "image/x-fuji-raf"),
    "a.orf": (b"IIRO\x08\0\0\0" + bytes(500), "image/x-olympus-orf"),
    "a.rw2": (b"IIU\0\x08\0\0\0" + bytes(500), "image/x-panasonic-rw2"),
    "a.jxr": (b"II\xbc\1\x20\0\0\0" + bytes(500), "image/jxr"),
    "a.xcf": (b"gimp xcf v011\0" + bytes(500), "image/x-xcf"),
    "a.psb": (b"8BPS\0\2" + bytes(500), "image/vnd.adobe.photoshop"),
    "a.djvu": (b"AT&TFORM\0\0\1\0DJVUINFO" + bytes(500), "image/vnd.djvu"),
    "a.fits": (b"SIMPLE  =                    T".ljust(2880), "image/fits"),
    "a.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage\n", "application/postscript"),
    "a.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "image/svg+xml"),
    "b.svg": (
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- by hand -->\n<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>',
        "image/svg+xml",
    ),
    "no ending": (b"FUJIFILMCCD-RAW 0201FF389501X-T5".ljust(600, b"\0"), "image/x-fuji-raf"),
}


@pytest.mark.parametrize("name", UNOPENED)
def test_a_picture_that_nobody_here_opens_is_a_picture_by_its_content(name: str, tmp_path: Path):
    content, mime_type = UNOPENED[name]
    (tmp_path / name).write_bytes(content)
    kind = MediaKind.OTHER if mime_type == "image/svg+xml" else MediaKind.IMAGE
    assert probe(tmp_path / name, Work(tmp_path)) == Probe(kind, mime_type, None)
    assert name_of(mime_type)


@pytest.mark.parametrize("cut", [False, True])
def test_a_tga_is_known_with_and_without_its_footer(cut: bool, tmp_path: Path):
    file = io.BytesIO()
    Image.new("RGB", (20, 10)).save(file, "TGA")
    (tmp_path / "a.tga").write_bytes(file.getvalue()[: -26 if cut else None])
    assert probe(tmp_path / "a.tga", Work(tmp_path)).mime_type == "image/x-tga"


@pytest.mark.parametrize(
    ("content", "mime_type", "what"),
    [
        (raw("<", *SIZE, (0xC612, 1, 4, 1)), "image/x-adobe-dng", "a raw picture (DNG)"),
        (raw(">", *SIZE, SENSOR), "image/x-raw", "a raw picture"),
        (raw("<", *SIZE, (0x103, 3, 1, 34713)), "image/x-raw", "a raw picture"),
        (
            raw("<", *SIZE, (0x10F, 2, 18, 8 + 2 + 48 + 4), SENSOR, behind=b"NIKON CORPORATION\0" + bytes(900)),
            "image/x-nikon-nef",
            "a raw picture (Nikon NEF)",
        ),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + raw("<", *SIZE)[8:], "image/x-canon-cr2", "a raw picture (Canon CR2)"),
    ],
)
def test_a_raw_picture_that_calls_itself_a_tiff_is_left_as_it_is(
    content: bytes, mime_type: str, what: str, tmp_path: Path
):
    source = tmp_path / "a.tif"
    source.write_bytes(content)
    found = probe(source, Work(tmp_path))
    assert (found.kind, found.mime_type) == (MediaKind.IMAGE, mime_type)
    assert found.media is not None
    path, value = compress_image(source, found.media, 1.0, ImageSettings(), Work(tmp_path))
    assert (path, value.outcome) == (None, "left")
    assert value.reason.startswith("is ")
    assert why_unopened(source) == what
    with pytest.raises(NotApplicable, match="of which no thumbnail can be made here"):
        make_thumbnails(FFmpeg(), source, found.kind, found.media, ThumbnailSettings(), Work(tmp_path))


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["jxl", "exr", "dpx", "hdr", "jp2", "j2k", "qoi", "pcx", "bmp", "sgi"])
def test_formats_that_ffmpeg_alone_reads_are_left_and_shown(ending: str, tmp_path: Path):
    source = media.picture(tmp_path / f"a.{ending}").rename(tmp_path / "a.jpg")
    found = probe(source, Work(tmp_path))
    assert found.kind is MediaKind.IMAGE and found.media is not None
    value = compress_image(source, found.media, 1.0, ImageSettings(), Work(tmp_path))[1]
    assert (value.outcome, "a format that is left as it is" in value.reason) == ("left", True)
    shown = make_thumbnails(FFmpeg(), source, found.kind, found.media, ThumbnailSettings(), Work(tmp_path))[1]
    assert [(size.width, size.height) for size in shown.sizes] == [(64, 48)]


def test_an_icon_is_a_picture_and_no_video(tmp_path: Path):
    Image.new("RGB", (32, 32)).save(tmp_path / "a.ico")
    assert probe(tmp_path / "a.ico", Work(tmp_path)).kind is MediaKind.IMAGE


def test_a_jpeg_of_twelve_bits_is_left_as_it_is(tmp_path: Path):
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    content = bytearray(file.getvalue())
    content[content.index(b"\xff\xc0") + 4] = 12
    (tmp_path / "a.jpg").write_bytes(content)
    assert why_unopened(tmp_path / "a.jpg") == "a JPEG of 12 bits per channel"
    found = probe(tmp_path / "a.jpg", Work(tmp_path))
    assert found.media is not None
    assert (
        "a JPEG of 12 bits"
        in compress_image(tmp_path / "a.jpg", found.media, 1.0, ImageSettings(), Work(tmp_path))[1].reason
    )


@pytest.mark.parametrize(
    "content",
    [b"\xff\x0a" + b"garbage" * 30, b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(300), b"II*\0\x08\0\0\0\xff\xff" + bytes(99)],
)
def test_a_picture_that_is_truly_broken_stays_red(content: bytes, tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(BadMedia):
        found = probe(tmp_path / "a.jpg", Work(tmp_path))
        assert found.media is not None
        compress_image(tmp_path / "a.jpg", found.media, 1.0, ImageSettings(), Work(tmp_path))


def test_a_drawing_under_the_name_of_a_photo_is_none(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(UNOPENED["a.svg"][0])
    with pytest.raises(BadMedia, match="is a drawing"):
        probe(tmp_path / "a.jpg", Work(tmp_path))


def test_exact_copies_of_a_raw_picture_can_be_found(tmp_path: Path):
    source = tmp_path / "a.nef"
    source.write_bytes(raw(">", *SIZE, SENSOR))
    found = probe(source, Work(tmp_path))
    assert found.media is not None
    moment = datetime(2021, 1, 1, tzinfo=UTC)
    file = SourceFile(
        **dict.fromkeys(("key", "source", "path", "name", "folder", "md5", "revision", "link"), ""),
        sha256="0" * 64,
        size_bytes=1,
        modified_at=moment,
        kind=found.kind,
        mime_type=found.mime_type,
        media=found.media,
    )
    content = indexed_content(FFmpeg(), source, file, FingerprintSettings(), Work(tmp_path))
    assert (content.frames, content.sha256) == (None, "0" * 64)
