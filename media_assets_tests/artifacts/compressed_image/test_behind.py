"""What lies behind a picture is not lost: the file is left as it is, or the loss is named."""

from __future__ import annotations

import io
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pillow_heif
import pytest
from PIL import Image

from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_image.photos import compress, photo, settings

VIDEO = "holds a video behind the picture, which a result would lose"


@cache
def film(ending: str = "mp4") -> bytes:
    with TemporaryDirectory() as folder:
        return media.silent_video(Path(folder) / f"clip.{ending}").read_bytes()


def picture(image_format: str = "JPEG", width: int = 320, **options: object) -> bytes:
    file = io.BytesIO()
    if image_format == "HEIF":
        pillow_heif.from_pillow(photo(width)).save(file, quality=95, **options)
    else:
        photo(width).save(file, image_format, **{"quality": 95, **options})
    return file.getvalue()


def samsung(name: bytes, content: bytes) -> bytes:
    """A trailer as Samsung's cameras write it: the content by name, and a directory that is read from the end."""
    data = struct.pack("<HHI", 0, 0x0A30, len(name)) + name + content
    directory = b"SEFH" + struct.pack("<IIHHII", 107, 1, 0, 0x0A30, len(data), len(data))
    return data + directory + struct.pack("<I", len(directory)) + b"SEFT"


def packet(inside: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {inside}</rdf:RDF></x:xmpmeta>'
    ).encode()


CAMERA = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'


def reason(tmp_path: Path, content: bytes, ending: str = "jpg") -> str:
    (tmp_path / f"a.{ending}").write_bytes(content)
    path, value = compress(tmp_path / f"a.{ending}", settings(efficient_bits_per_pixel={}, rules=rules_that_fit_none()))
    assert path is None
    return value.reason


def rules_that_fit_none() -> list[dict[str, object]]:
    """What is behind a picture is looked at first, so that these tests need no trials."""
    return [{"name": "none", "when": {"larger_than_bytes": 10**12}}]


LEFT_FOR_NO_RULE = "no rule fits its age and size"


@pytest.mark.thorough
@pytest.mark.parametrize(
    "xmp",
    [
        b"",
        packet(f"{CAMERA} GCamera:MotionPhoto='1'/>"),
        packet(f"{CAMERA}><GCamera:MotionPhoto>\n1 </GCamera:MotionPhoto></rdf:Description>"),
        packet('xmlns:other="http://ns.google.com/photos/1.0/camera/" other:MicroVideo = "1"/>'),
        packet(
            'xmlns:I="http://ns.google.com/photos/1.0/container/item/" I:Mime="video/mp4" I:Semantic="MotionPhoto"/>'
        ),
    ],
)
def test_a_video_behind_a_photo_is_not_lost_whatever_its_xmp_says(xmp: bytes, tmp_path: Path):
    assert reason(tmp_path, picture(xmp=xmp) + film()) == VIDEO


@pytest.mark.parametrize(
    ("image_format", "ending"), [("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif"), ("HEIF", "heic")]
)
def test_a_video_behind_a_picture_of_any_format_is_not_lost(image_format: str, ending: str, tmp_path: Path):
    assert reason(tmp_path, picture(image_format) + film(), ending) == VIDEO
    assert reason(tmp_path, picture(image_format), ending) == LEFT_FOR_NO_RULE


@pytest.mark.parametrize(
    "tail",
    [
        bytes(70_000) + film("mp4"),
        film("mov"),
        film("mkv"),
        samsung(b"EmbeddedVideo", film()),
        picture(width=64) + film(),
    ],
    ids=["padded", "QuickTime", "Matroska", "Samsung", "behind a gain map"],
)
def test_a_video_is_found_wherever_it_begins(tail: bytes, tmp_path: Path):
    assert reason(tmp_path, picture() + tail) == VIDEO


def test_the_box_of_a_motion_photo_in_heic_is_found(tmp_path: Path):
    clip = film()
    content = picture("HEIF") + struct.pack(">I", 8 + len(clip)) + b"mpvd" + clip
    assert "motion photo" in reason(tmp_path, content, "heic")


def test_a_photo_whose_end_is_missing_keeps_its_video(tmp_path: Path):
    assert reason(tmp_path, picture()[:-2] + film()) == VIDEO


def test_another_picture_behind_it_is_not_lost(tmp_path: Path):
    gain_map = packet('xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>')
    small = picture(width=64)
    assert reason(tmp_path, picture() + small) == "holds another picture behind it, which a result would lose"
    assert "holds another picture behind it (gain map)" in reason(tmp_path, picture() + picture(width=64, xmp=gain_map))
    photo().save(tmp_path / "b.jpg", "MPO", save_all=True, append_images=[photo(120)])
    assert "holds another picture behind it" in reason(tmp_path, (tmp_path / "b.jpg").read_bytes())


def test_what_nobody_knows_is_not_lost(tmp_path: Path):
    notes = bytes(range(1, 248)) * 50
    assert f"holds {len(notes):,} bytes of unknown kind behind" in reason(tmp_path, picture() + notes)
    assert "bytes of unknown kind behind" in reason(tmp_path, picture("PNG") + b"PK\3\4" + notes, "png")


@pytest.mark.parametrize("tail", [bytes(100_000), b"\r\n", b"\xff\xd9", b"\xff" * 512, b"\0\0\0x\0"])
def test_padding_is_no_content(tail: bytes, tmp_path: Path):
    assert reason(tmp_path, picture() + tail) == LEFT_FOR_NO_RULE


def test_a_thumbnail_inside_a_picture_is_no_picture_behind_it(tmp_path: Path):
    tags = Image.Exif()
    tags.get_ifd(0x8769)[0x927C] = picture(width=64)
    assert reason(tmp_path, picture(exif=tags, progressive=True, restart_marker_rows=1)) == LEFT_FOR_NO_RULE


@pytest.mark.thorough
def test_notes_of_a_samsung_camera_are_named_when_lost(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(picture(subsampling=0) + samsung(b"Image_UTC_Data", b"1600000000000"))
    _, value = compress(tmp_path / "a.jpg", settings(min_saving=0.0))
    assert (value.outcome, value.lost) == ("compressed", ("Samsung's notes behind the picture (Image_UTC_Data)",))


@pytest.mark.thorough
def test_a_hostile_tail_costs_no_more_than_a_moment(tmp_path: Path):
    """Beginnings of pictures without end, and segments of nothing."""
    starts = reason(tmp_path, picture() + b"\xff\xd8\xff\xe0" * 500_000)
    assert "another picture" in starts
    assert reason(tmp_path, b"\xff\xd8" + b"\xff\xfe\0\2" * 400_000 + picture()[2:]) == LEFT_FOR_NO_RULE
