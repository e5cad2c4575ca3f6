"""When a picture was taken is read out of its headers, with the zone of its clock; what cannot be is passed over."""

from __future__ import annotations

import io
import struct
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pillow_heif
import pytest
from PIL import Image, PngImagePlugin

from media_assets.media.pictures.taken_at import taken_at

NOON = "2021:07:04 12:30:00"
NAIVE = datetime(2021, 7, 4, 12, 30)
HERE = datetime(2021, 7, 4, 12, 30, tzinfo=timezone(timedelta(hours=2)))
ORIGINAL, DIGITIZED, OFFSET, OFFSET_ORIGINAL, FRACTION = 0x9003, 0x9004, 0x9010, 0x9011, 0x9291


def exif(
    inner: dict[int, object] | None = None, first: dict[int, object] | None = None, gps: dict[int, object] | None = None
) -> bytes:
    tags = Image.Exif()
    tags.update(first or {})
    tags.get_ifd(0x8769).update(inner or {})
    if gps:
        tags.get_ifd(0x8825).update(gps)
    return tags.tobytes()


def picture(image_format: str = "JPEG", **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image = Image.new("RGB", (16, 16))
    if image_format == "HEIF":
        pillow_heif.from_pillow(image).save(file, **options)
    elif image_format == "TIFF":
        tags = Image.Exif()
        tags.load(options.pop("exif", b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"))
        image.save(file, image_format, exif=tags, **options)
    else:
        image.save(file, image_format, **options)
    return file


def xmp(inside: str) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:e="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        f'xmlns:xmp="http://ns.adobe.com/xap/1.0/" {inside}</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>\0'
    ).encode()


@pytest.mark.parametrize("image_format", ["JPEG", "TIFF", "WEBP", "PNG", "AVIF", "HEIF"])
def test_every_format_tells_it_by_exif_and_by_xmp(image_format: str):
    block = exif({ORIGINAL: NOON, OFFSET_ORIGINAL: "+02:00"})
    assert taken_at(picture(image_format, exif=block)) == HERE
    if image_format not in ("PNG", "TIFF"):  # Pillow does not write it there
        assert taken_at(picture(image_format, xmp=xmp('e:DateTimeOriginal="2021-07-04T12:30:00+02:00"/>'))) == HERE


def test_a_jpeg_xl_tells_it_by_a_box():
    block = exif({ORIGINAL: NOON, OFFSET_ORIGINAL: "+02:00"}).removeprefix(b"Exif\0\0")
    boxes = ((b"JXL ", b"\r\n\x87\n"), (b"ftyp", b"jxl \0\0\0\0jxl "), (b"Exif", bytes(4) + block))
    content = b"".join(struct.pack(">I", 8 + len(inside)) + kind + inside for kind, inside in boxes)
    assert taken_at(io.BytesIO(content)) == HERE


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ({OFFSET: "+02:00"}, HERE),
        ({OFFSET_ORIGINAL: "   :  ", OFFSET: "+02:00"}, HERE),
        ({OFFSET_ORIGINAL: "Z"}, NAIVE.replace(tzinfo=UTC)),
        ({OFFSET_ORIGINAL: "-03:30"}, NAIVE.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)))),
        ({OFFSET_ORIGINAL: "+99:00"}, NAIVE),
        ({}, NAIVE),
        ({FRACTION: "25"}, NAIVE.replace(microsecond=250_000)),
        ({FRACTION: "123456789"}, NAIVE.replace(microsecond=123_456)),
        ({FRACTION: " x "}, NAIVE),
        ({DIGITIZED: "2001:01:02 00:00:00"}, NAIVE),
    ],
)
def test_the_clock_of_the_camera_has_its_offset_and_its_fraction(inner: dict[int, object], expected: datetime):
    found = taken_at(picture(exif=exif({ORIGINAL: NOON, **inner})))
    assert found == expected
    assert found is not None and found.utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    ("clock", "ahead_minutes"),
    [((10.0, 30.0, 0.0), 120), ((10.0, 28.0, 41.0), 120), ((6.0, 45.0, 0.0), 345), ((10.0, 22.0, 0.0), None)],
)
def test_where_no_offset_is_told_the_clock_of_gps_tells_it(clock: tuple[float, ...], ahead_minutes: int | None):
    found = taken_at(picture(exif=exif({ORIGINAL: NOON}, gps={7: clock, 29: "2021:07:04"})))
    assert found is not None
    ahead = None if ahead_minutes is None else timedelta(minutes=ahead_minutes)
    assert (found.replace(tzinfo=None), found.utcoffset()) == (NAIVE, ahead)


def test_the_clock_of_gps_is_taken_when_there_is_no_other():
    found = taken_at(picture(exif=exif(gps={7: (10.0, 30.0, 0.0), 29: "2021:07:04"})))
    assert found == datetime(2021, 7, 4, 10, 30, tzinfo=UTC)


