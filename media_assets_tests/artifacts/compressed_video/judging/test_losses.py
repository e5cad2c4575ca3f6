"""Whatever a source carries beside picture and sound is found in its result or is named as lost."""

from __future__ import annotations

import struct
from pathlib import Path
from uuid import UUID

import av
import pytest

from media_assets.artifacts.compressed_video.reading.inventory import take_inventory
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.boxed import ENTRY, box, captioned, inside, plain
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, clip, compress, frames, result, scene
from media_assets_tests.matroska import with_webvtt

C2PA = UUID("d8fec3d6-1b0e-483c-9297-5828877ec481").bytes


def of_codec(codec: str) -> VideoCompressionSettings:
    preset = {"x264": "ultrafast", "x265": "ultrafast", "svt-av1": "12"}[codec]
    return QUICK.model_validate({**QUICK.model_dump(), "codec": codec, "preset": preset})


def lost(source: Path, settings: VideoCompressionSettings = QUICK) -> tuple[str, ...]:
    compressed = compress(source, settings)
    result(compressed)
    return compressed.value.losses


@pytest.mark.thorough
def test_subtitles_with_styles_that_ffmpeg_does_not_know_are_named_as_lost(tmp_path: Path):
    said = tmp_path / "said.srt"
    said.write_text("1\n00:00:00,200 --> 00:00:00,800\nHello\n")
    media.ffmpeg(*scene("motion", "160x90", 1.0), "-i", said, *FAT, "-c:s", "subrip", tmp_path / "plain.mkv")
    source = with_webvtt(tmp_path / "plain.mkv", tmp_path / "a.mkv", "WEBVTT\n\nSTYLE\n::cue { color: lime }\n")
    assert lost(source) == ("subtitles in stream 1 (in a format that ffmpeg does not know, as WebVTT with styles)",)


@pytest.mark.thorough
@pytest.mark.parametrize(("codec", "kept"), [("x264", True), ("x265", True), ("svt-av1", False)])
def test_captions_inside_the_picture_are_kept_or_their_loss_is_named(codec: str, kept: bool, tmp_path: Path):
    plain(tmp_path / "plain.mp4", "-bf", "0")
    source = captioned(tmp_path / "plain.mp4", tmp_path / "source.mp4")
    compressed = compress(source, of_codec(codec))
    carried = any(data.type.name == "A53_CC" for frame in frames(result(compressed)) for data in frame.side_data)
    assert carried is kept
    assert compressed.value.losses == (() if kept else ("the captions in the picture (EIA-608, CEA-708)",))


@pytest.mark.thorough
@pytest.mark.parametrize("codec", ["libvpx-vp9", "libvpx"])
def test_the_transparency_of_a_webm_is_named_as_lost(codec: str, tmp_path: Path):
    source = tmp_path / "source.webm"
    media.ffmpeg(
        *scene("motion", "160x96", 1.0),
        *("-vf", "format=yuva420p", "-c:v", codec, "-auto-alt-ref", "0", "-crf", "4", "-b:v", "4M", source),
    )
    assert "transparency" in lost(source)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("trailer", "named"),
    [
        (bytes(range(256)) * 4 + b"8db42d694ccc418790edff439fe026bf", "Insta360's data behind the index (1,056 bytes)"),
        (b"\0\0\x01\x0aImage_UTC_Data1546SEFH" + bytes(20) + b"SEFT", "Samsung's notes behind the index (50 bytes)"),
        (b"some notes of a camera, of whatever kind they are", "49 bytes of unknown kind behind the index"),
        (box(b"sefd", bytes(64)), "sefd"),
        (box(b"uuid", C2PA, bytes(64)), "content credentials (C2PA), void for another picture"),
        (box(b"uuid", b"0123456789abcdef", bytes(64)), "uuid 30313233-3435-3637-3839-616263646566"),
        (bytes(4096), None),
        (box(b"free", bytes(64)), None),
    ],
)
def test_what_stands_behind_the_index_is_named_as_lost(trailer: bytes, named: str | None, tmp_path: Path):
    source = tmp_path / "source.mp4"
    source.write_bytes(plain(source, seconds=0.4) + trailer)
    assert lost(source) == ((named,) if named else ())


