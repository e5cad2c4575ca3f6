"""Regions that XMP marks in a photo stay where they are in what it shows, when it is turned and scaled."""

from __future__ import annotations

import hashlib
import re
import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from media_assets.artifacts.compressed_image.exif import Mark, changed_exif
from media_assets.artifacts.compressed_image.extended_xmp import HEADER, read_extended
from media_assets.artifacts.compressed_image.regions import turned_regions
from media_assets.artifacts.compressed_image.turning import Turn
from media_assets.media.pictures.xmp import NoXmp, properties
from media_assets_tests.artifacts.compressed_image.photos import exif as camera_exif
from media_assets_tests.artifacts.compressed_image.photos import photo, result_of, rules, settings

WIDTH, HEIGHT = 400, 200
LEFT, TOP, RIGHT, BOTTOM = 40, 20, 120, 80
"""A face in the stored picture, in pixels."""
METHODS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
NAMESPACES = {
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "acdsee-rs": "http://ns.acdsee.com/regions/",
    "acdsee-stDim": "http://ns.acdsee.com/sType/Dimensions#",
    "acdsee-sArea": "http://ns.acdsee.com/sType/Area#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
}


def packet(inside: str, attributes: str = "") -> bytes:
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in NAMESPACES.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces}{attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def mwg(unit: str = "normalized", size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """As Adobe's and Apple's programs write it: elements with attributes."""
    x, y, w, h = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2, float(RIGHT - LEFT), float(BOTTOM - TOP)
    if unit == "normalized":
        x, y, w, h = x / WIDTH, y / HEIGHT, w / WIDTH, h / HEIGHT
    return packet(
        f"<mwg-rs:Regions rdf:parseType='Resource'><mwg-rs:AppliedToDimensions stDim:w='{size[0]}' stDim:h='{size[1]}' "
        'stDim:unit="pixel"/><mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name="Zo\u00eb" '
        f'mwg-rs:Type="Face"><mwg-rs:Area stArea:x="{x:g}" stArea:y = \'{y:g}\' stArea:w="{w:g}" stArea:h="{h:g}" '
        f'stArea:unit="{unit}"/></rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>'
    )


def elements(prefix: str, area: str, dimensions: str, tag: str) -> bytes:
    """As ACDSee and digiKam may write it: every value an element."""
    x, y, w, h = (
        (LEFT + RIGHT) / 2 / WIDTH,
        (TOP + BOTTOM) / 2 / HEIGHT,
        (RIGHT - LEFT) / WIDTH,
        (BOTTOM - TOP) / HEIGHT,
    )
    sides = "".join(
        f"<{area}:{name}>{value:g}</{area}:{name}>" for name, value in zip("xywh", (x, y, w, h), strict=True)
    )
    return packet(
        f"<{prefix}:Regions><rdf:Description><{prefix}:AppliedToDimensions><rdf:Description>"
        f"<{dimensions}:w>{WIDTH}</{dimensions}:w><{dimensions}:h>{HEIGHT}</{dimensions}:h>"
        f"</rdf:Description></{prefix}:AppliedToDimensions><{prefix}:RegionList><rdf:Bag><rdf:li><rdf:Description>"
        f"<{prefix}:{tag}><rdf:Description>{sides}</rdf:Description></{prefix}:{tag}></rdf:Description></rdf:li>"
        f"</rdf:Bag></{prefix}:RegionList></rdf:Description></{prefix}:Regions>"
    )


MICROSOFT = packet(
    '<MPRI:Regions><rdf:Bag><rdf:li MPReg:PersonDisplayName="Zo\u00eb" '
    f'MPReg:Rectangle="{LEFT / WIDTH:g}, {TOP / HEIGHT:g}, {(RIGHT - LEFT) / WIDTH:g}, {(BOTTOM - TOP) / HEIGHT:g}"/>'
    "</rdf:Bag></MPRI:Regions>"
)


def iptc(unit: str, inside: str) -> bytes:
    return packet(
        '<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:RegionBoundary '
        f'rdf:parseType="Resource"><Iptc4xmpExt:rbUnit>{unit}</Iptc4xmpExt:rbUnit>{inside}'
        "</Iptc4xmpExt:RegionBoundary></rdf:li></rdf:Bag></Iptc4xmpExt:ImageRegion>"
    )


def boundary(**sides: float) -> str:
    return "".join(f"<Iptc4xmpExt:rb{name}>{value:g}</Iptc4xmpExt:rb{name}>" for name, value in sides.items())


def turn(orientation: int, scale: float = 1.0) -> Turn:
    width, height = round(WIDTH * scale), round(HEIGHT * scale)
    return Turn(orientation, (WIDTH, HEIGHT), (height, width) if orientation > 4 else (width, height))


def marked(orientation: int, scale: float) -> tuple[float, ...]:
    """Where a rectangle that is drawn into the picture ends up in the upright one: left, top, right, bottom."""
    drawn = Image.new("L", (WIDTH, HEIGHT))
    drawn.paste(255, (LEFT, TOP, RIGHT, BOTTOM))
    upright = drawn.transpose(METHODS[orientation]) if orientation in METHODS else drawn
    box = upright.getbbox()
    assert box is not None
    return tuple(side * scale for side in box)


def value(xml: bytes, local: str, number: int = 0) -> str:
    """The text of an attribute or element by its local name."""
    found = re.findall(rf"""[<\s](?!xmlns)[\w-]+:{local}(?:\s*=\s*["']|>)([^"'<]*)""".encode(), xml)
    return str(found[number].decode())


def from_middle(xml: bytes, unit: tuple[float, float]) -> tuple[float, ...]:
    x, y, w, h = (float(value(xml, name, -1)) for name in "xywh")
    return ((x - w / 2) * unit[0], (y - h / 2) * unit[1], (x + w / 2) * unit[0], (y + h / 2) * unit[1])


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_region_is_where_the_face_is(orientation: int, scale: float):
    done = turn(orientation, scale)
    expected = pytest.approx(marked(orientation, scale), abs=1)
    new, lost = turned_regions(mwg(), done)
    assert from_middle(new, done.result) == expected
    assert (int(value(new, "w")), int(value(new, "h"))) == done.result
    assert lost == [] and "Zo\u00eb".encode() in new
    assert from_middle(turned_regions(mwg("pixel"), done)[0], (1, 1)) == expected
    assert (
        from_middle(
            turned_regions(elements("acdsee-rs", "acdsee-sArea", "acdsee-stDim", "DLYArea"), done)[0], done.result
        )
        == expected
    )
    assert from_middle(turned_regions(elements("mwg-rs", "stArea", "stDim", "Area"), done)[0], done.result) == expected
    x, y, w, h = (float(side) for side in value(turned_regions(MICROSOFT, done)[0], "Rectangle").split(", "))
    width, height = done.result
    assert (x * width, y * height, (x + w) * width, (y + h) * height) == expected


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_regions_of_iptc_are_turned_in_every_shape(orientation: int, scale: float):
    done = turn(orientation, scale)
    expected = pytest.approx(marked(orientation, scale), abs=1)
    width, height = done.result
    sides = {"X": LEFT, "Y": TOP, "W": RIGHT - LEFT, "H": BOTTOM - TOP}
    new = turned_regions(iptc("pixel", boundary(**sides)), done)[0]
    x, y, w, h = (float(value(new, f"rb{name}")) for name in "XYWH")
    assert (x, y, x + w, y + h) == expected
    shares = {"X": LEFT / WIDTH, "Y": TOP / HEIGHT, "W": (RIGHT - LEFT) / WIDTH, "H": (BOTTOM - TOP) / HEIGHT}
    new = turned_regions(iptc("relative", boundary(**shares)), done)[0]
    x, y, w, h = (float(value(new, f"rb{name}")) for name in "XYWH")
    assert (x * width, y * height, (x + w) * width, (y + h) * height) == expected
    points = "".join(
        f'<rdf:li rdf:parseType="Resource">{boundary(X=x / WIDTH, Y=y / HEIGHT)}</rdf:li>'
        for x, y in ((LEFT, TOP), (RIGHT, BOTTOM))
    )
    polygon = f"<Iptc4xmpExt:rbVertices><rdf:Seq>{points}</rdf:Seq></Iptc4xmpExt:rbVertices>"
    new = turned_regions(iptc("relative", polygon), done)[0]
    xs = sorted(float(value(new, "rbX", number)) * width for number in (0, 1))
    ys = sorted(float(value(new, "rbY", number)) * height for number in (0, 1))
    assert (xs[0], ys[0], xs[1], ys[1]) == expected
    circle = boundary(X=(LEFT + RIGHT) / 2 / WIDTH, Y=(TOP + BOTTOM) / 2 / HEIGHT, Rx=30 / WIDTH)
    new = turned_regions(iptc("relative", circle), done)[0]
    assert float(value(new, "rbRx")) * width == pytest.approx(30 * scale, abs=0.1)


def test_regions_of_the_upright_picture_are_not_turned_again():
    new, _ = turned_regions(mwg(size=(HEIGHT, WIDTH)), turn(6))
    assert new == mwg(size=(HEIGHT, WIDTH))


def test_nothing_else_of_the_packet_changes():
    assert turned_regions(mwg(), turn(1)) == (mwg(), [])
    before = packet("<dc:title>a &amp; b</dc:title><!-- note -->", ' tiff:Orientation="8" exif:PixelXDimension = "400"')
    after, _ = turned_regions(before, turn(8))
    assert after == before.replace(b'"8"', b'"1"').replace(b'"400"', b'"200"')


def test_what_cannot_be_turned_is_named():
    broken = mwg().replace(b'stArea:x="0.2"', b'stArea:x="left"')
    assert turned_regions(broken, turn(6))[1] == ["a region of XMP whose numbers cannot be read"]
    angle = mwg().replace(b'mwg-rs:Type="Face"', b'xmlns:f="http://ns.apple.com/faceinfo/1.0/" f:AngleInfoRoll="270"')
    assert turned_regions(angle, turn(6))[1] == ["angles of faces in XMP (they are those of the original)"]
    for hostile in (b"<!DOCTYPE a>" + mwg(), mwg()[:-9], mwg().decode().encode("utf-16")):
        with pytest.raises(NoXmp):
            turned_regions(hostile + b"<MPReg:", turn(6))


def test_the_subject_of_exif_is_turned():
    tags = Image.Exif()
    tags.get_ifd(0x8769).update({0x9214: (80, 50, 80, 60), 0xA214: (80, 50)})
    new = Image.Exif()
    new.load(changed_exif(tags.tobytes(), HEIGHT, WIDTH, Mark(0.5, 1), turn(6)))
    assert new.get_ifd(0x8769)[0x9214] == (150, 80, 60, 80)
    assert new.get_ifd(0x8769)[0xA214] == (150, 80)


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["jpg", "heic"])
def test_a_photo_that_is_turned_and_made_smaller_has_its_face_in_place(ending: str, tmp_path: Path):
    picture = photo(640)
    box = (64, 60, 192, 140)
    picture = picture.copy()
    picture.paste((255, 0, 0), box)
    x, y = (64 + 192) / 2 / picture.width, (60 + 140) / 2 / picture.height
    xmp = packet(
        f'<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="{picture.width}" '
        f'stDim:h="{picture.height}"/><mwg-rs:Area stArea:x="{x}" stArea:y="{y}" stArea:w="0.2" stArea:h="0.1"/>'
        "</mwg-rs:Regions>"
    )
    source = tmp_path / f"a.{ending}"
    if ending == "heic":
        pillow_heif.from_pillow(picture).save(source, quality=95, exif=camera_exif(6).tobytes(), xmp=xmp)
    else:
        picture.save(source, quality=97, subsampling=0, exif=camera_exif(6), xmp=xmp)
    wanted = settings(rules=rules(60, reduction=0.9, side=300), min_saving=0.0)
    image, made = result_of(source, wanted)
    assert "XMP" in made.kept
    new = image.info["xmp"]
    assert (int(value(new, "w")), int(value(new, "h"))) == image.size
    middle = (round(float(value(new, "x")) * image.width), round(float(value(new, "y")) * image.height))
    red, green, _ = image.convert("RGB").getpixel(middle)  # type: ignore[misc]
    assert red > 200 and green < 80
    assert np.asarray(image).shape[0] > np.asarray(image).shape[1]


# ------------------------------------------------------------------------------------------------- extended XMP


def extended(content: bytes, piece_bytes: int = 3000) -> tuple[bytes, list[bytes]]:
    """A reference for the first packet, and the pieces."""
    guid = hashlib.md5(content).hexdigest().upper().encode()
    pieces = [
        HEADER + guid + struct.pack(">II", len(content), at) + content[at : at + piece_bytes]
        for at in range(0, len(content), piece_bytes)
    ]
    return guid, pieces


LONG = packet("<dc:description>" + "Lichtung am See. " * 600 + "</dc:description>")


def jpeg_with(path: Path, pieces: list[bytes], main: bytes) -> Path:
    extra = b"".join(b"\xff\xe1" + struct.pack(">H", len(piece) + 2) + piece for piece in pieces)
    photo(320).save(path, "JPEG", quality=97, subsampling=0, xmp=main, extra=extra, exif=camera_exif(6))
    return path


@pytest.mark.thorough
@pytest.mark.parametrize("image_format", ["jpeg", "webp", "avif"])
def test_extended_xmp_is_kept_in_any_order_of_its_pieces(image_format: str, tmp_path: Path):
    long = LONG.replace(
        b"<dc:description>", mwg().split(b">", 3)[3].split(b"</rdf:Description></rdf:RDF>")[0] + b"<dc:description>"
    )
    guid, pieces = extended(long)
    main = packet("", f' dc:source="here" xmpNote:HasExtendedXMP="{guid.decode()}"')
    source = jpeg_with(tmp_path / "a.jpg", pieces[::-1], main)
    image, made = result_of(source, settings(format=image_format, rules=rules(60), min_saving=0.0))
    whole = image.info["xmp"]
    if image_format == "jpeg":
        whole, missing = read_extended(image.info["xmp"], [part for name, part in image.applist if name == "APP1"])  # type: ignore[attr-defined]
        assert missing is None
        assert properties(image.info["xmp"])["http://purl.org/dc/elements/1.1/", "source"] == "here"
    else:
        assert b"HasExtendedXMP" not in whole
        assert properties(whole)["http://purl.org/dc/elements/1.1/", "source"] == "here"
    assert b"Lichtung am See. " * 600 in whole
    assert properties(whole)["http://purl.org/dc/elements/1.1/", "description"].startswith("Lichtung")
    assert (made.lost, "XMP" in made.kept) == ((), True)
    assert value(whole, "x") == "0.75"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("chosen", "reason"),
    [(slice(1, None), "a piece of it is missing"), (slice(0, 1), "a piece"), (slice(0, 0), "it is missing")],
)
def test_extended_xmp_that_is_not_whole_is_named(chosen: slice, reason: str, tmp_path: Path):
    guid, pieces = extended(LONG)
    main = packet(f"<xmpNote:HasExtendedXMP>{guid.decode()}</xmpNote:HasExtendedXMP>")
    source = jpeg_with(tmp_path / "a.jpg", pieces[chosen], main)
    _, made = result_of(source, settings(rules=rules(60), min_saving=0.0))
    assert [loss for loss in made.lost if loss.startswith(f"Extended XMP ({reason}")] == list(made.lost)
    assert made.lost


def test_a_depth_map_in_extended_xmp_is_not_lost(tmp_path: Path):
    from media_assets_tests.artifacts.compressed_image.photos import compress

    depth = packet("", ' xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" GDepth:Data="' + "QUJD" * 900 + '"')
    guid, pieces = extended(depth)
    main = packet("", f' xmpNote:HasExtendedXMP="{guid.decode()}"')
    assert "holds a depth map in its XMP" in compress(jpeg_with(tmp_path / "a.jpg", pieces, main))[1].reason


@pytest.mark.parametrize(("orientation", "has"), [(1, "True"), (6, "False"), (6, "True")])
def test_a_crop_of_camera_raw_that_is_still_to_be_made_is_named_when_turned(orientation: int, has: str):
    crop = packet("", f' crs:HasCrop="{has}" crs:CropLeft="0.1" crs:CropTop="0.2"')
    upright = (HEIGHT, WIDTH) if orientation == 6 else (WIDTH, HEIGHT)
    _, lost = turned_regions(crop, Turn(orientation, (WIDTH, HEIGHT), upright))
    expected = ["the crop of Camera Raw in XMP (it is that of the original)"]
    assert lost == (expected if orientation == 6 and has == "True" else [])