NONSENSE = (
    "0000:00:00 00:00:00",
    "1970:01:01 00:00:00",
    "1970:01:01 01:00:00",
    "1904:01:01 00:00:00",
    "2199:01:01 00:00:00",
    "    :  :     :  :  ",
    "2020:13:45 12:00:00",
    "2020:02:30 12:00:00",
    "2020:02:03 24:00:00",
    "\xb2\xb0²°:07:04 12:30:00",
    "yesterday",
    "",
    "0",
)


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_passed_over(nonsense: str):
    text = nonsense.encode("latin-1", "replace")
    assert taken_at(picture(exif=exif({ORIGINAL: text}))) is None
    assert taken_at(picture(exif=exif({ORIGINAL: text, DIGITIZED: NOON}))) == NAIVE


@pytest.mark.parametrize(
    "inside",
    [
        'photoshop:DateCreated="2021-07-04T12:30:00+02:00"/>',
        "xmp:CreateDate='2021-07-04T12:30+02:00'/>",
        "><e:DateTimeOriginal>\n2021-07-04T12:30:00.00+02:00\n</e:DateTimeOriginal></rdf:Description>",
        'xmp:CreateDate="2022-01-01" photoshop:DateCreated="2021-07-04T10:30:00Z"/>',
    ],
)
def test_xmp_tells_it_in_any_spelling(inside: str):
    assert taken_at(picture(xmp=xmp(inside))) == HERE


def test_xmp_lends_its_zone_to_the_same_clock_in_exif():
    file = picture(exif=exif({ORIGINAL: NOON}), xmp=xmp('photoshop:DateCreated="2021-07-04T12:30:00+02:00"/>'))
    assert taken_at(file) == HERE


def test_the_captions_of_press_photos_tell_it():
    records = b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text)) + text
        for number, text in ((120, b"Munich"), (55, b"20210704"), (60, b"123000+0200"))
    )
    resources = b"Photoshop 3.0\0" + b"8BIM\x04\x25\0\0" + struct.pack(">I", 3) + b"abc\0"
    resources += b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    assert taken_at(picture(extra=b"\xff\xed" + struct.pack(">H", len(resources) + 2) + resources)) == HERE


@pytest.mark.parametrize("text", ["Sun, 4 Jul 2021 12:30:00 +0200", "2021-07-04T12:30:00+02:00"])
def test_the_texts_of_a_png_tell_it(text: str):
    info = PngImagePlugin.PngInfo()
    info.add_text("Creation Time", text)
    assert taken_at(picture("PNG", pnginfo=info)) == HERE
    info = PngImagePlugin.PngInfo()
    info.add(b"tIME", struct.pack(">HBBBBB", 2021, 7, 4, 10, 30, 0))
    assert taken_at(picture("PNG", pnginfo=info)) == HERE


def test_the_day_of_saving_is_the_last_resort():
    assert taken_at(picture(exif=exif(first={0x0132: NOON}))) == NAIVE
    assert taken_at(picture(exif=exif({DIGITIZED: "2020:01:01 08:00:00"}, {0x0132: NOON}))) == datetime(2020, 1, 1, 8)


@pytest.mark.parametrize("order", ["<", ">"])
def test_hostile_exif_costs_nothing(order: str):
    """Directories that lead to themselves, a billion entries, values of a gigabyte, offsets outside."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)

    def row(tag: int, kind: int, count: int, value: int) -> bytes:
        return struct.pack(order + "HHII", tag, kind, count, value)

    loop = head + struct.pack(order + "H", 65535) + row(0x8769, 4, 1, 8) * 5000
    huge = head + struct.pack(order + "H", 3) + row(0x8769, 4, 2**31, 8) + row(ORIGINAL, 2, 2**32 - 1, 9)
    outside = head + struct.pack(order + "H", 2) + row(0x8769, 4, 1, 2**32 - 1) + row(0x8825, 13, 1, 4_000_000_000)
    started = time.process_time()
    for block in (loop[:60_000], huge, outside, head, head[:5], b"II", b""):
        assert taken_at(picture(exif=b"Exif\0\0" + block)) is None
        assert taken_at(io.BytesIO(block)) is None
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "packet",
    [
        b"<x",
        b"\xff\xfe\0",
        b'<!DOCTYPE a [<!ENTITY b "2021-07-04">]><a xmlns:x="http://ns.adobe.com/xap/1.0/" x:CreateDate="&b;"/>',
    ],
)
def test_xmp_that_is_none_is_passed_over(packet: bytes):
    assert taken_at(picture(xmp=packet, exif=exif({DIGITIZED: NOON}))) == NAIVE


@pytest.mark.parametrize("image_format", ["JPEG", "TIFF", "WEBP", "PNG", "AVIF", "HEIF"])
def test_a_picture_that_breaks_off_anywhere_raises_nothing(image_format: str):
    whole = picture(image_format, exif=exif({ORIGINAL: NOON})).getvalue()
    for length in range(0, len(whole), max(1, len(whole) // 150)):
        taken_at(io.BytesIO(whole[:length]))
