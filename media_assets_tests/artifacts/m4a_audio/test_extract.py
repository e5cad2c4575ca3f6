"""From a recording to its sound: which track, copied or encoded, at the right time, with its tags."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import pytest

from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.base.errors import BadMedia, Cancelled, NotApplicable, TimeLimitExceeded
from media_assets.media import isobmff
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.media.names import NAMES, awkward

SURROUND = "pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0"


def extract(source: Path, settings: AudioSettings | None = None, work: Work | None = None) -> tuple[AudioTrack, Path]:
    """The chosen track of a file, and the M4A that was made of it."""
    settings, work = settings or AudioSettings(), work or Work(source.parent)
    found = probe(source, work).media
    assert found is not None
    stream, reason = choose_audio(found, settings.languages)
    destination = source.parent / "result.m4a"
    return extract_m4a(FFmpeg(), source, found, stream, reason, destination, settings, work).track, destination


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


# ------------------------------------------------------------------------------------------------- which track


def tracks(*languages_and_defaults: tuple[str | None, bool]) -> MediaInfo:
    streams = tuple(
        Stream(index=number, type="audio", codec="aac", sample_rate=48000, language=language, default=default)
        for number, (language, default) in enumerate(languages_and_defaults)
    )
    return MediaInfo(container="matroska,webm", streams=streams)


@pytest.mark.parametrize("wanted", ["de", "deu", "ger", "DE", "de-AT"])
@pytest.mark.parametrize("stored", ["ger", "deu", "de"])
def test_a_wanted_language_is_found_in_every_form_of_its_code(wanted: str, stored: str):
    stream, reason = choose_audio(tracks(("eng", True), (stored, False)), [wanted])
    assert stream.index == 1
    assert reason == f"its language is {stored}, wanted as {wanted}"


def test_the_first_wanted_language_that_is_there_decides():
    assert choose_audio(tracks(("eng", True), ("fre", False)), ["ja", "fr", "en"])[0].index == 1


def test_of_several_tracks_in_a_language_the_default_one_is_taken():
    assert choose_audio(tracks(("eng", False), ("eng", True)), ["en"])[0].index == 1


def test_without_a_wanted_language_the_default_flag_decides():
    stream, reason = choose_audio(tracks(("eng", False), ("fre", True)), ["ja"])
    assert (stream.index, reason) == (1, "the default track")


def test_without_any_flag_the_first_track_is_taken():
    stream, reason = choose_audio(tracks((None, False), ("fre", False)), [])
    assert (stream.index, reason) == (0, "the first track")


def test_a_video_without_sound_is_not_applicable(tmp_path: Path):
    with pytest.raises(NotApplicable, match="has no audio stream"):
        extract(media.silent_video(tmp_path / "silent.mp4"))


def test_the_chosen_track_is_the_one_that_is_heard(tmp_path: Path):
    english = media.tone(tmp_path / "english.wav", 1.0, hertz=400)
    german = media.tone(tmp_path / "german.wav", 1.0, hertz=900)
    film = tmp_path / "film.mkv"
    media.ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=1", "-i", english, "-i", german),
        *("-map", 0, "-map", 1, "-map", 2, "-c:a", "flac"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", film),
    )
    track, result = extract(film, AudioSettings(languages=("de",)))
    assert (track.stream_index, track.language) == (2, "ger")
    assert media.pitch_hertz(media.samples(result)) == pytest.approx(900, abs=5)
    _, result = extract(film)
    assert media.pitch_hertz(media.samples(result)) == pytest.approx(400, abs=5)


# ------------------------------------------------------------------------------------------------- copy or encode


@pytest.mark.parametrize("ending", ["mp4", "mkv", "m4a", "mov"])
def test_aac_is_copied_bit_for_bit(ending: str, tmp_path: Path):
    source = media.noise(tmp_path / f"source.{ending}", 2.0, "-c:a", "aac")
    track, result = extract(source)
    assert track.copied
    assert packets(result) == packets(source)


@pytest.mark.parametrize("ending", ["aac", "ts"])
def test_aac_in_a_stream_format_is_copied_without_its_headers(ending: str, tmp_path: Path):
    source = media.noise(tmp_path / f"source.{ending}", 2.0, "-c:a", "aac")
    track, result = extract(source)
    assert track.copied
    adts_header_bytes = 7
    assert packets(result) == [packet[adts_header_bytes:] for packet in packets(source)]


@pytest.mark.parametrize("ending", ["mp3", "wav", "flac", "opus", "ogg", "webm", "mka", "avi", "wma", "aiff", "flv"])
def test_any_other_codec_is_encoded(ending: str, tmp_path: Path):
    track, result = extract(media.tone(tmp_path / f"source.{ending}", 2.0))
    assert not track.copied
    assert (track.channels, track.chosen_because) == (1, "the only audio track")
    assert track.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert track.size_bytes == result.stat().st_size
    assert media.pitch_hertz(media.samples(result)) == pytest.approx(440, abs=2)


def test_a_broadcast_that_changes_its_channels_is_encoded_to_its_end(tmp_path: Path):
    mono = media.tone(tmp_path / "mono.ts", 1.0, "-c:a", "aac")
    surround = media.tone(tmp_path / "surround.ts", 1.0, "-af", SURROUND, "-c:a", "aac", "-output_ts_offset", "1")
    broadcast = tmp_path / "broadcast.ts"
    broadcast.write_bytes(mono.read_bytes() + surround.read_bytes())
    track, result = extract(broadcast)
    assert not track.copied
    assert track.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert media.pitch_hertz(media.samples(result)[-40_000:]) == pytest.approx(440, abs=5)
    assert decoded_seconds(result) == pytest.approx(2.0, abs=0.1)


def decoded_seconds(path: Path) -> float:
    """How long all samples last, wherever they lie in time."""
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


@pytest.mark.parametrize(
    ("codec", "ending", "parts"),
    [
        ("ac3", "ts", (SURROUND, "anull")),
        pytest.param("eac3", "ts", (SURROUND, "anull"), marks=pytest.mark.thorough),
        pytest.param("ac3", "ts", ("anull", SURROUND), marks=pytest.mark.thorough),
        pytest.param("mp2", "ts", ("pan=stereo|c0=c0|c1=c0", "anull"), marks=pytest.mark.thorough),
        pytest.param("mp3", "mp3", ("pan=stereo|c0=c0|c1=c0", "aresample=22050"), marks=pytest.mark.thorough),
    ],
)
def test_sound_that_changes_its_channels_is_heard_once_and_that_is_said(
    codec: str, ending: str, parts: tuple[str, str], tmp_path: Path
):
    joined = b""
    for number, filters in enumerate(parts):
        options = ("-write_xing", "0", "-id3v2_version", "0") if ending == "mp3" else ("-output_ts_offset", str(number))
        part = tmp_path / f"{number}.{ending}"
        joined += media.tone(
            part, 1.0, "-af", f"volume=3,{filters}", "-c:a", codec, *options, hertz=440 * (number + 1)
        ).read_bytes()
    source = tmp_path / f"both.{ending}"
    source.write_bytes(joined)
    track, result = extract(source)
    assert "its channels or its rate change on the way" in track.chosen_because
    assert track.duration_seconds == pytest.approx(2.0, abs=0.15)
    assert decoded_seconds(result) == pytest.approx(2.0, abs=0.15)
    sound = media.samples(result)
    assert media.pitch_hertz(sound[20_000:40_000]) == pytest.approx(440, abs=5)
    assert media.pitch_hertz(sound[60_000:80_000]) == pytest.approx(880, abs=5)


def test_bit_rate_and_channels_of_an_encoded_track_are_the_configured_ones(tmp_path: Path):
    surround = tmp_path / "surround.flac"
    media.ffmpeg("-i", media.noise(tmp_path / "noise.wav", 2.0), "-af", SURROUND, surround)
    track, _ = extract(surround)
    assert track.channels == 2
    track, _ = extract(surround, AudioSettings(channels=1, bit_rate_kbps=48))
    assert track.channels == 1
    assert track.bit_rate == pytest.approx(48_000, rel=0.15)


def test_the_index_is_in_front_and_the_file_is_an_m4a(tmp_path: Path):
    _, result = extract(media.tone(tmp_path / "source.wav"))
    with result.open("rb") as file:
        order = [box.type for box in isobmff.boxes(file)]
    assert order.index(b"moov") < order.index(b"mdat")
    assert result.read_bytes()[4:12] == b"ftypM4A "


@pytest.mark.parametrize("name", NAMES)
def test_sound_is_taken_whatever_the_name(name: str, tmp_path: Path):
    source = media.tone(tmp_path / "plain.m4a", 1.0).rename(awkward(tmp_path, name, ".m4a"))
    assert extract(source)[0].duration_seconds == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("ending", "codec"),
    [
        *(("mkv", codec) for codec in ("mp2", "flac", "libopus", "aac")),
        *(("ts", codec) for codec in ("mp2", "aac", "ac3")),
        *(("avi", "mp2"), ("webm", "libopus"), ("ogg", "libvorbis"), ("wmv", "wmav2")),
    ],
)
def test_a_track_without_any_sound_in_it_is_not_applicable(ending: str, codec: str, tmp_path: Path):
    with pytest.raises(NotApplicable, match="without any sound in it: its sound track is empty"):
        extract(media.video(tmp_path / f"empty.{ending}", 1.0, "-c:a", codec, "-bsf:a", "noise=drop=1"))


@pytest.mark.parametrize("ending", ["mp4", "mov", "mpg"])
def test_a_container_that_drops_an_empty_sound_track_has_no_sound(ending: str, tmp_path: Path):
    with pytest.raises(NotApplicable, match="has no audio stream"):
        extract(media.video(tmp_path / f"empty.{ending}", 1.0, "-c:a", "mp2", "-bsf:a", "noise=drop=1"))


def test_a_track_that_is_announced_and_never_sent_is_not_chosen(tmp_path: Path):
    tone, broadcast = media.tone(tmp_path / "tone.wav", 1.0), tmp_path / "broadcast.ts"
    announced = ("-map", 0, "-map", 0, "-c:a", "mp2", "-bsf:a:0", "noise=drop=1")
    media.ffmpeg("-i", tone, *announced, broadcast)
    track, _ = extract(broadcast)
    assert track.stream_index == 1
    assert track.duration_seconds == pytest.approx(1.0, abs=0.1)


# ------------------------------------------------------------------------------------------------- tags


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    (tmp_path / "tags.txt").write_text(
        ";FFMETADATA1\ntitle=My title\nartist=An artist\nalbum=An album\ndate=2021-05-06\ngenre=Speech\n"
        "comment=Ein Kommentar für alle\ncreation_time=2020-01-02T03:04:05.000000Z\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n"
    )
    return tmp_path / "tags.txt"


@pytest.mark.parametrize("ending", ["mp4", "mkv", "mp3"])
def test_tags_chapters_and_creation_time_are_kept(ending: str, tagged: Path, tmp_path: Path):
    tone, source = media.tone(tmp_path / "tone.wav", 2.0), tmp_path / f"source.{ending}"
    media.ffmpeg("-i", tone, "-i", tagged, "-map", 0, "-map_metadata", 1, "-map_chapters", 1, source)
    _, result = extract(source)
    found = probe(result, Work(tmp_path)).media
    assert found is not None
    kept = {name: found.tags.get(name) for name in ("title", "artist", "album", "date", "genre")}
    assert kept == {
        "title": "My title", "artist": "An artist", "album": "An album", "date": "2021-05-06", "genre": "Speech"
    }  # fmt: skip
    assert found.tags["comment"] == "Ein Kommentar für alle"
    assert [chapter.title for chapter in found.chapters] == ["One", "Two"]
    assert [chapter.start_seconds for chapter in found.chapters] == pytest.approx([0.0, 1.0], abs=0.03)
    assert b"\xa9nam" in result.read_bytes()  # the tag that players read, not only ffmpeg
    if ending != "mp3":
        assert found.tags["creation_time"].startswith("2020-01-02T03:04:05")


@pytest.mark.parametrize("ending", ["ogg", "opus"])
def test_the_tags_of_ogg_are_kept(ending: str, tmp_path: Path):
    _, result = extract(media.tone(tmp_path / f"source.{ending}", 1.0, "-metadata", "title=My title"))
    assert b"\xa9nam" in result.read_bytes()
    assert b"My title" in result.read_bytes()


def test_cover_art_and_video_stay_behind(tmp_path: Path):
    tone, cover = media.tone(tmp_path / "tone.mp3"), media.picture(tmp_path / "cover.png")
    song = tmp_path / "song.mp3"
    media.ffmpeg("-i", tone, "-i", cover, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v", "attached_pic", song)
    for source in (song, media.video(tmp_path / "film.mp4")):
        _, result = extract(source)
        with av.open(str(result)) as container:
            assert [stream.type for stream in container.streams] == ["audio"]


def test_the_language_is_kept(tmp_path: Path):
    _, result = extract(media.tone(tmp_path / "a.mkv", 1.0, "-c:a", "flac", "-metadata:s:a:0", "language=fre"))
    found = probe(result, Work(tmp_path)).media
    assert found is not None
    assert found.audio_streams[0].language == "fre"


# ------------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("ending", "codec", "late_seconds"),
    [
        *(("mp4", "aac", 0.7), ("mkv", "aac", 0.7), ("ts", "aac", 0.7), ("mov", "pcm_s16le", 0.7)),
        *(("mkv", "libopus", 0.7), ("mkv", "flac", 0.7), ("ts", "mp2", 0.7), ("mpg", "mp2", 0.7)),
        *(("mp4", "aac", 0.0), ("ts", "aac", 0.0), ("avi", "libmp3lame", 0.0)),  # avi has no time stamps
    ],
)
def test_sound_is_at_the_time_of_the_video_less_the_offset(
    ending: str, codec: str, late_seconds: float, tmp_path: Path
):
    sound, source = media.beep(tmp_path / "beep.wav", 1.0, 2.0), tmp_path / f"source.{ending}"
    media.ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=3", "-itsoffset", str(late_seconds), "-i", sound),
        *("-map", 0, "-map", 1, "-c:v", "mpeg2video" if ending in ("ts", "mpg") else "libx264", "-c:a", codec),
        source,
    )
    track, result = extract(source)
    assert track.copied == (codec == "aac")
    assert track.offset_seconds == pytest.approx(late_seconds, abs=0.05)
    beep = media.beep_seconds(media.samples(result))
    assert beep + track.offset_seconds == pytest.approx(1.0 + late_seconds, abs=0.045)
    with av.open(str(result)) as container:
        assert container.start_time == 0


@pytest.mark.parametrize("ending", ["m4a", "mp3", "flac", "ogg", "opus", "wav", "mka", "webm"])
def test_neither_encoder_delay_nor_edit_lists_shift_the_sound(ending: str, tmp_path: Path):
    track, result = extract(media.beep(tmp_path / f"beep.{ending}", 1.0, 2.0))
    assert track.offset_seconds == 0.0
    sound = media.samples(result)
    assert media.beep_seconds(sound) == pytest.approx(1.0, abs=0.002)
    assert sound.size / media.SAMPLE_RATE == pytest.approx(2.0, abs=0.03)


def test_a_recording_that_was_cut_at_its_start_is_not_shifted(tmp_path: Path):
    whole = tmp_path / "whole.mp4"
    beep = media.beep(tmp_path / "beep.wav", 1.5, 3.0)
    media.ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=3", "-i", beep, "-g", 100, "-c:a", "aac", whole)
    media.ffmpeg("-ss", "0.6", "-i", whole, "-c", "copy", tmp_path / "cut.mp4")  # leaves an edit list
    track, result = extract(tmp_path / "cut.mp4")
    assert track.copied
    assert media.beep_seconds(media.samples(result)) + track.offset_seconds == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])
def test_a_gap_that_a_paused_recorder_left_stays_a_gap(codec: str, tmp_path: Path):
    beep, source = media.beep(tmp_path / "beep.wav", 2.0, 3.0), tmp_path / "paused.mkv"
    whole = tmp_path / f"whole_{codec}.mkv"
    media.ffmpeg("-i", beep, "-c:a", codec, whole)
    media.ffmpeg("-i", whole, "-c", "copy", "-bsf:a", "noise=drop='between(pts*tb,0.5,1.5)'", source)
    track, result = extract(source)
    assert track.duration_seconds == pytest.approx(3.0, abs=0.1)
    assert media.beep_seconds(media.samples(result)) == pytest.approx(2.0, abs=0.05)
    if not track.copied:  # the gap is filled, because not every player keeps it
        samples_per_packet = 1024
        assert len(packets(result)) * samples_per_packet / media.SAMPLE_RATE == pytest.approx(3.0, abs=0.1)


def test_chapters_move_with_the_sound(tagged: Path, tmp_path: Path):
    tone, source = media.tone(tmp_path / "tone.wav", 2.0), tmp_path / "late.mkv"
    media.ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=2", "-itsoffset", "0.5", "-i", tone, "-i", tagged),
        *("-map", 0, "-map", 1, "-map_chapters", 2, "-c:a", "flac", source),
    )
    _, result = extract(source)
    found = probe(result, Work(tmp_path)).media
    assert found is not None
    assert [round(chapter.start_seconds, 2) for chapter in found.chapters] == [0.0, 0.5]


# ------------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize("ending", ["m4a", "flac"])
def test_progress_rises_to_one(ending: str, tmp_path: Path):
    fractions: list[float] = []
    extract(media.tone(tmp_path / f"tone.{ending}", 3.0), work=Work(tmp_path, report=fractions.append))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("ending", ["m4a", "flac"])
def test_a_limit_that_has_passed_is_no_reason_to_try_otherwise(ending: str, tmp_path: Path):
    source = media.tone(tmp_path / f"tone.{ending}")
    found = probe(source, Work(tmp_path)).media
    assert found is not None
    stream, reason = choose_audio(found, ())
    for work, error in ((Work(tmp_path, time_limit_seconds=0.0), TimeLimitExceeded), (stopped(tmp_path), Cancelled)):
        with pytest.raises(error):
            extract_m4a(FFmpeg(), source, found, stream, reason, tmp_path / "result.m4a", AudioSettings(), work)


def stopped(directory: Path) -> Work:
    work = Work(directory)
    work.cancelled.set()
    return work


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        (65, "has 65 channels; at most 64 can be mixed"),
        (1023, "has 1023 channels; at most 512 can be decoded"),
        (65535, "has 65535 channels; at most 512 can be decoded"),
    ],
)
def test_sound_of_more_channels_than_can_be_mixed_says_so(channels: int, reason: str, tmp_path: Path):
    data = bytes(channels * 10)
    layout = struct.pack("<IHHIIHH", 16, 1, channels, 8000, 8000 * channels, channels, 8)
    size = struct.pack("<I", len(data))
    (tmp_path / "a.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt " + layout + b"data" + size + data)
    with pytest.raises(BadMedia, match=f"{reason}.*Export it with 8 channels or fewer"):
        extract(tmp_path / "a.wav")
