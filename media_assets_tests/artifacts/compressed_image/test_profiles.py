"""Profiles of colours and auxiliary pictures: kept only where they really are, and otherwise named."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from media_assets.artifacts.compressed_image.profiles import CONVERTED, OF_NO_USE
from media_assets.media.pictures.auxiliary import auxiliary_pictures
from media_assets_tests.artifacts.compressed_image.auxiliaries import heic_with
from media_assets_tests.artifacts.compressed_image.photos import (
    compress,
    difference,
    photo,
    result_of,
    rules,
    settings,
    srgb_icc,
)

EASY = settings(rules=rules(50), min_saving=0.0)
INKS = "CMYK inks (converted to sRGB)"


def named(space: bytes) -> bytes:
    """A profile of sRGB that says it were for another space."""
    return srgb_icc()[:16] + space + srgb_icc()[20:]


UNUSABLE = {
    "rubbish": ("RGB", b"rubbish" * 40, (OF_NO_USE,)),
    "for inks": ("RGB", named(b"CMYK"), (OF_NO_USE,)),
    "rubbish for inks": ("CMYK", b"rubbish" * 40, (INKS, OF_NO_USE)),
    "damaged inks": ("CMYK", named(b"CMYK"), (INKS, OF_NO_USE)),
    "none for inks": ("CMYK", b"", (INKS,)),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_profile_that_cannot_be_used_is_not_said_to_be_kept(kind: str, tmp_path: Path):
    mode, profile, lost = UNUSABLE[kind]
    source = photo(240).convert(mode)
    source.save(tmp_path / "a.jpg", quality=97, subsampling=0, icc_profile=profile)
    result, value = result_of(tmp_path / "a.jpg", EASY)
    assert (value.kept, value.lost) == ((), lost)
    assert difference(result, source) < 8


@pytest.mark.parametrize(
    ("mode", "profile"), [("RGB", srgb_icc()), ("L", srgb_icc()), ("RGB", srgb_icc()[:8] + b"\4\x30" + srgb_icc()[10:])]
)
def test_a_profile_that_is_there_byte_for_byte_is_kept(mode: str, profile: bytes, tmp_path: Path):
    photo(240).convert(mode).save(tmp_path / "a.jpg", quality=97, icc_profile=profile)
    result, value = result_of(tmp_path / "a.jpg", EASY)
    assert (value.kept, value.lost) == (("ICC profile",), ())
    assert result.info["icc_profile"] == profile


def test_a_profile_that_was_used_up_is_named(tmp_path: Path):
    """A grey picture that has to become one of colours, since WebP knows no grey."""
    photo(240).convert("L").save(tmp_path / "a.jpg", quality=97, icc_profile=_grey_profile())
    result, value = result_of(tmp_path / "a.jpg", EASY.model_copy(update={"format": "webp"}))
    assert (value.kept, value.lost) == ((), (CONVERTED,))
    assert difference(result, photo(240).convert("L")) < 8


def _grey_profile() -> bytes:
    """A profile for grey with the curve of sRGB, about (ICC.1, section 8.3)."""
    curve = b"curv" + bytes(4) + struct.pack(">I", 1) + struct.pack(">H", round(2.2 * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    text += bytes(-len(text) % 4)
    parts = [(b"kTRC", curve), (b"wtpt", white), (b"desc", text), (b"cprt", b"text" + bytes(8))]
    table, body, at = struct.pack(">I", len(parts)), b"", 128 + 4 + 12 * len(parts)
    for name, part in parts:
        table += name + struct.pack(">II", at + len(body), len(part))
        body += part
    size = at + len(body)
    head = struct.pack(">I", size) + b"lcms" + b"\2\x10\0\0" + b"mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


@pytest.mark.thorough
def test_a_profile_of_a_png_that_cannot_be_unpacked_is_named(tmp_path: Path):
    file = io.BytesIO()
    photo(240).save(file, "PNG")
    data, content = file.getvalue(), b"iCCP" + b"name\0\0" + b"not packed" * 5
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    assert result_of(tmp_path / "a.png", EASY)[1].lost == ("ICC profile (it cannot be read)",)


KINDS = {
    b"urn:com:apple:photo:2020:aux:hdrgainmap": "HDR gain map",
    b"urn:mpeg:hevc:2015:auxid:2": "depth map",
    b"urn:com:apple:photo:2017:aux:disparity": "depth map",
    b"urn:com:apple:photo:2018:aux:portraiteffectsmatte": "mattes of the portrait mode",
    b"urn:com:apple:photo:2019:aux:semanticskinmatte": "mattes of the portrait mode",
    b"urn:com:maker:photo:aux:thing": "a further picture (urn:com:maker:photo:aux:thing)",
}


@pytest.mark.parametrize("kind", KINDS)
def test_auxiliary_pictures_of_heic_are_told_by_their_kind(kind: bytes):
    assert auxiliary_pictures(io.BytesIO(heic_with(kind))) == [KINDS[kind]]


def test_transparency_is_no_further_picture():
    assert auxiliary_pictures(io.BytesIO(heic_with(b"urn:mpeg:hevc:2015:auxid:1"))) == []


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_auxiliary_pictures_of_heic_are_named_as_lost(kind: bytes, tmp_path: Path):
    (tmp_path / "a.heic").write_bytes(heic_with(kind))
    assert result_of(tmp_path / "a.heic", EASY)[1].lost == (KINDS[kind],)


def test_pictures_of_avif_are_told_by_the_same_boxes():
    file = io.BytesIO()
    photo(240).convert("RGBA").save(file, "AVIF")
    data = file.getvalue()
    assert auxiliary_pictures(io.BytesIO(data)) == []
    gain_map = b"auxC\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:depth\0"
    assert auxiliary_pictures(io.BytesIO(data.replace(b"ipco", gain_map + b"infe\2\0\0\0\0\2\0\0tmap\0"))) == [
        "HDR gain map",
        "depth map",
    ]


@pytest.mark.parametrize("ending", ["webp", "png", "avif", "gif"])
def test_what_moves_is_left_as_it_is(ending: str, tmp_path: Path):
    frames = [photo(120).rotate(angle) for angle in (0, 5, 10)]
    frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:], duration=100)
    path, value = compress(tmp_path / f"a.{ending}", EASY)
    assert path is None
    assert value.reason in (
        "moves (3 frames), and a result would stand still",
        "is GIF, a format that is left as it is",
    )


def test_a_stereo_pair_is_left_as_it_is(tmp_path: Path):
    photo(240).save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[photo(240).rotate(2)])
    path, value = compress(tmp_path / "a.jpg", EASY)
    assert (path, value.reason) == (None, "holds another picture behind it, which a result would lose")
    assert Image.open(tmp_path / "a.jpg").format == "MPO"
