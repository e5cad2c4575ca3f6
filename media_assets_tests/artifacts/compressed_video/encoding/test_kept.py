"""What goes along with the picture: sound, subtitles, chapters, covers, data, tags; and that each loss is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest

from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import (
    FAT,
    QUICK,
    clip,
    compress,
    frames,
    payload,
    result,
    scene,
    times,
)

CREATED = "2019-07-20T20:17:40.000000Z"
PLACE = "+48.8577+002.2950/"


def described(path: Path) -> list[tuple[str, str, str | None, bool]]:
    """(type, codec, language, default) of each stream that is no cover and no list of chapters."""
    from media_assets.media.probe import probe
    from media_assets.work.work import Work

    found = probe(path, Work(path.parent)).media
    assert found is not None
    return [
        (s.type, s.codec, s.language, s.default) for s in found.streams if s.type != "data" and not s.attached_picture
    ]


def subtitles(path: Path) -> Path:
    path.write_text("1\n00:00:00,100 --> 00:00:00,600\nGood morning & <welcome>\n\n")
    return path


def chapters(path: Path) -> Path:
    text = ";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={start + 500}\ntitle=part {start}\n" for start in (0, 500)
    )
    path.write_text(text)
    return path


@pytest.fixture
def film(tmp_path: Path) -> list[str | Path]:
    """Inputs: picture, two sounds of different pitch, subtitles, chapters."""
    return [
        *scene("motion", "160x120", 1.0),
        *("-i", media.tone(tmp_path / "english.wav", 1.0, hertz=400)),
        *("-i", media.tone(tmp_path / "german.wav", 1.0, hertz=900)),
        *("-i", subtitles(tmp_path / "text.srt"), "-i", chapters(tmp_path / "chapters.txt")),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_chapters", "4", *FAT),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", "-metadata:s:s:0", "language=fre"),
        *("-disposition:a:0", "0", "-disposition:a:1", "default"),
    ]


def chapter_titles(path: Path) -> list[tuple[float, str]]:
    with av.open(str(path)) as container:
        return [(float(c["start"] * (c["time_base"] or 0)), c["metadata"]["title"]) for c in container.chapters()]


@pytest.mark.thorough
def test_tracks_languages_flags_subtitles_and_chapters_of_an_mp4_are_kept(film: list[str | Path], tmp_path: Path):
    source = tmp_path / "source.mp4"
    media.ffmpeg(*film, "-c:a", "aac", "-c:s", "mov_text", source)
    compressed = compress(source)
    made = result(compressed)
    assert made.suffix == ".mp4"
    assert described(made) == described(source)
    assert [payload(made, "audio", n) for n in (0, 1)] == [payload(source, "audio", n) for n in (0, 1)]
    assert b"Good morning" in payload(made, "subtitles")
    assert chapter_titles(made) == chapter_titles(source) == [(0.0, "part 0"), (0.5, "part 500")]
    assert compressed.value.losses == ()


@pytest.mark.thorough
def test_an_mkv_keeps_its_styled_subtitles_fonts_and_cover(film: list[str | Path], tmp_path: Path):
    source = tmp_path / "source.mkv"
    font = tmp_path / "font.ttf"
    font.write_bytes(b"glyphs" * 100)
    cover = media.picture(tmp_path / "cover.jpg")
    media.ffmpeg(
        *(*film, "-c:a", "libvorbis", "-c:s", "ass", "-attach", font, "-attach", cover),
        *("-metadata:s:t:0", "mimetype=application/x-truetype-font", "-metadata:s:t:1", "mimetype=image/jpeg"),
        source,
    )
    compressed = compress(source)
    made = result(compressed)
    assert made.suffix == ".mkv"
    assert described(made) == described(source)
    assert payload(made, "subtitles") == payload(source, "subtitles")
    assert payload(made, "audio", 1) == payload(source, "audio", 1)
    assert chapter_titles(made) == chapter_titles(source)
    with av.open(str(made)) as container:
        attached = [s for s in container.streams.video if s.disposition & av.stream.Disposition.attached_pic]
        assert [s.metadata["mimetype"] for s in attached] == ["image/jpeg"]
        fonts = [s for s in container.streams if s.type == "attachment"]
        assert [s.metadata["filename"] for s in fonts] == ["font.ttf"]
    assert font.read_bytes() in made.read_bytes()
    assert cover.read_bytes() in made.read_bytes()
    assert compressed.value.losses == ()


@pytest.mark.thorough
def test_a_container_that_cannot_hold_them_gives_named_losses(film: list[str | Path], tmp_path: Path):
    source = tmp_path / "source.mkv"
    (tmp_path / "font.ttf").write_bytes(b"glyphs")
    media.ffmpeg(
        *(*film, "-c:a:0", "libvorbis", "-c:a:1", "aac", "-c:s", "ass", "-attach", tmp_path / "font.ttf"),
        *("-metadata:s:t:0", "mimetype=application/x-truetype-font", source),
    )
    compressed = compress(source, QUICK.model_copy(update={"container": "mp4"}))
    assert [kind for kind, *_ in described(result(compressed))] == ["video", "audio", "subtitle"]
    assert compressed.value.losses == (
        "sound in stream 1 (eng) (mp4 does not hold vorbis)",
        "the styles of subtitles in stream 3 (fre) (mp4 has plain text)",
        "1 attachments (mp4 holds none)",
    )


@pytest.mark.thorough
def test_bitmap_subtitles_are_kept_in_mkv(tmp_path: Path):
    source = tmp_path / "source.mkv"
    media.ffmpeg(
        *(*scene("motion", "160x120", 1.0), "-i", subtitles(tmp_path / "text.srt")),
        *("-map", "0", "-map", "1", *FAT, "-c:s", "copy", tmp_path / "plain.mkv"),
    )
    # ffmpeg makes no bitmaps of text, so one is written by hand: a DVD's empty picture is enough.
    (tmp_path / "dvd.idx").write_text(
        "# VobSub index file, v7\nsize: 160x120\npalette: " + ", ".join(["000000"] * 16) + "\nid: en, index: 0\n"
        "timestamp: 00:00:00:100, filepos: 000000000\n"
    )
    (tmp_path / "dvd.sub").write_bytes(vob_subtitle())
    media.ffmpeg(
        *("-i", tmp_path / "plain.mkv", "-i", tmp_path / "dvd.idx"),
        *("-map", "0:v", "-map", "1:s", "-c", "copy", source),
    )
    made = result(compress(source))
    assert made.suffix == ".mkv"
    assert ("subtitle", "dvd_subtitle") in [stream[:2] for stream in described(made)]
    assert payload(made, "subtitles") == payload(source, "subtitles")


def vob_subtitle() -> bytes:
    """One MPEG program stream packet with a DVD subpicture of four lines."""
    picture = bytes.fromhex("0000")  # a line that is empty to its end, for each field
    control = bytes.fromhex("0000") + (6).to_bytes(2, "big") + bytes.fromhex("01ff")
    unit = (4 + len(picture) + len(control)).to_bytes(2, "big") + (4 + len(picture)).to_bytes(2, "big")
    unit += picture + control
    stamp = bytes.fromhex("2100014651")  # 9000 / 90000 s (ISO/IEC 13818-1, 2.4.3.7)
    header = bytes.fromhex("8180") + bytes([len(stamp)]) + stamp
    body = header + b"\x20" + unit
    pack = bytes.fromhex("000001ba44000400040100000303f8")[:14]
    packet = bytes.fromhex("000001bd") + len(body).to_bytes(2, "big") + body
    rest = 2048 - len(pack) - len(packet) - 6
    return pack + packet + bytes.fromhex("000001be") + rest.to_bytes(2, "big") + b"\xff" * rest


@pytest.mark.thorough
def test_the_cover_of_an_mp4_stays_a_cover(tmp_path: Path):
    cover = media.picture(tmp_path / "cover.png")
    plain = media.video(tmp_path / "plain.mp4", 1.0, *FAT, "-c:a", "aac")
    source = tmp_path / "source.mp4"
    media.ffmpeg(
        "-i", plain, "-i", cover, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v:1", "attached_pic", source
    )
    made = result(compress(source))
    with av.open(str(made)) as container:
        pictures = container.streams.video
        assert [bool(s.disposition & av.stream.Disposition.attached_pic) for s in pictures] == [False, True]
    assert payload(made, "video", 1) == payload(source, "video", 1) == cover.read_bytes()


@pytest.mark.thorough
def test_creation_time_place_and_title_are_kept(tmp_path: Path):
    tags = {"creation_time": CREATED, "location": PLACE, "title": "Moon", "comment": "one step"}
    arguments = [text for name, value in tags.items() for text in ("-metadata", f"{name}={value}")]
    source = clip(tmp_path / "source.mp4", *arguments, seconds=1.0)
    compressed = compress(source)
    with av.open(str(result(compressed))) as container:
        assert {name: container.metadata.get(name) for name in tags} == tags
    assert compressed.value.losses == ()
    compressed = compress(source, QUICK.model_copy(update={"container": "mkv"}))
    with av.open(str(result(compressed))) as container:
        found = {name.lower(): value for name, value in container.metadata.items()}
    assert {name: found.get(name) for name in tags} == tags
    assert compressed.value.losses == ()


@pytest.mark.thorough
def test_the_tags_of_a_phone_are_kept(tmp_path: Path):
    tags = {
        "com.apple.quicktime.location.ISO6709": "+48.8577+002.2950+035.000/",
        "com.apple.quicktime.creationdate": "2019-07-20T22:17:40+0200",
        "com.apple.quicktime.model": "iPhone 11",
    }
    arguments = [text for name, value in tags.items() for text in ("-metadata", f"{name}={value}")]
    source = clip(tmp_path / "source.mov", "-movflags", "use_metadata_tags", *arguments, seconds=1.0)
    compressed = compress(source)
    with av.open(str(result(compressed))) as container:
        assert {name: container.metadata.get(name) for name in tags} == tags
        assert "major_brand" not in container.metadata or container.metadata["major_brand"] == "isom"
    again = tmp_path / "again.mp4"
    shutil.copy(result(compressed), again)
    assert "media-assets made it" in compress(again).value.reason
    assert compressed.value.losses == ()


@pytest.mark.thorough
def test_sensor_data_of_a_camera_is_kept_and_what_cannot_be_is_named(tmp_path: Path):
    """A subtitle track whose four characters are changed to those of GoPro's and of Apple's data."""
    plain = tmp_path / "plain.mp4"
    media.ffmpeg(
        *(*scene("motion", "160x120", 1.0), "-i", subtitles(tmp_path / "text.srt")),
        *("-map", "0", "-map", "1", *FAT, "-c:s", "mov_text", plain),
    )
    for name, kept in (("gpmd", True), ("mebx", False)):
        source = tmp_path / f"{name}.mp4"
        data = plain.read_bytes()
        assert data.count(b"tx3g") == data.count(b"sbtl") == 1
        source.write_bytes(data.replace(b"tx3g", name.encode()).replace(b"sbtl", b"meta"))
        compressed = compress(source)
        made = result(compressed)
        assert (name.encode() in made.read_bytes()) is kept
        if kept:
            assert payload(made, "data") == payload(source, "data")
            assert b"Good morning" in payload(made, "data")
            assert compressed.value.losses == ()
        else:
            assert compressed.value.losses == ("Apple's timed metadata (mebx)",)


@pytest.mark.thorough
def test_sound_that_starts_late_still_does(tmp_path: Path):
    beep = media.beep(tmp_path / "beep.wav", 0.5, 1.5)
    source = tmp_path / "source.mkv"
    media.ffmpeg(
        *(*scene("motion", "160x120", 2.0), "-itsoffset", "0.4", "-i", beep),
        *("-map", "0", "-map", "1", *FAT, "-c:a", "aac", source),
    )
    made = result(compress(source))
    assert media.beep_seconds(media.samples(made)) == pytest.approx(media.beep_seconds(media.samples(source)), abs=0.03)
    assert media.beep_seconds(media.samples(made)) == pytest.approx(0.9, abs=0.05)


@pytest.mark.thorough
@pytest.mark.parametrize("codec", ["x264", "x265", "svt-av1"])
def test_every_frame_keeps_its_time_when_the_rate_varies(codec: str, tmp_path: Path):
    vary = "settb=1/90000,select='not(mod(n,3))+lt(mod(n,7),2)',setpts='PTS+417*mod(N,3)'"
    source = clip(
        tmp_path / "source.mp4",
        *("-vf", vary, "-fps_mode", "passthrough", "-enc_time_base", "1/90000", "-video_track_timescale", "90000"),
        seconds=2.0,
    )
    preset = {"x264": "ultrafast", "x265": "ultrafast", "svt-av1": "12"}[codec]
    settings = VideoCompressionSettings.model_validate(
        {"codec": codec, "preset": preset, "crf": 30, "min_saved_share": 0.0}
    )
    made = result(compress(source, settings))
    assert times(made) == pytest.approx(times(source), abs=1e-4)
    assert len(frames(made)) == len(times(source)) > 20


@pytest.mark.thorough
def test_an_old_avi_without_time_stamps_loses_no_frame(tmp_path: Path):
    source = tmp_path / "source.avi"
    media.video(source, 2.0, "-c:v", "mpeg4", "-q:v", "2", "-bf", "2", "-c:a", "mp3")
    made = result(compress(source))
    assert len(frames(made)) == len(frames(source)) == 50
    assert times(made)[-1] == pytest.approx(1.96, abs=0.05)


@pytest.mark.thorough
def test_the_sound_of_quicktime_is_kept_and_what_no_container_holds_leaves_the_original(tmp_path: Path):
    inputs = (*scene("motion", "160x120", 0.4), "-i", media.tone(tmp_path / "tone.wav", 0.4), *FAT)
    old = tmp_path / "old.mov"
    media.ffmpeg(*inputs, "-c:a", "adpcm_ima_qt", media.file_url(old))
    made = result(compress(old))
    assert payload(made, "audio") == payload(old, "audio")
    disc = tmp_path / "disc.m2ts"
    media.ffmpeg(*inputs, "-c:a", "pcm_bluray", "-ar", "48000", "-ac", "2", media.file_url(disc))
    left = compress(disc)
    assert left.path is None
    assert "left as it is: mkv does not hold all that is in it" in left.value.reason
    assert "pcm_bluray" in left.value.reason


@pytest.mark.thorough
def test_a_cover_of_another_kind_than_it_says_is_kept(tmp_path: Path):
    cover = media.picture(tmp_path / "cover.jpg")
    source = tmp_path / "source.mkv"
    attached = ("-attach", cover, "-metadata:s:t", "mimetype=image/png")
    media.ffmpeg(*scene("motion", "160x120", 0.4), *FAT, *attached, media.file_url(source))
    made = result(compress(source))
    assert cover.read_bytes() in made.read_bytes()
    in_mp4 = compress(source, QUICK.model_copy(update={"container": "mp4"}))
    assert any("the cover in stream 1" in loss for loss in in_mp4.value.losses)


@pytest.mark.parametrize("size", ["2x2", "17x13", "16x200"])
def test_a_picture_too_small_to_be_measured_is_left_as_it_is(size: str, tmp_path: Path):
    source = tmp_path / "source.mkv"
    picture = ("-f", "lavfi", "-i", f"testsrc=size={size}:rate=25:duration=0.4")
    media.ffmpeg(*picture, "-c:v", "ffv1", media.file_url(source))
    left = compress(source)
    assert left.path is None
    assert "left as it is: the quality of" in left.value.reason
