"""Captures of a broadcast with several channels in them: which are there, which is heard, and that none is mixed in."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media_assets.artifacts.drive_file.value import SourceFile
from media_assets.artifacts.m4a_audio.asset import describe, m4a_audio
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.thumbnail.make import make_thumbnails
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.artifacts.transcript.value import Transcript
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.media.probe import probe
from media_assets.media.programmes import Programme, read_programmes, read_tables
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import compress
from media_assets_tests.artifacts.transcript.alone import transcript_by
from media_assets_tests.manifests import stored_value

SOUNDS = ("-f", "lavfi", "-i", "sine=440:duration=1", "-f", "lavfi", "-i", "sine=1200:duration=1")
PICTURES = ("-f", "lavfi", "-i", "testsrc2=s=160x90:d=1", "-f", "lavfi", "-i", "testsrc2=s=192x108:d=1")
CODED = ("-c:v", "mpeg2video", "-q:v", "2", "-c:a", "mp2")


def capture(path: Path, *programmes: str, inputs: tuple[str, ...] = (*PICTURES, *SOUNDS)) -> Path:
    """A transport stream of two pictures and two sounds, in such programmes."""
    maps = [part for number in range(inputs.count("-i")) for part in ("-map", str(number))]
    told = [part for programme in programmes for part in ("-program", programme)]
    media.ffmpeg(*inputs, *maps, *CODED, *told, "-f", "mpegts", media.file_url(path))
    return path


def two_channels(path: Path) -> Path:
    return capture(path, "title=Erstes:program_num=11:st=0:st=2", "title=Zweites:program_num=12:st=1:st=3")


def found(path: Path) -> tuple[Programme, ...]:
    work = Work(path.parent)
    told = probe(path, work).media
    assert told is not None
    return read_programmes(path, told, work)


def test_the_channels_of_a_capture_are_told_apart(tmp_path: Path):
    assert [(one.number, one.name, len(one.streams)) for one in found(two_channels(tmp_path / "a.ts"))] == [
        (11, "Erstes", 2),
        (12, "Zweites", 2),
    ]


@pytest.mark.parametrize(
    "programmes",
    [
        (),
        ("title=One:program_num=1:st=0:st=1:st=2:st=3",),
        # A second list of the same, as stations of one network send it, and a part of it.
        ("title=One:program_num=1:st=0:st=1:st=2:st=3", "title=Again:program_num=2:st=0:st=1:st=2:st=3"),
        ("title=Part:program_num=1:st=0:st=2", "title=All:program_num=2:st=0:st=1:st=2:st=3"),
    ],
)
def test_one_channel_under_several_names_is_one(programmes: tuple[str, ...], tmp_path: Path):
    assert found(capture(tmp_path / "a.ts", *programmes)) == ()


def test_packets_with_time_codes_in_front_are_read(tmp_path: Path):
    plain = two_channels(tmp_path / "a.ts").read_bytes()
    (tmp_path / "b.m2ts").write_bytes(b"".join(bytes(4) + plain[at : at + 188] for at in range(0, len(plain), 188)))
    assert len(found(tmp_path / "b.m2ts")) == 2


def test_damaged_tables_tell_nothing(tmp_path: Path):
    data = two_channels(tmp_path / "a.ts").read_bytes()
    assert read_tables(io.BytesIO(data.replace(b"Zweites", b"Zw\x00\xff\xfe\xfd\xfc")))[1] == {}
    assert read_tables(io.BytesIO(b"\x47\x5f\xff\x1f" + bytes(184))) == ({}, {})
    assert read_tables(io.BytesIO((b"\x47\x40\x00\x10\x00\x00\xbf\xff" + b"\x47" * 180) * 500)) == ({}, {})


def test_a_video_of_two_channels_is_left_as_it_is_before_anything_is_encoded(tmp_path: Path):
    done = compress(two_channels(tmp_path / "a.ts"))
    assert done.path is None
    assert done.value.reason == (
        "left as it is: it holds 2 programmes (11 (Erstes), 12 (Zweites)), and a result would be a mix of them: "
        "split it first, say with ffmpeg -map 0:p:11 -c copy"
    )


def heard(source: Path) -> tuple[AudioTrack, Path]:
    work = Work(source.parent / "work")
    work.directory.mkdir()
    looked = probe(source, work)
    value = SourceFile(
        **dict.fromkeys(("key", "source", "path", "name", "folder", "sha256", "md5", "revision", "link"), source.name),
        size_bytes=source.stat().st_size,
        modified_at=datetime.now(UTC),
        mime_type=looked.mime_type,
        kind=looked.kind,
        media=looked.media,
    )
    artifact = m4a_audio.function(stored_value(value, source), FFmpeg(), AudioSettings(), work)
    return artifact.value, artifact.files["audio.m4a"]


def test_sound_is_that_of_the_picture_that_is_shown_and_the_other_channel_is_named(tmp_path: Path):
    track, sound = heard(two_channels(tmp_path / "a.ts"))
    assert track.programmes_said == "programme 12 (Zweites) is heard, and not 11 (Erstes) of the same file"
    assert track.chosen_because == "the only audio track"
    assert media.pitch_hertz(media.samples(sound)) == pytest.approx(1200, abs=30)
    shown = describe(stored_value(track, sound))
    assert shown["programmes"] == track.programmes_said


def test_of_two_radio_channels_the_first_is_heard_and_the_other_is_named(tmp_path: Path):
    source = capture(tmp_path / "a.ts", "title=A:program_num=1:st=0", "title=B:program_num=2:st=1", inputs=SOUNDS)
    track, sound = heard(source)
    assert track.programmes_said == "programme 1 (A) is heard, and not 2 (B) of the same file"
    assert media.pitch_hertz(media.samples(sound)) == pytest.approx(440, abs=30)


@pytest.mark.thorough
@pytest.mark.parametrize("first", [0, 1])
def test_a_thumbnail_shows_the_channel_that_is_heard(first: int, tmp_path: Path):
    source = capture(
        tmp_path / "a.ts",
        f"title=A:program_num=1:st={first}:st=2",
        f"title=B:program_num=2:st={1 - first}:st=3",
    )
    work = Work(tmp_path)
    told = probe(source, work).media
    assert told is not None
    _, shown = make_thumbnails(FFmpeg(), source, MediaKind.VIDEO, told, ThumbnailSettings(), work)
    assert shown.source_width == 192
    seen, other = ("1 (A)", "2 (B)") if first else ("2 (B)", "1 (A)")
    assert f"programme {seen} is shown, and not {other} of the same file" in shown.chosen_because


def test_sound_of_one_channel_says_nothing_of_programmes(tmp_path: Path):
    track, _ = heard(capture(tmp_path / "a.ts", "title=One:program_num=1:st=0", inputs=SOUNDS[:4]))
    assert track.programmes_said is None
    assert "programmes_said" not in track.model_dump()


class _Deaf:
    """An engine that hears nothing."""

    def engine(self, _settings: object) -> _Deaf:
        return self

    def transcribe(self, _audio: Path, *, duration_seconds: float, offset_seconds: float, work: Work) -> Transcript:
        return Transcript(language="en", duration_seconds=duration_seconds, engine="none", model="none", note="deaf")


def test_a_transcript_says_which_channel_it_is_of(tmp_path: Path):
    track = AudioTrack(
        stream_index=0,
        chosen_because="the only audio track",
        language=None,
        copied=True,
        duration_seconds=1.0,
        offset_seconds=0.0,
        bit_rate=None,
        sample_rate=16000,
        channels=1,
        size_bytes=1,
        programmes_said="programme 1 (A) is heard, and not 2 (B) of the same file",
    )
    stored = stored_value(track, tmp_path / "audio.m4a")
    said = transcript_by(_Deaf(), stored, tmp_path).value
    assert said.note == f"deaf; {track.programmes_said}"


@pytest.mark.parametrize(("name", "lost"), [("Erstes", ("the name of the channel (Erstes)",)), ("Service01", ())])
def test_the_name_of_a_channel_is_named_as_lost(name: str, lost: tuple[str, ...], tmp_path: Path):
    one = capture(tmp_path / "a.ts", f"title={name}:program_num=1:st=0", inputs=PICTURES[:4])
    done = compress(one)
    assert done.value.compressed, done.value.reason
    assert done.value.losses == lost