@pytest.mark.thorough
def test_what_stands_behind_an_mkv_and_beside_the_films_of_an_avi_is_named_as_lost(tmp_path: Path):
    source = clip(tmp_path / "source.mkv", seconds=0.4)
    assert lost(source) == ()
    source.write_bytes(source.read_bytes() + b"notes that somebody has put behind it")
    assert lost(source) == ("37 bytes of unknown kind behind the index",)
    source = tmp_path / "source.avi"
    media.video(source, 0.4, "-c:v", "mjpeg", "-q:v", "1", "-an")
    assert lost(source) == ()
    data = bytearray(source.read_bytes())
    xmp = b"_PMX" + struct.pack("<I", 12) + b"<x:xmpmeta/>"
    struct.pack_into("<I", data, 4, len(data) - 8 + len(xmp))
    source.write_bytes(bytes(data) + xmp)
    assert lost(source) == ("XMP",)


@pytest.mark.thorough
def test_a_dash_cams_positions_and_a_tracks_boxes_are_named_as_lost(tmp_path: Path):
    source = tmp_path / "source.mp4"
    data = inside(plain(source, seconds=0.4), (b"moov",), box(b"gps ", bytes(24)))
    source.write_bytes(inside(data, (b"moov", b"trak"), box(b"uuid", b"0123456789abcdef", bytes(8))))
    assert lost(source) == (
        "uuid 30313233-3435-3637-3839-616263646566 among the data of a track",
        "gps in the index",
    )


@pytest.mark.thorough
def test_tags_titles_and_purposes_that_the_container_does_not_hold_are_named(tmp_path: Path):
    source = tmp_path / "source.mkv"
    media.ffmpeg(
        *(*scene("motion", "160x96", 1.0), "-i", media.tone(tmp_path / "tone.wav", 1.0), "-map", "0", "-map", "1"),
        *(*FAT, "-c:a", "aac", "-metadata", "scene=12b", "-metadata", "title=Moon", "-metadata:s:a:0", "take=3"),
        *("-metadata:s:a:0", "language=pt-BR", "-disposition:a:0", "default+visual_impaired", source),
    )
    assert lost(source, QUICK.model_copy(update={"container": "mkv"})) == ()
    found = lost(source, QUICK.model_copy(update={"container": "mp4"}))
    assert "the tag scene" in found
    assert "of stream 1 the tag take" in found
    assert "the language of stream 1 (pt-br)" in found
    assert not any("title" in what for what in found)


@pytest.mark.thorough
def test_the_timecode_of_a_recording_is_kept_or_named(tmp_path: Path):
    source = clip(tmp_path / "source.mov", "-timecode", "10:20:30:00", seconds=0.4)
    for container in ("mp4", "mkv"):
        compressed = compress(source, QUICK.model_copy(update={"container": container}))
        with av.open(str(result(compressed))) as made:
            told = [*made.metadata.items(), *(item for stream in made.streams for item in stream.metadata.items())]
        kept = "10:20:30:00" in dict(told).values()
        assert kept is not any("timecode" in what for what in compressed.value.losses)


@pytest.mark.thorough
def test_notes_of_another_program_in_the_picture_are_named_as_lost(tmp_path: Path):
    source = clip(
        tmp_path / "source.mp4",
        *("-bsf:v", "h264_metadata=sei_user_data=30313233-3435-3637-3839-616263646566+speed 40"),
        seconds=0.4,
    )
    assert lost(source) == ("user data of another program in the picture (SEI 30313233-3435-3637-3839-616263646566)",)


