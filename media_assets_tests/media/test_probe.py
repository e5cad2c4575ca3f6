"""What a file is, and every field of what is in it, judged by content."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from media_assets.base.errors import BadMedia, Cancelled, TimeLimitExceeded
from media_assets.media.info import MediaInfo, MediaKind, Stream
from media_assets.media.probe import IncompleteMedia, Probe, probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.media.names import NAMES, awkward

TEN_BIT = ("-pix_fmt", "yuv420p10le", "-c:v", "libx265")
PQ = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
HLG = "log-level=none:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"


def look(path: Path) -> Probe:
    return probe(path, Work(path.parent))


def look_inside(path: Path) -> MediaInfo:
    found = look(path).media
    assert found is not None
    return found


def picture_of(path: Path) -> Stream:
    return look_inside(path).video_streams[0]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def clip(clips: Path) -> Path:
    return media.video(clips / "clip.mp4", 2.0)


# ------------------------------------------------------------------------------------------------- kinds


@pytest.mark.parametrize(
    ("name", "kind", "mime_type"),
    [
        ("v.mp4", MediaKind.VIDEO, "video/mp4"),
        ("v.mov", MediaKind.VIDEO, "video/quicktime"),
        ("v.mkv", MediaKind.VIDEO, "video/x-matroska"),
        ("v.avi", MediaKind.VIDEO, "video/x-msvideo"),
        ("v.ts", MediaKind.VIDEO, "video/mp2t"),
        ("a.m4a", MediaKind.AUDIO, "audio/mp4"),
        ("a.mp4", MediaKind.AUDIO, "audio/mp4"),
        ("a.mp3", MediaKind.AUDIO, "audio/mpeg"),
        ("a.wav", MediaKind.AUDIO, "audio/wav"),
        ("a.flac", MediaKind.AUDIO, "audio/flac"),
        ("a.opus", MediaKind.AUDIO, "audio/ogg"),
        ("a.webm", MediaKind.AUDIO, "audio/webm"),
        ("a.aac", MediaKind.AUDIO, "audio/aac"),
        ("i.jpg", MediaKind.IMAGE, "image/jpeg"),
        ("i.png", MediaKind.IMAGE, "image/png"),
        ("i.webp", MediaKind.IMAGE, "image/webp"),
        ("i.gif", MediaKind.IMAGE, "image/gif"),
        ("i.avif", MediaKind.IMAGE, "image/avif"),
    ],
)
def test_the_kind_is_that_of_the_content_whatever_the_name_says(
    name: str, kind: MediaKind, mime_type: str, clips: Path, tmp_path: Path
):
    original = {"v": media.video, "a": media.tone, "i": media.picture}[name[0]](clips / name)  # type: ignore[operator]
    for wrong in ("renamed.txt", "renamed.jpg", "no ending"):
        disguised = tmp_path / wrong
        shutil.copy(original, disguised)
        found = look(disguised)
        assert (found.kind, found.mime_type) == (kind, mime_type)
        assert found.media is not None


def test_a_picture_has_its_size(tmp_path: Path):
    for ending in ("jpg", "png", "webp", "gif", "avif"):
        assert picture_of(media.picture(tmp_path / f"picture.{ending}", "64x48")).display_size == (64, 48)


def test_an_animation_is_a_video(tmp_path: Path):
    assert look(media.silent_video(tmp_path / "moves.gif")).kind is MediaKind.VIDEO


def test_what_is_no_media_is_other(tmp_path: Path):
    contents = {
        "notes.txt": (b"A text file.\n" * 500, "text/plain"),
        "umlauts": ("Grüße, ".encode() * 2000, "text/plain"),
        "subtitles.srt": (b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "text/plain"),
        "page.html": (b"<!DOCTYPE html><title>Sign in</title>", "text/plain"),
        "magic.txt": (b"RIFF", "text/plain"),
        "model.ts": (b"export interface Model { name: string }\n", "text/plain"),
        "page.ts": (b"<!-- v=0 -->", "application/xml"),
        "old.mts": ("// Größe\nexport const size = 1\n".encode("latin-1"), "text/plain"),
        "wide.ts": ("export const size = 1\n".encode("utf-16"), "text/plain"),
        "go.mod": (b"module example.org/talks\n", "text/plain"),
        "board.dts": (b"/dts-v1/;\n/ { };\n", "text/plain"),
        "playlist.m3u8": (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "application/vnd.apple.mpegurl"),
        "drawing.svg": (b"<?xml version='1.0'?>\n<svg/>\n", "application/xml"),
        "paper.pdf": (b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n", "application/pdf"),
        "zeros.bin": (bytes(50_000), "application/octet-stream"),
    }
    for name, (content, mime_type) in contents.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert look(path) == Probe(MediaKind.OTHER, mime_type, None), name


def test_an_archive_is_other_even_when_a_video_is_in_it(clip: Path, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "videos.zip", "w") as archive:
        archive.write(clip, "clip.mp4")
    assert look(tmp_path / "videos.zip") == Probe(MediaKind.OTHER, "application/zip", None)
    with pytest.raises(BadMedia, match="is a ZIP archive or an office document, not a video"):
        look((tmp_path / "videos.zip").rename(tmp_path / "videos.mov"))


PAGE = "<html><head><title>Sign in</title></head><body>Grüße</body></html>"
S3_ERROR = b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
VIRUS_SCAN = b"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head></html>"


XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8"><rect/></svg>\n'
SVG_TYPE = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
CPL = b'<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"/>'
LONG_COMMENT = b"<!-- " + b"x" * 9000 + b" -->"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("talk.mp4", f"<!DOCTYPE html>{PAGE}".encode(), "is a web page, not a video: the download needed a login"),
        ("talk.MOV", f"\n\t {PAGE}".encode(), "is a web page, not a video"),
        ("talk.wav", f"<!-- saved from -->\n<!-- twice -->{PAGE}".encode(), "is a web page, not a sound recording"),
        ("bom.jpg", f"\ufeff{PAGE}".encode(), "is a web page, not a picture"),
        ("latin.mp3", PAGE.encode("latin-1"), "is a web page, not a sound recording"),
        ("wide.mkv", PAGE.encode("utf-16"), "is a web page, not a video"),
        ("wide.mkv", PAGE.encode("utf-16-be"), "is a web page, not a video"),
        ("x.webm", b"<?xml version='1.0'?>" + PAGE.encode(), "is a web page, not a video"),
        ("scan.mp4", VIRUS_SCAN, "is Google Drive's page about its virus scan, not a video"),
        ("denied.mp4", S3_ERROR, r"is an error message \(AccessDenied\), not a video: the download was refused"),
        ("api.mp4", b'{"error": {"code": 403, "message": "no"}}', r"is a message of a server \(JSON\), not a video"),
        ("long.mp4", b'{"error": "' + b"no " * 5000, r"is a message of a server \(JSON\), not a video"),
        ("list.mp4", b'[{"start":0,"text":"hi"}]', "is a JSON document, not a video[.] "),
        ("words.mp4", b'{"text": "error", "segments": [{"code": 1}]}', "is a JSON document, not a video[.] "),
        ("long.mp4", b'{"text": "' + b"no " * 5000, "is a JSON document, not a video[.] "),
        ("lines.mp4", b'{"start":0}\n{"start":1}\n', "is a JSON document, not a video[.] "),
        ("done.mp4", b'{"status": "completed", "text": "hi", "error": null}', "is a JSON document, not a video[.] "),
        ("denied.jpg", b'{"message": "no"}', r"is a message of a server \(JSON\), not a picture: the download was re"),
        ("brace.mp4", b'{"Hello", he said', "is a text, not a video[.] "),
        (
            "gateway.mp4",
            b"<h1>502 Bad Gateway</h1>",
            r"is a web page, not a video \(probably, instead of the recording,",
        ),
        (
            "gone.jpg",
            b'<div class="error">Not found</div>',
            r"is a web page, not a picture \(probably, instead of the p",
        ),
        ("plain.mp4", b"<html><p>Assigning plugins, logInfo()</p></html>", r"is a web page, not a video \(probably"),
        ("login.mp4", b"<html><h1>Anmelden</h1></html>", "is a web page, not a video: the download needed a login[.] "),
        ("login.mp4", b"<p><input type=password></p>", "is a web page, not a video: the download needed a login[.] "),
        ("draw.jpg", b'<?xml version="1.0"?><svg width="1"><rect/></svg>', r"is a drawing \(SVG\), not a picture[.] "),
        ("draw.jpg", XML + SVG_TYPE + SVG, r"is a drawing \(SVG\), not a picture[.] "),
        ("draw.png", b"<!-- Generator: Inkscape -->" + SVG, r"is a drawing \(SVG\), not a picture[.] "),
        ("draw.png", XML.replace(b"?>", b"?><!-- svg -->") + b"<svg:svg/>", r"is a drawing \(SVG\), not a picture[.] "),
        ("wide.png", (XML + SVG).decode().encode("utf-16"), r"is a drawing \(SVG\), not a picture[.] "),
        ("bare.png", SVG, r"is a drawing \(SVG\), not a picture[.] "),
        ("way.mp4", XML + b'<gpx version="1.1"><code>1</code></gpx>', r"is an XML document \(gpx\), not a video[.] "),
        ("settings.mp4", XML + b"<!DOCTYPE plist>\n<plist/>", r"is an XML document \(plist\), not a video[.] "),
        ("cut.mp4", XML + b"<!DOCTYPE fcpxml>\n<fcpxml/>", r"is an XML document \(fcpxml\), not a video[.] "),
        ("slides.mp4", XML + b"<p:presentation/>", r"is an XML document \(presentation\), not a video[.] "),
        ("chat.mp4", b"<john> hello everybody\n" * 9, "is a text, not a video[.] "),
        ("hidden.mp4", LONG_COMMENT + b"<!DOCTYPE html>login", r"is a text \(XML or HTML\), not a video[.] "),
        ("only.mp4", XML, r"is a text \(XML or HTML\), not a video[.] "),
        ("list.mp4", XML + b"<MPD/>", "is a playlist"),
        ("list.mp4", b"<!-- a list -->\n<SmoothStreamingMedia MajorVersion='2'/>", "is a playlist"),
        ("list.mp4", XML + b'<playlist version="1" xmlns="http://xspf.org/ns/0/"/>', "is a playlist"),
        ("list.wmv", b"<ASX version='3.0'></ASX>", "is a playlist"),
        ("list.wmv", b'<?wpl version="1.0"?><smil><head/></smil>', "is a playlist"),
        ("list.mxf", XML + CPL, "is a playlist"),
        ("deep.mp4", b"[" * 8000, "is a text, not a video"),
        ("pointer.mp4", LFS, "is a pointer of Git LFS, not a video: the file itself was not fetched"),
        ("paper.mov", b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n", "is a PDF document, not a video"),
        ("packed.mp4", b"\x1f\x8b\x08\0" + bytes(100), r"is a compressed file \(gzip\), not a video"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "is a playlist"),
        ("stream.avi", b"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>", "is a playlist"),
        (
            "captions.mp4",
            b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n",
            r"is a file of subtitles \(WebVTT\), not a video[.] ",
        ),
        ("captions.mkv", b"[Script Info]\nTitle: a\n", r"is a file of subtitles \(SubStation Alpha\), not a video[.] "),
        ("tags.m4a", b";FFMETADATA1\ntitle=a\n", "is a text of chapters and tags .*, not a sound recording[.] "),
        ("subtitles.mp4", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "is a text, not a video"),
        ("umlauts.mp3", "Grüße, ".encode() * 2000, "is a text, not a sound recording"),
        ("x.wav", b"RIFF", r"ends within its header \(4 bytes\)"),
        ("x.mkv", b"\x1a\x45\xdf\xa3", r"ends within its header \(4 bytes\)"),
        ("zeros.mp4", bytes(50_000), "begins with zeros alone"),
    ],
)
def test_a_name_of_media_with_something_else_inside_is_bad_and_says_what(
    name: str, content: bytes, reason: str, tmp_path: Path
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadMedia, match=reason):
        look(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "notes.txt")
    if not name.startswith("x."):
        assert look(tmp_path / "notes.txt").kind is MediaKind.OTHER


@pytest.mark.parametrize(
    ("name", "content", "next_step"),
    [
        ("paper.mp4", b"%PDF-1.7\n", "Rename it to what it is, or fetch the recording"),
        ("program.jpg", b"\x7fELF\x02\x01\x01", "Rename it to what it is, or fetch the picture"),
        ("packed.mp4", b"PK\x03\x04", "Unpack it"),
        ("packed.mp4", b"\x1f\x8b\x08\0", "Unpack it"),
        ("packed.mp4", b"Rar!\x1a\x07\0", "Unpack it"),
        ("packed.mp4", b"7z\xbc\xaf\x27\x1c", "Unpack it"),
        ("pointer.mp4", LFS, "Fetch the file itself, with `git lfs pull`"),
        ("drawing.jpg", SVG, "Rename it to .svg"),
        ("page.mp4", PAGE.encode(), "Open it in a text editor"),
    ],
)
def test_the_next_step_for_what_is_no_media_fits_what_it_is(name: str, content: bytes, next_step: str, tmp_path: Path):
    (tmp_path / name).write_bytes(content + bytes(100) * (b"<" not in content and content != LFS))
    with pytest.raises(BadMedia) as caught:
        look(tmp_path / name)
    assert caught.value.next_step is not None
    assert caught.value.next_step.startswith(next_step)


def test_subtitles_alone_are_no_video_and_other_than_that_nothing_is_wrong_with_them(tmp_path: Path):
    (tmp_path / "words.srt").write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    media.ffmpeg("-i", tmp_path / "words.srt", tmp_path / "words.mkv")
    with pytest.raises(BadMedia, match="is not a video: it holds neither pictures nor sound"):
        look(tmp_path / "words.mkv")
    assert look((tmp_path / "words.mkv").rename(tmp_path / "words.mks")).kind is MediaKind.OTHER


def test_the_name_that_counts_is_the_one_at_the_source(tmp_path: Path):
    (tmp_path / "5f3a").write_text("<html>", "utf-8")
    with pytest.raises(BadMedia, match="is a web page, not a video"):
        probe(tmp_path / "5f3a", Work(tmp_path), "talk.mp4")


@pytest.mark.parametrize("ending", ["mp3", "m4a", "flac"])
def test_a_song_with_cover_art_is_audio(ending: str, tmp_path: Path):
    cover, song = media.picture(tmp_path / "cover.png"), tmp_path / f"song.{ending}"
    tone = media.tone(tmp_path / "tone.wav", 1.0)
    media.ffmpeg("-i", tone, "-i", cover, "-map", 0, "-map", 1, "-c:v", "copy", "-disposition:v", "attached_pic", song)
    found = look(song)
    assert found.kind is MediaKind.AUDIO
    assert found.media is not None
    assert [stream.attached_picture for stream in found.media.streams] == [False, True]
    assert found.media.video_streams == ()


# ------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_read_whatever_its_name(name: str, clip: Path, tmp_path: Path):
    awkwardly_named = awkward(tmp_path, name, ".mp4")
    shutil.copy(clip, awkwardly_named)
    assert look(awkwardly_named) == look(clip)


@pytest.mark.parametrize("name", ["percent", "no UTF-8"])
def test_a_picture_is_read_whatever_its_name(name: str, tmp_path: Path):
    picture = media.picture(tmp_path / "picture.png")
    assert look(picture.rename(awkward(tmp_path, name, ".png"))).kind is MediaKind.IMAGE


# ------------------------------------------------------------------------------------------------- broken files


def test_an_empty_file_may_be_whole_later(tmp_path: Path):
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(IncompleteMedia, match=r"is empty \(0 bytes\)"):
        look(tmp_path / "empty.mp4")


@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_an_mp4_without_its_index_says_so(keep: float, clip: Path, tmp_path: Path):
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[: int(clip.stat().st_size * keep)])
    with pytest.raises(IncompleteMedia, match=r"index \(the moov atom\) is missing.*cut off.*Fetch it again"):
        look(cut)


def test_rubbish_with_the_name_of_a_video_is_bad(tmp_path: Path):
    (tmp_path / "lecture.mkv").write_bytes(bytes(50_000))
    with pytest.raises(BadMedia, match="nothing in it can be recognised"):
        look(tmp_path / "lecture.mkv")


def test_a_broken_header_is_bad_whatever_the_name(tmp_path: Path):
    broken = bytearray(media.tone(tmp_path / "tone.mkv").read_bytes())
    broken[4:] = bytes(len(broken) - 4)
    (tmp_path / "unnamed").write_bytes(broken)
    with pytest.raises(BadMedia, match="nothing in it can be recognised"):
        look(tmp_path / "unnamed")


def test_a_probe_obeys_its_limit_and_cancellation(clip: Path, tmp_path: Path):
    with pytest.raises(TimeLimitExceeded):
        probe(clip, Work(tmp_path, time_limit_seconds=0.0))
    stopped = Work(tmp_path)
    stopped.cancelled.set()
    with pytest.raises(Cancelled):
        probe(clip, stopped)


# ------------------------------------------------------------------------------------------------- fields


def test_the_fields_of_a_plain_video(clip: Path):
    found = look_inside(clip)
    assert found.container == "mov,mp4,m4a,3gp,3g2,mj2"
    assert found.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert found.start_seconds == 0.0
    assert found.bit_rate is not None and found.bit_rate > 10_000
    picture, sound = found.streams
    assert (picture.type, picture.codec, picture.index) == ("video", "h264", 0)
    assert (picture.width, picture.height, picture.display_size) == (160, 120, (160, 120))
    assert (picture.frame_rate, picture.variable_frame_rate) == (25.0, False)
    assert (picture.pixel_format, picture.bit_depth, picture.hdr) == ("yuv420p", 8, None)
    assert picture.duration_seconds == pytest.approx(2.0)
    assert (sound.type, sound.codec, sound.profile, sound.index) == ("audio", "aac", "LC", 1)
    assert (sound.sample_rate, sound.channels, sound.channel_layout) == (48000, 1, "mono")
    assert sound.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert sound.bit_rate is not None and 20_000 < sound.bit_rate < 200_000
    assert sound.language is None  # mp4 writes `und`


@pytest.mark.parametrize(("turned", "clockwise"), [(-90, 90), (180, 180), (90, 270)])
def test_a_rotated_video_has_the_size_it_is_shown_with(turned: int, clockwise: int, clip: Path, tmp_path: Path):
    media.ffmpeg("-display_rotation", turned, "-i", clip, "-c", "copy", tmp_path / "rotated.mp4")
    picture = picture_of(tmp_path / "rotated.mp4")
    assert picture.rotation == clockwise
    assert (picture.width, picture.height) == (160, 120)
    assert picture.display_size == ((160, 120) if clockwise == 180 else (120, 160))


def test_the_orientation_of_a_photo_counts_as_rotation(tmp_path: Path):
    picture = media.picture(tmp_path / "photo.jpg").read_bytes()
    # TIFF header, one entry: tag 0x0112 (orientation), SHORT, 1 value: 6, to be turned clockwise by 90 degrees
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (tmp_path / "portrait.jpg").write_bytes(picture[:2] + segment + picture[2:])
    assert picture_of(tmp_path / "portrait.jpg").display_size == (48, 64)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_variable_frame_rate_is_noticed(ending: str, tmp_path: Path):
    uneven = ("-vf", "settb=1/90000,setpts='PTS+mod(N,3)*0.012/TB'", "-fps_mode", "vfr", "-enc_time_base", "1:90000")
    assert picture_of(media.video(tmp_path / f"uneven.{ending}", 2.0, *uneven)).variable_frame_rate


@pytest.mark.parametrize("rate", ["30000/1001", "24", "60"])
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_the_rounding_of_times_is_no_variable_frame_rate(ending: str, rate: str, tmp_path: Path):
    picture = picture_of(media.video(tmp_path / f"even.{ending}", 2.0, "-r", rate))
    assert not picture.variable_frame_rate
    numerator, _, denominator = rate.partition("/")
    assert picture.frame_rate == pytest.approx(int(numerator) / int(denominator or 1), rel=0.01)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize(("colors", "name"), [(PQ, "HDR10"), (HLG, "HLG")])
def test_high_dynamic_range_is_named(colors: str, name: str, ending: str, tmp_path: Path):
    clip = media.silent_video(tmp_path / f"hdr.{ending}", 0.2, *TEN_BIT, "-x265-params", colors)
    picture = picture_of(clip)
    assert (picture.hdr, picture.bit_depth, picture.pixel_format) == (name, 10, "yuv420p10le")


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_dolby_vision_is_named_by_its_configuration(ending: str, tmp_path: Path):
    plain = media.silent_video(tmp_path / "plain.mp4", 0.2, *TEN_BIT, "-x265-params", HLG, "-tag:v", "hvc1")
    (tmp_path / "dolby.mp4").write_bytes(with_dolby_vision(plain.read_bytes()))
    media.ffmpeg("-i", tmp_path / "dolby.mp4", "-c", "copy", "-strict", "unofficial", tmp_path / f"again.{ending}")
    assert picture_of(tmp_path / f"again.{ending}").hdr == "Dolby Vision"


def with_dolby_vision(mp4: bytes) -> bytes:
    """An mp4 with a Dolby Vision configuration (profile 8.4, as telephones record) in its sample description."""
    # version 1.0; profile 8, level 1, RPU present, no enhancement layer, base layer present; compatible with HLG
    configuration = b"\x01\x00" + (8 << 9 | 1 << 3 | 0b101).to_bytes(2, "big") + b"\x40" + bytes(19)
    box = (8 + len(configuration)).to_bytes(4, "big") + b"dvvC" + configuration
    end_of_entry = mp4.index(b"hvc1", mp4.index(b"stsd")) - 4
    end_of_entry += int.from_bytes(mp4[end_of_entry : end_of_entry + 4], "big")
    grown = bytearray(mp4)
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hvc1"):
        at = mp4.index(name, mp4.index(b"moov")) - 4
        grown[at : at + 4] = (int.from_bytes(mp4[at : at + 4], "big") + len(box)).to_bytes(4, "big")
    return bytes(grown[:end_of_entry] + box + grown[end_of_entry:])


def test_tracks_have_their_language_title_and_default_flag(tmp_path: Path):
    tone, tracks = media.tone(tmp_path / "tone.wav", 1.0), tmp_path / "tracks.mkv"
    media.ffmpeg(
        *("-i", tone, "-map", "0", "-map", "0", "-map", "0", "-c:a", "flac"),
        *("-metadata:s:0", "language=ger", "-metadata:s:0", "title=Kommentar"),
        *("-metadata:s:1", "language=eng", "-disposition:1", "default", "-disposition:0", "0", tracks),
    )
    first, second, third = look_inside(tracks).audio_streams
    assert (first.language, first.title, first.default) == ("ger", "Kommentar", False)
    assert (second.language, second.title, second.default) == ("eng", None, True)
    assert third.language is None


def test_chapters_and_tags_are_read(tmp_path: Path):
    (tmp_path / "chapters.txt").write_text(
        ";FFMETADATA1\ntitle=A title\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1500\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1500\nEND=3000\ntitle=Zwei\n"
    )
    tone = media.tone(tmp_path / "tone.wav", 3.0)
    media.ffmpeg("-i", tone, "-i", tmp_path / "chapters.txt", "-map_metadata", 1, tmp_path / "book.m4a")
    found = look_inside(tmp_path / "book.m4a")
    assert found.tags["title"] == "A title"
    assert [(c.start_seconds, c.end_seconds, c.title) for c in found.chapters] == [(0, 1.5, "One"), (1.5, 3.0, "Zwei")]


def test_the_tags_of_ogg_are_found_at_its_stream(tmp_path: Path):
    assert look_inside(media.tone(tmp_path / "tone.opus", 1.0, "-metadata", "artist=A")).tags["artist"] == "A"


def test_tags_in_another_encoding_do_no_harm(tmp_path: Path):
    song = media.tone(tmp_path / "song.wav", 1.0, "-metadata", "title=CAFXE")
    song.write_bytes(song.read_bytes().replace(b"CAFXE", b"CAF\xe9E"))
    assert look_inside(song).tags["title"] == "CAF\ufffdE"


def test_sound_that_starts_late_has_its_start(tmp_path: Path):
    picture, tone = media.silent_video(tmp_path / "silent.mp4", 2.0), media.tone(tmp_path / "tone.wav", 1.0)
    late = tmp_path / "late.mkv"
    media.ffmpeg("-i", picture, "-itsoffset", "0.75", "-i", tone, "-map", 0, "-map", 1, "-c:a", "pcm_s16le", late)
    sound = look_inside(late).audio_streams[0]
    assert sound.start_seconds == pytest.approx(0.75, abs=0.01)
    assert sound.duration_seconds == pytest.approx(1.0, abs=0.01)


def test_subtitles_and_attachments_are_listed(clip: Path, tmp_path: Path):
    (tmp_path / "cues.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    (tmp_path / "font.ttf").write_bytes(b"\0\1\0\0no real font")
    full = tmp_path / "full.mkv"
    attachment = ("-attach", tmp_path / "font.ttf", "-metadata:s:t", "mimetype=font/ttf")
    media.ffmpeg("-i", clip, "-i", tmp_path / "cues.srt", "-map", 0, "-map", 1, *attachment, "-c:v", "copy", full)
    found = look(full)
    assert found.kind is MediaKind.VIDEO
    assert found.media is not None
    assert [stream.type for stream in found.media.streams] == ["video", "audio", "subtitle", "attachment"]


def test_of_endless_tags_and_chapters_only_so_many_are_kept(tmp_path: Path):
    def frame(name: bytes, content: bytes) -> bytes:
        return name + len(content).to_bytes(4, "big") + b"\0\0" + content

    tags = [frame(b"TXXX", b"\0k%d\0value" % n) for n in range(3000)]
    long = frame(b"TXXX", b"\0long\0" + b"x" * 50_000)
    chapters = [
        frame(b"CHAP", b"c%d\0" % n + (n * 10).to_bytes(4, "big") + (n * 10 + 10).to_bytes(4, "big") + b"\xff" * 8)
        for n in range(3000)
    ]
    size = sum(map(len, tags + chapters)) + len(long)
    head = b"ID3\3\0\0" + bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))
    sound = media.tone(tmp_path / "a.mp3", 0.5, "-id3v2_version", "0").read_bytes()
    (tmp_path / "a.mp3").write_bytes(head + long + b"".join(tags + chapters) + sound)
    found = look_inside(tmp_path / "a.mp3")
    assert (len(found.tags), len(found.chapters)) == (1000, 1000)
    assert max(map(len, found.tags.values())) == 10_000


@pytest.mark.parametrize("name", ["talk.w64", "talk.asf", "talk.mxf"])
def test_what_is_named_like_media_and_cannot_be_recognised_is_an_error(name: str, tmp_path: Path):
    path = tmp_path / name
    path.write_bytes(bytes(range(1, 256)) * 40)
    with pytest.raises(BadMedia, match="nothing in it can be recognised as audio, video or image"):
        look(path)
