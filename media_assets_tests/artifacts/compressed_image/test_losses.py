"""What a result cannot hold is named, or keeps the photo as it is: segments, colours, resolutions."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from media_assets_tests.artifacts.compressed_image.photos import compress, photo, result_of, rules, settings

EASY = settings(rules=rules(60), min_saving=0.0)


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(path: Path, **options: object) -> Path:
    photo(240).save(path, "JPEG", **{"quality": 97, "subsampling": 0, **options})
    return path


@pytest.mark.thorough
def test_segments_that_are_not_taken_over_are_named(tmp_path: Path):
    extra = segment(0xE5, b"Ssuniqueid\0abc") + segment(0xEB, b"JP\0\1\0\0\0\1\0\0\0\x20jumb\0\0\0\x18jumdc2pa\0")
    extra += segment(0xFE, b"first") + segment(0xFE, b"second")
    _, value = result_of(jpeg(tmp_path / "a.jpg", extra=extra), EASY)
    assert value.lost == ("APP5 Ssuniqueid (14 bytes)", "content credentials (C2PA)", "1 further comments")


@pytest.mark.thorough
def test_a_second_block_of_metadata_is_named(tmp_path: Path):
    """A decoder reads one of two blocks; a long EXIF in several segments is one block."""
    packets = b"".join(
        segment(
            0xE1, b"http://ns.adobe.com/xap/1.0/\0" + f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{n}</x:xmpmeta>".encode()
        )
        for n in range(2)
    )
    exif = Image.Exif()
    exif[315] = "Ann"
    tiff = exif.tobytes()
    extra = packets + segment(0xE1, tiff) + segment(0xE1, tiff)
    lost = result_of(jpeg(tmp_path / "a.jpg", extra=extra), EASY)[1].lost
    assert lost == ("another EXIF beside the one that is kept", "another XMP beside the one that is kept")
    parts = segment(0xE1, tiff) + segment(0xE1, b"Exif\0\0" + b"the rest of it")
    assert result_of(jpeg(tmp_path / "b.jpg", extra=parts), EASY)[1].lost == ()


def test_measurements_of_a_thermal_camera_are_not_lost(tmp_path: Path):
    extra = b"".join(segment(0xE1, b"FLIR\0\1" + bytes([number, 3]) + b"heat" * 10_000) for number in range(4))
    path, value = compress(jpeg(tmp_path / "a.jpg", extra=extra), EASY)
    assert (path, value.reason) == (
        None,
        "holds 160,032 bytes of unknown kind (APP1 FLIR), which a result would lose",
    )


@pytest.mark.thorough
def test_a_profile_of_which_a_piece_is_missing_is_named(tmp_path: Path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = jpeg(tmp_path / "a.jpg", extra=segment(0xE2, b"ICC_PROFILE\0\1\2" + profile))
    assert result_of(source, EASY)[1].lost == ("ICC profile (a piece of it is missing)",)


@pytest.mark.thorough
def test_the_resolution_of_prints_is_kept_by_jpeg_and_named_by_others(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg", dpi=(300, 300))
    image, value = result_of(source, EASY)
    assert (image.info["dpi"], value.lost) == ((300, 300), ())
    assert result_of(source, EASY.model_copy(update={"format": "webp"}))[1].lost == ("resolution of prints",)


@pytest.mark.parametrize(
    ("chunk", "content", "reason"),
    [
        (b"cICP", bytes([9, 16, 0, 1]), "is HDR10"),
        (b"cICP", bytes([12, 13, 0, 1]), "has wide colours that only its header names"),
        (b"gAMA", struct.pack(">I", 100_000), "has a gamma of 1 that only its header names"),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000), "has wide colours"),
        (b"gAMA", struct.pack(">I", 45_455), ""),
    ],
)
def test_colours_that_only_a_png_header_tells_are_not_lost(chunk: bytes, content: bytes, reason: str, tmp_path: Path):
    file = io.BytesIO()
    photo(120).save(file, "PNG", pnginfo=PngImagePlugin.PngInfo())
    data = file.getvalue()
    whole = struct.pack(">I", len(content)) + chunk + content + struct.pack(">I", zlib.crc32(chunk + content))
    (tmp_path / "a.png").write_bytes(data[:33] + whole + data[33:])
    none = settings(rules=[{"name": "none", "when": {"larger_than_bytes": 10**12}}])
    assert compress(tmp_path / "a.png", none)[1].reason.startswith(reason or "no rule fits")


@pytest.mark.thorough
@pytest.mark.parametrize("hidden", [True, False])
def test_colours_under_transparent_pixels_are_named_when_lost(hidden: bool, tmp_path: Path):
    pixels = np.asarray(photo(240).convert("RGBA")).copy()
    pixels[:40, :, 3] = 0
    if not hidden:
        pixels[:40, :, :3] = 0
    Image.fromarray(pixels).save(tmp_path / "a.png")
    _, value = result_of(tmp_path / "a.png", EASY)
    assert value.lost == (("colours of pixels that are wholly transparent",) if hidden else ())
