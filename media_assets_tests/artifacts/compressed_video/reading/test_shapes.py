"""Pictures that change on their way, frames without a time, and layers that a decoder does not show."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from media_assets.artifacts.compressed_video.reading.layers import second_layer
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, clip, compress, result, scene

H264 = (*FAT, "-f", "h264")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "2", "-f", "mpegts")


def part(path: Path, size: str, *arguments: str, filters: str = "null") -> bytes:
    media.ffmpeg(*scene("motion", size, 1.0), "-vf", filters, *arguments, media.file_url(path))
    return path.read_bytes()


def changing(folder: Path, ending: str) -> Path:
    """A picture of 160x90 for a second and of 192x108 for another."""
    if ending == "ts":
        later = ("-output_ts_offset", "1", *MPEG2)
        data = part(folder / "a", "160x90", *MPEG2) + part(folder / "b", "192x108", *later)
        (folder / "both.ts").write_bytes(data)
        return folder / "both.ts"
    (folder / "both.h264").write_bytes(part(folder / "a", "160x90", *H264) + part(folder / "b", "192x108", *H264))
    media.ffmpeg("-r", "25", "-i", folder / "both.h264", "-c", "copy", media.file_url(folder / f"both.{ending}"))
    return folder / f"both.{ending}"


@pytest.mark.parametrize("ending", ["ts", "mkv", "mp4"])
def test_a_picture_that_changes_its_size_is_left_as_it_is(ending: str, tmp_path: Path):
    done = compress(changing(tmp_path, ending))
    assert done.value.reason == (
        "left as it is: its picture changes its size (160 × 90, then 192 × 108), and a result would have one"
    )


def test_a_broadcast_that_changes_the_shape_of_its_pixels_is_left_as_it_is(tmp_path: Path):
    second = part(tmp_path / "b", "160x90", "-output_ts_offset", "1", *MPEG2, filters="setdar=4/3")
    (tmp_path / "a.ts").write_bytes(part(tmp_path / "a", "160x90", *MPEG2, filters="setdar=16/9") + second)
    reason = compress(tmp_path / "a.ts").value.reason
    assert reason.startswith("left as it is: its picture changes the shape of its pixels (1:1, then 3:4)")


PQ = "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc"


@pytest.mark.parametrize(
    ("arguments", "filters", "change"),
    [
        ((), PQ, "its dynamic range (SDR, then PQ)"),
        (("-pix_fmt", "yuv420p10le"), "null", "its depth (8 bit, then 10 bit)"),
    ],
)
def test_a_picture_that_changes_its_colours_is_left_as_it_is(
    arguments: tuple[str, ...], filters: str, change: str, tmp_path: Path
):
    second = part(tmp_path / "b", "160x90", *FAT, *arguments, "-f", "h264", filters=filters)
    (tmp_path / "both.h264").write_bytes(part(tmp_path / "a", "160x90", *H264) + second)
    media.ffmpeg("-r", "25", "-i", tmp_path / "both.h264", "-c", "copy", media.file_url(tmp_path / "both.mkv"))
    reason = compress(tmp_path / "both.mkv").value.reason
    assert reason == f"left as it is: its picture changes {change}, and a result would have one"


def test_sound_that_changes_its_format_is_left_as_it_is(tmp_path: Path):
    """A copy in mp4 would play the second part too slowly."""
    for name, offset, arguments in (("a", "0", ("-ac", "2")), ("b", "1", ("-ac", "1", "-ar", "48000"))):
        sound = ("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", *arguments, "-output_ts_offset", offset)
        media.ffmpeg(*scene("motion", "160x90", 1.0), *sound, *FAT, "-f", "mpegts", media.file_url(tmp_path / name))
    (tmp_path / "both.ts").write_bytes((tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes())
    reason = compress(tmp_path / "both.ts").value.reason
    assert reason == (
        "left as it is: a sound track changes its format (2 channels at 44100 Hz, then 1 channel at 48000 Hz), and a "
        "copy of it would be played wrong"
    )


def broadcast(path: Path, codec: str, *layouts: str) -> Path:
    """A broadcast of 1 s for each layout of its sound."""
    joined = b""
    for number, layout in enumerate(layouts):
        sound = ("-f", "lavfi", "-i", "sine=duration=1:sample_rate=48000", "-c:a", codec, "-b:a", "384k")
        coded = ("-af", f"aformat=channel_layouts={layout}", "-output_ts_offset", str(number), "-f", "mpegts")
        part = path.with_name(str(number))
        media.ffmpeg(*scene("motion", "160x90", 1.0), *sound, *FAT, *coded, media.file_url(part))
        joined += part.read_bytes()
    path.write_bytes(joined)
    return path


@pytest.mark.parametrize(
    ("codec", "layouts"),
    [
        ("ac3", ("5.1", "stereo")),
        pytest.param("ac3", ("stereo", "mono"), marks=pytest.mark.thorough),
        pytest.param("eac3", ("stereo", "5.1"), marks=pytest.mark.thorough),
    ],
)
def test_dolby_sound_that_changes_its_channels_goes_where_each_frame_says_them(
    codec: str, layouts: tuple[str, ...], tmp_path: Path
):
    done = compress(broadcast(tmp_path / "a.ts", codec, *layouts))
    assert result(done).suffix == ".mkv"
    with av.open(str(result(done))) as container:
        told = {len(frame.layout.channels) for frame in container.decode(audio=0)}
    assert told == {av.AudioLayout(layout).nb_channels for layout in layouts}


@pytest.mark.thorough
def test_dolby_sound_that_changes_its_channels_is_not_put_into_mp4(tmp_path: Path):
    settings = QUICK.model_copy(update={"container": "mp4"})
    reason = compress(broadcast(tmp_path / "a.ts", "ac3", "5.1", "stereo"), settings).value.reason
    assert reason.startswith(
        "left as it is: a sound track changes its format (6 channels at 48000 Hz, then 2 channels at 48000 Hz)"
    )


@pytest.mark.thorough
@pytest.mark.parametrize(("codec", "layout"), [("ac3", "5.1"), ("eac3", "stereo")])
def test_dolby_sound_of_one_format_goes_into_mp4(codec: str, layout: str, tmp_path: Path):
    assert result(compress(broadcast(tmp_path / "a.ts", codec, layout, layout))).suffix == ".mp4"


def test_an_encrypted_picture_is_not_called_damaged(tmp_path: Path):
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "00" * 16, "-encryption_kid", "11" * 16)
    done = compress(clip(tmp_path / "a.mp4", *key, size="160x90", seconds=1.0))
    assert done.value.reason == "left as it is: its picture is encrypted (DRM), and cannot be decoded without its key"


@pytest.mark.parametrize("kind", ["h264", "hevc"])
def test_a_bare_stream_is_left_as_it_is_and_not_called_damaged(kind: str, tmp_path: Path):
    coded = {"h264": H264, "hevc": ("-c:v", "libx265", "-x265-params", "log-level=none", "-f", "hevc")}[kind]
    part(tmp_path / f"a.{kind}", "160x90", *coded)
    reason = compress(tmp_path / f"a.{kind}").value.reason
    assert reason.startswith("left as it is: nothing says when 25 of its frames are shown")


def test_frames_before_time_0_of_a_matroska_are_told_before_anything_is_encoded(tmp_path: Path):
    source = clip(
        tmp_path / "a.mkv", "-output_ts_offset", "-0.5", "-avoid_negative_ts", "disabled", size="160x90", seconds=1.0
    )
    done = compress(source)
    assert done.value.reason.startswith("left as it is: nothing says when 13 of its frames are shown")


GLASS = "format=yuva444p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='255*X/W'"


@pytest.mark.thorough
def test_transparency_in_a_second_layer_of_hevc_is_named(tmp_path: Path):
    coded = ("-c:v", "libx265", "-x265-params", "log-level=none:crf=4", "-pix_fmt", "yuva420p", "-tag:v", "hvc1")
    part(tmp_path / "a.mp4", "160x90", *coded, filters=GLASS)
    done = compress(tmp_path / "a.mp4")
    assert result(done)
    assert done.value.losses == ("transparency",)


def test_layers_are_told_by_the_units_of_a_picture():
    def unit(kind: int, layer: int, content: bytes = b"picture") -> bytes:
        return bytes([kind << 1 | layer >> 5, (layer & 31) << 3 | 1]) + content

    def coded(*units: bytes) -> bytes:
        return b"".join(b"\0\0\0\1" + one for one in units)

    alpha = unit(39, 0, b"\x05\x02ab\xa5\x01\0")
    assert second_layer(b"", coded(unit(19, 0))) is None
    assert second_layer(b"", coded(unit(19, 0), unit(19, 1))) == "other"
    assert second_layer(coded(alpha), coded(unit(19, 0), unit(19, 1))) == "alpha"
    assert second_layer(b"", coded(alpha, unit(19, 0), unit(19, 1))) == "alpha"
    assert second_layer(coded(alpha), coded(unit(19, 0))) is None
    for damaged in (b"", b"\1" * 30, b"\0\0\1", b"\1" + bytes(21) + b"\xff" * 9):
        assert second_layer(damaged, coded(unit(19, 0))) is None
        assert second_layer(damaged, b"\0\0") is None
