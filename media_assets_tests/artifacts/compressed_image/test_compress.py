"""Photos become smaller, look the same, and keep what they know; the others are left with a reason."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms
from ssimulacra2 import compute_ssimulacra2

from media_assets.artifacts.compressed_image.compress import compress_image
from media_assets.base.errors import BadMedia, Cancelled
from media_assets.media.pictures.opening import open_image
from media_assets.media.pictures.pixels import srgb_profile
from media_assets.media.probe import probe
from media_assets.pipeline.conditions import PictureCondition
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_image.photos import (
    compress,
    difference,
    exif,
    photo,
    result_of,
    rules,
    settings,
    srgb_icc,
)


def jpeg(path: Path, image: Image.Image | None = None, **options: object) -> Path:
    (image or photo()).save(path, "JPEG", **{"quality": 97, "subsampling": 0, **options})
    return path


# ------------------------------------------------------------------------------------------------- quality and size


@pytest.mark.thorough
@pytest.mark.parametrize(
    "image_format",
    ["jpeg", pytest.param("webp", marks=pytest.mark.slow), pytest.param("avif", marks=pytest.mark.slow)],
)
def test_a_photo_reaches_the_quality_over_its_whole_area_and_not_much_more(image_format: str, tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg", photo(640))
    result, value = result_of(source, settings(format=image_format, rules=rules(78)))
    result.convert("RGB").save(tmp_path / "result.png")
    with Image.open(source) as original:
        original.save(tmp_path / "source.png")
    assert 76.5 < compute_ssimulacra2(tmp_path / "source.png", tmp_path / "result.png") < 81
    assert value.size_bytes == (tmp_path / "work-a.jpg" / f"image.{image_format.replace('jpeg', 'jpg')}").stat().st_size
    assert value.saved_share > 0.3
    assert value.reason.startswith(f"saves {value.saved_share:.0%} of its bytes")


@pytest.mark.thorough
def test_a_higher_target_gives_a_larger_file(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg")
    low, high = (result_of(source, settings(rules=rules(quality)))[1] for quality in (60, 85))
    assert low.size_bytes and high.size_bytes and low.size_bytes < 0.6 * high.size_bytes
    assert low.ssimulacra2 and high.ssimulacra2 and low.ssimulacra2 < high.ssimulacra2


@pytest.mark.thorough
def test_pixels_are_given_up_only_as_far_as_the_goal_asks(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg", photo(640))
    _, kept = result_of(source, settings(rules=rules(70, reduction=0.3, side=300)))
    assert (kept.width, kept.height) == (kept.source_width, kept.source_height)
    image, shrunk = result_of(source, settings(rules=rules(70, reduction=0.9, side=300)))
    assert image.size == (shrunk.width, shrunk.height)
    assert 300 < image.width < 640
    assert shrunk.saved_share == pytest.approx(0.9, abs=0.05)
    assert image.width / image.height == pytest.approx(640 / photo(640).height, abs=0.01)


@pytest.mark.thorough
def test_no_image_gets_smaller_than_its_rule_allows(tmp_path: Path):
    image, value = result_of(jpeg(tmp_path / "a.jpg"), settings(rules=rules(80, reduction=0.98, side=400)))
    assert max(image.size) == 400
    assert "the goal of 98% is not met" in value.reason


@pytest.mark.thorough
def test_the_same_photo_gives_the_same_bytes(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg", photo(240))
    wanted = settings(format="avif")
    contents = []
    for _ in range(2):
        path, _ = compress(source, wanted)
        assert path is not None
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


# ------------------------------------------------------------------------------------------------- what is kept


@pytest.mark.thorough
@pytest.mark.parametrize("image_format", ["jpeg", "webp", "avif"])
def test_camera_time_place_and_profile_are_kept_and_the_orientation_is_applied_once(image_format: str, tmp_path: Path):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6" title="Munich"/></x:xmpmeta>'
    source = jpeg(tmp_path / "a.jpg", exif=exif(6), icc_profile=srgb_icc(), xmp=xmp)
    result, value = result_of(source, settings(format=image_format))
    tags = result.getexif()
    assert result.size == (photo().height, photo().width) == (value.source_width, value.source_height)
    assert tags.get(0x0112, 1) == 1
    assert difference(result, photo().transpose(Image.Transpose.ROTATE_270)) < 6
    assert tags[0x010F] == "Camera Works"
    inner = tags.get_ifd(0x8769)
    assert (inner[0x9003], inner[0x927C]) == ("2021:07:04 12:30:00", b"notes\0" * 9)
    assert (inner[0xA002], inner[0xA003]) == result.size
    assert tags.get_ifd(0x8825)[2] == (48.0, 8.0, 15.0)
    assert result.info["icc_profile"] == srgb_icc()
    assert b"Munich" in result.info["xmp"] and b"Orientation" not in result.info["xmp"]
    assert set(value.kept) == {"EXIF", "GPS", "XMP", "ICC profile"}
    assert value.lost == ()


@pytest.mark.thorough
def test_a_heic_photo_becomes_a_jpeg_that_stands_upright(tmp_path: Path):
    source = tmp_path / "a.heic"
    pillow_heif.from_pillow(photo()).save(source, quality=95, exif=exif(6).tobytes(), icc_profile=srgb_icc())
    result, value = result_of(source, settings(rules=rules(70), min_saving=0.0))
    assert value.source_format == "heic"
    assert result.size == (photo().height, photo().width)
    assert result.getexif().get(0x0112, 1) == 1
    assert difference(result, photo().transpose(Image.Transpose.ROTATE_270)) < 6
    assert set(value.kept) >= {"EXIF", "GPS", "ICC profile"}


@pytest.mark.thorough
def test_a_transparent_picture_gets_a_format_that_has_transparency(tmp_path: Path):
    picture = photo().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    picture.save(tmp_path / "a.png")
    result, value = result_of(tmp_path / "a.png", settings(alpha_format="webp"))
    assert (result.mode, value.format) == ("RGBA", "webp")
    alphas = [np.asarray(image.getchannel("A"), dtype=np.int16) for image in (picture, result)]
    assert np.abs(alphas[0] - alphas[1]).max() <= 8


@pytest.mark.thorough
def test_an_alpha_channel_that_hides_nothing_does_not_count(tmp_path: Path):
    photo().convert("RGBA").save(tmp_path / "a.png")
    assert result_of(tmp_path / "a.png")[1].format == "jpeg"


@pytest.mark.thorough
def test_a_palette_with_transparency_is_kept_transparent(tmp_path: Path):
    picture = photo().quantize(255)
    picture.putpalette([*(picture.getpalette() or ()), 0, 0, 0])
    picture.paste(255, (0, 0, 100, 100))
    picture.save(tmp_path / "a.png", transparency=255)
    result, _ = result_of(tmp_path / "a.png", settings(alpha_format="avif", rules=rules(60)))
    assert result.convert("RGBA").getpixel((50, 50))[3] < 16  # type: ignore[index]
    assert result.convert("RGBA").getpixel((400, 250))[3] > 240  # type: ignore[index]


@pytest.mark.thorough
def test_cmyk_becomes_srgb_and_the_loss_is_named(tmp_path: Path):
    result, value = result_of(jpeg(tmp_path / "a.jpg", photo().convert("CMYK")))
    assert result.mode == "RGB"
    assert difference(result, photo()) < 6
    assert value.lost == ("CMYK inks (converted to sRGB)",)


def test_the_profile_that_says_srgb_is_the_same_at_any_time():
    assert srgb_profile()[24:36] == bytes(12)
    assert ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())).profile.xcolor_space.strip() == "RGB"


@pytest.mark.thorough
def test_sixteen_bits_of_grey_keep_their_tones_and_the_loss_is_named(tmp_path: Path):
    grey = photo().convert("L")
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(tmp_path / "a.png")
    result, value = result_of(tmp_path / "a.png")
    assert difference(result, grey) < 6
    assert value.lost == ("16 bits per channel (8 are kept)",)


@pytest.mark.thorough
def test_sixteen_bits_of_colour_are_named_when_lost(tmp_path: Path):
    photo().save(tmp_path / "eight.png")
    media.ffmpeg("-i", tmp_path / "eight.png", "-pix_fmt", "rgb48be", tmp_path / "a.png")
    assert result_of(tmp_path / "a.png")[1].lost == ("16 bits per channel (8 are kept)",)


@pytest.mark.thorough
def test_a_gain_map_is_named_when_it_is_lost(tmp_path: Path):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a hdrgm:Version="1.0"/></x:xmpmeta>'
    source = jpeg(tmp_path / "a.jpg", xmp=xmp)
    result, value = result_of(source)
    assert (value.lost, value.kept) == (("HDR gain map",), ("XMP",))
    assert b"hdrgm" not in result.info["xmp"]


@pytest.mark.thorough
def test_captions_of_press_photos_are_kept_by_jpeg_and_named_by_others(tmp_path: Path):
    caption = b"\x1c\x02\x78\x00\x06Munich"
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + len(caption).to_bytes(4, "big") + caption + b"\x00"
    segment = b"\xff\xed" + (len(iptc) + 2).to_bytes(2, "big") + iptc
    source = jpeg(tmp_path / "a.jpg", extra=segment)
    result, value = result_of(source)
    assert result.info["photoshop"][0x0404] == caption
    assert value.lost == ()
    assert result_of(source, settings(format="webp"))[1].lost == ("IPTC",)


@pytest.mark.thorough
def test_damaged_exif_spoils_nothing_but_itself(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01")
    result, value = result_of(source)
    assert value.lost == ("EXIF (it ends too early)",)
    assert difference(result, photo()) < 6


# ------------------------------------------------------------------------------------------------- what is left


@pytest.mark.thorough
def test_a_photo_compressed_here_is_left_alone_the_second_time(tmp_path: Path):
    path = compress(jpeg(tmp_path / "a.jpg"))[0]
    assert path is not None
    again = path.rename(tmp_path / "again.jpg")
    second, left = compress(again)
    assert second is None
    assert left.reason == "was compressed here before, with the goal of 50%"
    assert (left.trials, left.rule) == (0, "test")


@pytest.mark.slow
def test_a_later_rule_counts_from_the_original(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg", photo(640))
    path = compress(source, settings(rules=rules(75, reduction=0.7, side=300)))[0]
    assert path is not None
    again = path.rename(tmp_path / "again.jpg")
    _, second = result_of(again, settings(rules=rules(75, reduction=0.9, side=300)))
    assert second.size_bytes == pytest.approx(0.1 * source.stat().st_size, rel=0.4)


@pytest.mark.thorough
def test_a_saving_too_small_is_not_worth_it(tmp_path: Path):
    path, value = compress(jpeg(tmp_path / "a.jpg", quality=80, subsampling=2), settings(rules=rules(92)))
    assert path is None
    assert value.reason.startswith("not worth it: jpeg at SSIMULACRA2 92 would save")
    assert value.trials > 0


def test_an_efficient_file_is_recognised_without_a_trial(tmp_path: Path):
    _, value = compress(jpeg(tmp_path / "a.jpg", quality=12, subsampling=2))
    assert "is efficient already" in value.reason
    assert value.trials == 0


@pytest.mark.thorough
def test_the_age_chooses_the_rule(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg")
    late = rules(60)[0].model_copy(update={"name": "late", "when": PictureCondition(older_than_years=5.0)})
    wanted = settings(rules=(late, *rules(80)))
    assert [compress(source, wanted, age)[1].rule for age in (None, 4.9, 5.0)] == ["test", "test", "late"]


def test_a_small_file_fits_no_rule(tmp_path: Path):
    _, value = compress(jpeg(tmp_path / "a.jpg", photo(200)), settings(rules=[{"name": "large only"}]))
    assert value.reason == "no rule fits its age and size"


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_what_moves_is_left_alone(ending: str, tmp_path: Path):
    frames = [photo(200, name) for name in ("china.jpg", "flower.jpg")]
    frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:], duration=100)
    path, value = compress(tmp_path / f"a.{ending}")
    assert path is None
    assert "moves (2 frames)" in value.reason or value.reason == "is GIF, a format that is left as it is"


@pytest.mark.thorough
def test_several_pictures_in_one_heic_are_left_alone(tmp_path: Path):
    file = pillow_heif.from_pillow(photo(400))
    file.add_from_pillow(photo(400, "flower.jpg"))
    file.save(tmp_path / "a.heic")
    assert "holds 2 pictures" in compress(tmp_path / "a.heic")[1].reason


def test_a_motion_photo_keeps_its_video(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg")
    with source.open("ab") as file:
        file.write(b"MotionPhoto_Data" + media.silent_video(tmp_path / "clip.mp4").read_bytes())
    assert "is a motion photo" in compress(source)[1].reason


def test_an_hdr_photo_is_left_alone(tmp_path: Path):
    media.ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=320x240", "-frames:v", 1, "-pix_fmt", "yuv420p10le"),
        *("-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"),
        *("-c:v", "libsvtav1", "-svtav1-params", "color-primaries=9:transfer-characteristics=16:matrix-coefficients=9"),
        tmp_path / "a.avif",
    )
    assert "is HDR10" in compress(tmp_path / "a.avif")[1].reason


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("colours", "reason"),
    [
        ({"color_primaries": 9, "transfer_characteristics": 18, "matrix_coefficients": 9}, "is HLG"),
        ({"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 6}, "has wide colours"),
    ],
)
def test_colours_that_only_a_heic_header_tells_are_not_lost(colours: dict[str, int], reason: str, tmp_path: Path):
    pillow_heif.from_pillow(photo()).save(tmp_path / "a.heic", quality=95, save_nclx_profile=True, **colours)
    assert compress(tmp_path / "a.heic")[1].reason.startswith(reason)


# ------------------------------------------------------------------------------------------------- what is bad


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_truncated_picture_is_bad_media(image_format: str, tmp_path: Path):
    whole = tmp_path / "whole"
    photo().save(whole, image_format, quality=95)
    found = probe(whole, Work(tmp_path)).media
    assert found is not None
    cut = tmp_path / "cut"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with pytest.raises(BadMedia, match=r"cannot be decoded|no picture that can be read"):
        compress_image(cut, found, None, settings(), Work(tmp_path))


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded(tmp_path: Path):
    with pytest.raises(BadMedia, match=r"has 480×320 pixels, more than the 0\.1 megapixels allowed"):
        compress(jpeg(tmp_path / "a.jpg"), settings(max_megapixels=0.1))


@pytest.mark.thorough
def test_a_decompression_bomb_is_bad_media(tmp_path: Path):
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(BadMedia, match="more pixels than any photo"), open_image(tmp_path / "bomb.png", 178):
        pass


def test_a_run_that_is_stopped_compresses_no_more(tmp_path: Path):
    source = jpeg(tmp_path / "a.jpg")
    work = Work(tmp_path)
    found = probe(source, work).media
    assert found is not None
    work.report = lambda _: work.cancelled.set()
    with pytest.raises(Cancelled):
        compress_image(source, found, None, settings(), work)