@pytest.mark.thorough
def test_motion_jpeg_whose_frames_hold_exif_is_compressed_and_the_loss_is_named(tmp_path: Path):
    """PyAV reads no side data of a frame that has a kind it does not know."""
    from PIL import Image

    for number in range(10):
        picture = Image.effect_noise((160, 96), 40).convert("RGB")
        exif = picture.getexif()
        exif[271] = "Camera"
        picture.save(tmp_path / f"frame{number}.jpg", exif=exif, quality=95)
    source = tmp_path / "source.avi"
    media.ffmpeg("-framerate", "25", "-i", tmp_path / "frame%d.jpg", "-c", "copy", source)
    assert lost(source) == ("the EXIF data of the frames",)


def test_a_spatial_video_and_a_second_recording_in_the_file_are_left_as_they_are(tmp_path: Path):
    source = tmp_path / "source.mp4"
    data = plain(source, seconds=0.4)
    source.write_bytes(inside(data, ENTRY, box(b"lhvC", bytes(16))))
    value = compress(source).value
    assert value.reason.startswith("left as it is: it holds a second view (spatial video, MV-HEVC)")
    source.write_bytes(data * 2)
    assert compress(source).value.reason.startswith("left as it is: another recording follows behind it")


@pytest.mark.parametrize("ending", ["flv", "mkv", "webm"])
def test_a_second_recording_of_which_ffmpeg_reads_nothing_is_not_lost(ending: str, tmp_path: Path):
    source = tmp_path / f"source.{ending}"
    codec = ("-c:v", "libvpx") if ending == "webm" else ("-c:v", "libx264")
    source.write_bytes(clip(source, *codec, seconds=0.4).read_bytes() * 2)
    reason = compress(source).value.reason
    assert reason.startswith(("left as it is: another recording", "left as it is: the clock of its picture goes back"))


@pytest.mark.thorough
@pytest.mark.parametrize("what", ["boxes of a camera", "boxes behind the index", "keys"])
def test_a_hostile_number_of_things_is_looked_at_with_bounds(what: str, tmp_path: Path):
    source = tmp_path / "source.mp4"
    data = plain(source, seconds=0.2)
    if what == "boxes of a camera":
        many = b"".join(box(struct.pack(">I", 0x41414141 + number)) for number in range(300_000))
        source.write_bytes(inside(data, (b"moov",), box(b"udta", many)))
    elif what == "keys":
        keys = b"".join(box(b"mdta", b"k%d" % number) for number in range(300_000))
        content = (bytes(4), box(b"hdlr", bytes(24)), box(b"keys", bytes(8), keys))
        source.write_bytes(inside(data, (b"moov",), box(b"meta", *content)))
    else:
        source.write_bytes(data + box(b"uuid", bytes(16)) * 300_000)
    work = Work(tmp_path, time_limit_seconds=20)
    assert 0 < len(take_inventory(source, 0, work).extras) <= 100


@pytest.mark.thorough
def test_the_titles_of_tracks_are_kept_in_every_container(tmp_path: Path):
    first = tmp_path / "first.mkv"
    tone = media.tone(tmp_path / "tone.wav", 0.4)
    titles = ("-metadata:s:v:0", "title=Main", "-metadata:s:a:0", "title=Commentary")
    media.ffmpeg(
        *scene("motion", "160x96", 0.4), "-i", tone, "-map", "0", "-map", "1", *FAT, "-c:a", "aac", *titles, first
    )
    second = result(compress(first))
    assert second.suffix == ".mp4"
    source = tmp_path / "source.mp4"
    media.ffmpeg("-i", first, "-map", "0", "-c", "copy", source)
    for path, container in ((first, "mp4"), (source, "mp4"), (source, "mkv")):
        compressed = compress(path, QUICK.model_copy(update={"container": container}))
        assert compressed.value.losses == ()
        with av.open(str(result(compressed))) as made:
            told = [stream.metadata.get("title") or stream.metadata.get("name") for stream in made.streams]
        assert told == ["Main", "Commentary"]
