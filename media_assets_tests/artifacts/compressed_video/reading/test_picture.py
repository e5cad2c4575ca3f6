"""Shape and colours of the picture: rotation, odd sizes, pixels that are not square, fields, HDR. Read back by PyAV."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type

from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings, VideoRule
from media_assets.media.info import MediaInfo
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, clip, compress, frames, result, scene, vmaf

MASTER = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
PQ, HLG, BT709 = 16, 18, 1


def settings(codec: str, **changes: Any) -> VideoCompressionSettings:
    preset = "12" if codec == "svt-av1" else "ultrafast"
    return VideoCompressionSettings.model_validate(
        {"codec": codec, "preset": preset, "crf": 30, "min_saved_share": 0.0, **changes}
    )


def hdr_clip(path: Path, transfer: str = "smpte2084") -> Path:
    light = f":hdr10=1:repeat-headers=1:master-display={MASTER}:max-cll=1000,400" if transfer == "smpte2084" else ""
    tags = f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc"
    media.ffmpeg(
        *(*scene("motion", "160x120", 1.0), "-vf", f"format=yuv420p10le,{tags}", "-c:v", "libx265"),
        *("-preset", "ultrafast", "-crf", "4", "-x265-params", f"log-level=none{light}", "-tag:v", "hvc1", path),
    )
    return path


def colours(path: Path) -> tuple[int, int, int, str]:
    """(primaries, transfer, matrix, pixel format)."""
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return context.color_primaries, context.color_trc, context.colorspace, str(context.pix_fmt)


def light_of(path: Path) -> dict[str, list[float]]:
    """Mastering display (x and y of red, green, blue, white, then the luminances) and light levels, by frame 1."""
    found: dict[str, list[float]] = {}
    for data in frames(path)[0].side_data:
        if data.type == Type.MASTERING_DISPLAY_METADATA:
            numbers = struct.unpack("=20i", bytes(data)[:80])
            found["master"] = [up / down for up, down in zip(numbers[::2], numbers[1::2], strict=True)]
        if data.type == Type.CONTENT_LIGHT_LEVEL:
            found["light"] = list(struct.unpack("=2I", bytes(data)[:8]))
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("codec", ["x265", "svt-av1"])
def test_hdr10_is_kept_whole(codec: str, tmp_path: Path):
    source = hdr_clip(tmp_path / "source.mp4")
    compressed = compress(source, settings(codec, crf=None, efficient_bits_per_pixel={}))
    made = result(compressed)
    assert colours(made) == colours(source) == (9, PQ, 9, "yuv420p10le")
    expected, found = light_of(source), light_of(made)
    assert found["light"] == expected["light"] == [1000, 400]
    assert found["master"] == pytest.approx(expected["master"], abs=2e-4)
    assert found["master"][-1] == pytest.approx(1000)
    assert compressed.value.losses == ()
    scores = vmaf(made, source)
    assert compressed.value.vmaf is not None
    assert compressed.value.vmaf.mean == pytest.approx(sum(scores) / len(scores), abs=0.05)
    trial = next(trial for trial in compressed.value.trials if trial.crf == compressed.value.crf)
    assert trial.vmaf.mean == pytest.approx(compressed.value.vmaf.mean, abs=0.05)


@pytest.mark.thorough
def test_hlg_is_kept_whole(tmp_path: Path):
    compressed = compress(hdr_clip(tmp_path / "source.mp4", "arib-std-b67"), settings("x265"))
    assert colours(result(compressed)) == (9, HLG, 9, "yuv420p10le")
    assert compressed.value.losses == ()


@pytest.mark.thorough
@pytest.mark.parametrize(("codec", "depth"), [("x264", None), ("x265", 8), ("svt-av1", 8)])
@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_with_8_bit_hdr_becomes_sdr_and_is_no_longer_tagged(
    codec: str, depth: int | None, transfer: str, tmp_path: Path
):
    source = hdr_clip(tmp_path / "source.mp4", transfer)
    compressed = compress(source, settings(codec, bit_depth=depth))
    made = result(compressed)
    assert colours(made) == (BT709, BT709, BT709, "yuv420p")
    assert light_of(made) == {}
    name = "HDR10" if transfer == "smpte2084" else "HLG"
    assert compressed.value.losses == (f"{name} (tone-mapped to standard dynamic range)", "10 bit (now 8)")
    brightness = frames(made)[0].to_ndarray(format="gray").mean()
    assert 40 < brightness < 215


@pytest.mark.thorough
def test_the_base_layer_of_dolby_vision_is_kept_and_the_loss_is_named(tmp_path: Path):
    source = hdr_clip(tmp_path / "source.mp4")
    compressed = compress(source, settings("x265"), info=as_dolby_vision(source))
    assert colours(result(compressed))[1] == PQ
    assert compressed.value.losses == ("Dolby Vision (its base layer is kept)",)


def test_dolby_vision_without_a_base_layer_is_left_alone(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", seconds=1.0)
    value = compress(source, settings("x265"), info=as_dolby_vision(source)).value
    assert "profile 5" in value.reason
    assert not value.compressed


def as_dolby_vision(path: Path) -> MediaInfo:
    """A probe that has seen the configuration that no free encoder writes."""
    found = probe(path, Work(path.parent)).media
    assert found is not None
    stream = found.streams[0].model_copy(update={"hdr": "Dolby Vision"})
    return found.model_copy(update={"streams": (stream, *found.streams[1:])})


@pytest.mark.thorough
def test_ten_bits_without_hdr_are_kept_where_the_codec_has_them(tmp_path: Path):
    source = tmp_path / "source.mkv"
    media.ffmpeg(*scene("motion", "160x120", 1.0), "-c:v", "ffv1", "-pix_fmt", "yuv422p10le", source)
    compressed = compress(source, settings("x265"))
    assert colours(result(compressed))[3] == "yuv420p10le"
    assert compressed.value.losses == ("4:2:2 colour (now 4:2:0)",)
    compressed = compress(source, settings("x264"))
    assert colours(result(compressed))[3] == "yuv420p"
    assert compressed.value.losses == ("10 bit (now 8)", "4:2:2 colour (now 4:2:0)")


@pytest.mark.thorough
@pytest.mark.parametrize("tags", ["colorspace=bt709:range=limited", "colorspace=smpte170m:range=full"])
def test_tags_of_colour_and_range_change_neither_pixels_nor_their_measure(tags: str, tmp_path: Path):
    source = clip(tmp_path / "source.mp4", "-vf", f"format=yuv420p,setparams={tags}", kind="noise", seconds=1.0)
    compressed = compress(source, settings("x264", crf=None))
    assert colours(result(compressed)) == colours(source)
    bare = [tmp_path / "bare-source.mkv", tmp_path / "bare-result.mkv"]
    for path, untagged in zip((source, result(compressed)), bare, strict=True):
        strip = "h264_metadata=matrix_coefficients=2:video_full_range_flag=0"
        media.ffmpeg("-i", path, "-c", "copy", "-bsf:v", strip, untagged)
    scores = vmaf(bare[1], bare[0])
    assert compressed.value.vmaf is not None
    assert 95 <= compressed.value.vmaf.mean == pytest.approx(sum(scores) / len(scores), abs=0.02)
    trial = next(trial for trial in compressed.value.trials if trial.crf == compressed.value.crf)
    assert trial.vmaf.mean == pytest.approx(compressed.value.vmaf.mean, abs=0.02)


@pytest.mark.thorough
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_rotation_is_applied_once(degrees: int, tmp_path: Path):
    upright = clip(tmp_path / "upright.mp4", size="160x120", seconds=1.0)
    source = tmp_path / "source.mp4"
    media.ffmpeg("-display_rotation", degrees, "-i", upright, "-c", "copy", source)
    made = result(compress(source))
    turns = {90: "transpose=2", 180: "hflip,vflip", 270: "transpose=1"}
    picture = frames(made)[0]
    assert picture.rotation == 0
    assert (picture.width, picture.height) == ((160, 120) if degrees == 180 else (120, 160))
    turned = tmp_path / "turned.mkv"
    media.ffmpeg("-i", upright, "-vf", turns[degrees], "-c:v", "ffv1", turned)
    difference = picture.to_ndarray(format="gray").astype(int) - frames(turned)[0].to_ndarray(format="gray")
    assert np.abs(difference).mean() < 6


def test_a_picture_that_is_turned_aslant_is_left_as_it_is(tmp_path: Path):
    upright = clip(tmp_path / "upright.mp4", size="160x120", seconds=0.4)
    source = tmp_path / "source.mp4"
    media.ffmpeg("-display_rotation", 30, "-i", upright, "-c", "copy", source)
    left = compress(source)
    assert left.path is None
    assert "and a result would lose its corners" in left.value.reason


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("size", "lost"), [("161x120", ["the last column of 161"]), ("160x121", ["the last line of 121"]), ("160x120", [])]
)
def test_a_line_or_column_that_is_cut_off_is_named_as_lost(size: str, lost: list[str], tmp_path: Path):
    source = tmp_path / "source.mkv"
    media.ffmpeg(*scene("noise", size, 0.4), "-c:v", "ffv1", "-pix_fmt", "yuv420p", source)
    named = compress(source).value.losses
    assert [loss.partition(" (")[0] for loss in named if loss.startswith("the last")] == lost


@pytest.mark.thorough
def test_a_tall_picture_is_judged_by_its_shorter_side(tmp_path: Path):
    wide = clip(tmp_path / "wide.mp4", size="320x180", seconds=1.0)
    source = tmp_path / "source.mp4"
    media.ffmpeg("-display_rotation", 90, "-i", wide, "-c", "copy", source)
    picture = frames(result(compress(source, settings("x264", rules=(VideoRule(max_lines=90),)))))[0]
    assert (picture.width, picture.height) == (90, 160)


@pytest.mark.thorough
def test_an_odd_size_becomes_even_without_touching_other_pixels(tmp_path: Path):
    source = tmp_path / "source.mkv"
    media.ffmpeg(*scene("noise", "161x121", 1.0), "-c:v", "ffv1", "-pix_fmt", "yuv444p", source)
    made = result(compress(source, settings("x264", crf=4)))
    pictures = [frames(path)[0].to_ndarray(format="gray").astype(int) for path in (source, made)]
    assert pictures[1].shape == (120, 160)
    assert np.abs(pictures[0][:120, :160] - pictures[1]).mean() < 2


@pytest.mark.thorough
@pytest.mark.parametrize("lines", [576, 288])
def test_pixels_that_are_not_square_stay_so(lines: int, tmp_path: Path):
    source = clip(tmp_path / "source.mp4", "-vf", "setsar=64/45", size="720x576", seconds=0.5)
    with av.open(str(result(compress(source, settings("x264", rules=(VideoRule(max_lines=lines),)))))) as container:
        stream = container.streams.video[0]
        assert stream.height == lines
        assert Fraction(stream.sample_aspect_ratio or 1) * stream.width / stream.height == Fraction(16, 9)


@pytest.mark.thorough
def test_square_pixels_stay_square_when_a_size_is_rounded(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", size="322x182", seconds=0.5)
    made = result(compress(source, settings("x264", rules=(VideoRule(max_lines=100),))))
    with av.open(str(made)) as container:
        assert (container.streams.video[0].sample_aspect_ratio or 1) == 1


@pytest.mark.thorough
def test_fields_are_joined_to_frames(tmp_path: Path):
    source = tmp_path / "source.mp4"
    media.ffmpeg(
        *scene("motion", "160x120", 1.0, rate=50),
        "-vf",
        "tinterlace=interleave_top,fieldorder=tff",
        *(*FAT, "-flags", "+ildct+ilme", source),
    )
    assert frames(source)[0].interlaced_frame
    compressed = compress(source)
    assert not any(frame.interlaced_frame for frame in frames(result(compressed)))
    assert len(frames(result(compressed))) == len(frames(source))
    assert compressed.value.losses == ("interlacing (fields were joined to frames)",)


@pytest.mark.thorough
def test_a_transparent_picture_loses_that_and_says_so(tmp_path: Path):
    source = tmp_path / "source.mkv"
    media.ffmpeg(*scene("motion", "160x120", 0.5), "-pix_fmt", "yuva420p", "-c:v", "ffv1", source)
    assert compress(source, QUICK).value.losses == ("transparency",)
