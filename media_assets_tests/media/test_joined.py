"""Recordings that go on behind the end that they state are read to their end, or refused with the reason."""

from __future__ import annotations

import io
import struct
import time
import wave
from pathlib import Path

import ffmpeg
import numpy as np
import pytest

from media_assets.artifacts.duplicates.find.audio_prints import ITEM_SECONDS
from media_assets.artifacts.duplicates.find.codes import unpacked
from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.base.errors import BadMedia, SourceChanged
from media_assets.media.chained_ogg import ogg_links
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.media.untrusted import generated, uploaded
from media_assets.media.wav_parts import wav_parts
from media_assets.work.work import Work
from media_assets_tests import sample_media
from media_assets_tests.artifacts.duplicates.indexing import row_of

RATE = 8000


def wav(seconds: float, channels: int = 1) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"\x10\x27\xf0\xd8" * (round(seconds * RATE) * channels // 2))
    return content.getvalue()


def made(directory: Path, name: str) -> bytes:
    """A second of tone in the format that the name says."""
    path = directory / name
    rate = 11025 if name.endswith(".flv") else 8000
    FFmpeg().run(generated(f"sine=d=1:sample_rate={rate}").output(str(path)), Work(directory))
    return path.read_bytes()


def extract(tmp_path: Path, name: str, content: bytes) -> AudioTrack:
    source = tmp_path / name
    source.write_bytes(content)
    media = probe(source, Work(tmp_path)).media
    assert media is not None
    stream, reason = choose_audio(media, ())
    out = tmp_path / "out.m4a"
    return extract_m4a(FFmpeg(), source, media, stream, reason, out, AudioSettings(), Work(tmp_path)).track


def with_size(content: bytes, data_bytes: int) -> bytes:
    at = content.index(b"data") + 4
    riff = struct.pack("<I", (36 + data_bytes) & 0xFFFFFFFF)
    return content[:4] + riff + content[8:at] + struct.pack("<I", data_bytes) + content[at + 4 :]


def test_a_wav_whose_size_wrapped_is_read_to_its_end(tmp_path: Path):
    track = extract(tmp_path, "a.wav", with_size(wav(8.5), 2 * RATE * 2))
    assert track.duration_seconds == pytest.approx(8.5, abs=0.2)
    assert "its header states fewer samples than follow" in track.chosen_because


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_that_was_written_to_a_pipe_is_read_to_its_end(size: int, tmp_path: Path):
    assert extract(tmp_path, "a.wav", with_size(wav(3), size)).duration_seconds == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize("count", [2, 3])
def test_joined_wavs_of_one_format_are_read_to_the_end(count: int, tmp_path: Path):
    track = extract(tmp_path, "a.wav", wav(2) * count)
    assert track.duration_seconds == pytest.approx(2 * count, abs=0.2)
    assert f"{count} WAV files of one format behind each other" in track.chosen_because


def test_joined_wavs_of_two_formats_are_refused(tmp_path: Path):
    with pytest.raises(BadMedia, match="another WAV of another format behind its sound"):
        extract(tmp_path, "a.wav", wav(2) + wav(2, channels=2))


@pytest.mark.parametrize(
    "behind",
    [
        b"LIST" + struct.pack("<I", 20000) + b"INFO" + bytes(19996),
        b"id3 " + struct.pack("<I", 9001) + bytes(9002),
        b"ID3\x04\x00\x00" + bytes(20000),
        bytes(100),
    ],
)
def test_what_follows_the_samples_and_is_no_sound_is_not_heard(behind: bytes, tmp_path: Path):
    track = extract(tmp_path, "a.wav", wav(2) + behind)
    assert track.duration_seconds == pytest.approx(2, abs=0.2)
    assert track.chosen_because == "the only audio track"


LESS_COMMON = ["aiff", "wma", "flv", "nut", "tta", "voc", "wv", "mka"]
REFUSED = [
    *("a.flac", "a.m4a", "a.caf", "a.w64", "a.m4b"),
    *(pytest.param(f"a.{name}", marks=pytest.mark.thorough) for name in LESS_COMMON),
]


@pytest.mark.parametrize("name", REFUSED)
def test_joined_recordings_of_which_only_the_first_would_be_heard_are_refused(name: str, tmp_path: Path):
    one = made(tmp_path, name)
    assert extract(tmp_path, name, one).duration_seconds == pytest.approx(1, abs=0.2)
    with pytest.raises(BadMedia, match=r"holds 2 recordings behind each other, of which only the first") as refused:
        extract(tmp_path, name, one * 2)
    assert "concat demuxer" in refused.value.next_step


@pytest.mark.parametrize("name", ["a.webm", pytest.param("a.mkv", marks=pytest.mark.thorough)])
def test_joined_recordings_of_a_stream_are_refused(name: str, tmp_path: Path):
    """Their segments do not state a size."""
    path = tmp_path / name
    FFmpeg().run(generated("sine=d=1").output(str(path), acodec="libopus", live=1), Work(tmp_path))
    joined = tmp_path / f"joined.{name}"
    joined.write_bytes(path.read_bytes() * 2)
    found = probe(joined, Work(tmp_path)).media
    assert found is not None and found.duration_seconds is None  # neither part says how long it is
    with pytest.raises(BadMedia, match="holds 2 recordings behind each other"):
        extract(tmp_path, name, path.read_bytes() * 2)


@pytest.mark.parametrize(
    "name",
    [
        *("a.mp3", "a.ogg", "a.aac"),
        *(pytest.param(f"a.{name}", marks=pytest.mark.thorough) for name in ["opus", "oga", "ac3", "avi"]),
    ],
)
def test_joined_recordings_that_ffmpeg_reads_whole_are_heard_whole(name: str, tmp_path: Path):
    one = made(tmp_path, name)
    assert extract(tmp_path, name, one * 2).duration_seconds == pytest.approx(2, abs=0.4)


def test_what_ends_where_it_says_is_read_as_ever(tmp_path: Path):
    for name in ("a.flac", "a.m4a"):
        assert extract(tmp_path, name, made(tmp_path, name)).duration_seconds == pytest.approx(1, abs=0.1)


def wide(channels: int, sample_bytes: int, behind: bytes = b"") -> bytes:
    """Two seconds of a WAV of another width, with a chunk behind its samples."""
    block = channels * sample_bytes
    form = struct.pack("<HHIIHH", 1, channels, RATE, RATE * block, block, 8 * sample_bytes)
    data = bytes(2 * RATE * block)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data + behind
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def samples_of(one: bytes) -> bytes:
    at = one.index(b"data") + 8
    return one[at : at + int.from_bytes(one[at - 4 : at], "little")]


JUNK = b"JUNK" + struct.pack("<I", 20000) + bytes(20000)
INFO = b"LIST" + struct.pack("<I", 26) + b"INFO" + bytes(22)


def noisy(channels: int, sample_bytes: int, behind: bytes = b"", seconds: float = 0.4) -> bytes:
    one = wide(channels, sample_bytes, behind)
    start, block = one.index(b"data") + 8, channels * sample_bytes
    data = np.random.default_rng(1).bytes(round(seconds * RATE) * block)
    size = struct.pack("<I", len(data))
    return one[: start - 4] + size + data + behind


@pytest.mark.parametrize(
    "parts",
    [
        [noisy(1, 2)] * 2,
        [noisy(1, 2, INFO), noisy(1, 2, JUNK), noisy(1, 2)],
        [noisy(1, 2, seconds=0.05)] * 7,  # shorter than what counts as padding
        [with_size(noisy(1, 2), 0), noisy(1, 2)],
        [with_size(noisy(1, 2), 0xFFFFFFFF), with_size(noisy(1, 2), 0xFFFFFFFF)],
        [noisy(1, 2) + bytes(50000), noisy(1, 2)],
        [b"ID3\x03\x00\x00\x00\x01\x00\x00" + bytes(16384), noisy(1, 2), noisy(1, 2)],
    ],
)
def test_of_joined_wavs_all_samples_are_heard_and_nothing_else(parts: list[bytes], tmp_path: Path):
    source = tmp_path / "a.wav"
    source.write_bytes(b"".join(parts))
    expected = b"".join(noisy_samples(part) for part in parts)
    assert b"".join(FFmpeg().pcm(source, Work(tmp_path), sample_rate=RATE)) == expected
    media = probe(source, Work(tmp_path)).media
    assert media is not None
    assert media.duration_seconds == pytest.approx(len(expected) / 2 / RATE, abs=0.001)


def noisy_samples(part: bytes) -> bytes:
    """The samples of one part, whatever size it states."""
    if b"data" not in part:
        return b""
    start = part.index(b"data") + 8
    return part[start : start + min(len(samples_of(noisy(1, 2))), len(part) - start)]


@pytest.mark.parametrize("one", [noisy(1, 3), noisy(2, 3), noisy(2, 2, INFO), noisy(1, 1, seconds=0.400125)])
def test_the_headers_between_joined_wavs_are_not_heard(one: bytes, tmp_path: Path):
    source = tmp_path / "a'b|c.wav"
    source.write_bytes(one * 3)
    media = probe(source, Work(tmp_path)).media
    assert media is not None
    stream, tool = media.audio_streams[0], FFmpeg()
    heard = b"".join(tool.samples(source, media, stream, Work(tmp_path), sample_rate=RATE))
    source.write_bytes(one)
    alone = b"".join(tool.samples(source, media, stream, Work(tmp_path), sample_rate=RATE))
    assert heard == alone * 3


def test_a_part_of_joined_wavs_can_be_heard(tmp_path: Path):
    source = tmp_path / "a.wav"
    source.write_bytes(noisy(1, 2) * 2)
    heard = b"".join(FFmpeg().pcm(source, Work(tmp_path), sample_rate=RATE, start_seconds=0.3, duration_seconds=0.3))
    expected = (samples_of(noisy(1, 2)) * 2)[round(0.3 * RATE) * 2 :][: round(0.3 * RATE) * 2]
    assert heard == expected


def test_the_last_of_joined_wavs_that_was_cut_off_is_refused(tmp_path: Path):
    with pytest.raises(BadMedia, match="is cut off: it should have"):
        extract(tmp_path, "a.wav", (wav(2) * 2)[:-8000])


def test_of_joined_wavs_the_length_and_the_prints_are_those_of_all(tmp_path: Path):
    one, other = made(tmp_path, "a.wav"), wav(8)
    source = tmp_path / "joined.wav"
    source.write_bytes(wav(2) + noise(6) + one + other)
    row = row_of(source)
    assert row.duration_seconds == pytest.approx(17, abs=0.01)
    assert row.audio is not None
    assert len(unpacked(row.audio.values, "<u4")) * ITEM_SECONDS > 14


def noise(seconds: float) -> bytes:
    return noisy(1, 2, seconds=seconds)


def test_a_wav_whose_size_wrapped_is_known_with_its_true_length(tmp_path: Path):
    source = tmp_path / "a.wav"
    source.write_bytes(with_size(noise(8.465), 2 * RATE * 2))
    media = probe(source, Work(tmp_path)).media
    assert media is not None
    assert media.duration_seconds == pytest.approx(8.465, abs=0.001)


@pytest.mark.parametrize("name", ["a.flac", pytest.param("a.mka", marks=pytest.mark.thorough)])
def test_of_joined_recordings_that_are_refused_no_head_is_compared(name: str, tmp_path: Path):
    source = tmp_path / name
    FFmpeg().run(generated("anoisesrc=d=6:r=8000").output(str(source)), Work(tmp_path))
    alone = row_of(source)
    source.write_bytes(source.read_bytes() * 2)
    joined = row_of(source)
    assert alone.audio is not None
    assert joined.audio is None
    assert "only the first would be heard whole" in (joined.left_out or "")


@pytest.mark.parametrize("tag_bytes", [256, 20480])
def test_a_tag_in_front_of_a_wav_is_passed_over(tag_bytes: int, tmp_path: Path):
    tag = b"ID3\x04\x00\x00" + bytes(tag_bytes >> shift & 0x7F for shift in (21, 14, 7, 0)) + bytes(tag_bytes)
    track = extract(tmp_path, "a.wav", tag + wav(2))
    assert track.duration_seconds == pytest.approx(2, abs=0.1)


def test_a_long_row_of_zeros_behind_the_samples_is_padding(tmp_path: Path):
    track = extract(tmp_path, "a.wav", wav(2) + bytes(200_000))
    assert track.duration_seconds == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("name", [b"LIST", b"id3 ", b"bext"])
def test_a_chunk_that_was_cut_off_behind_the_samples_is_not_heard(name: bytes, tmp_path: Path):
    track = extract(tmp_path, "a.wav", wav(2) + name + struct.pack("<I", 50000) + b"\x10\x27" * 8000)
    assert track.duration_seconds == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(("name", "options"), [("a.au", {}), ("a.amr", {"acodec": "libopencore_amrnb"})])
def test_joined_au_and_amr_are_heard_whole(name: str, options: dict[str, str], tmp_path: Path):
    path = tmp_path / name
    FFmpeg().run(generated("sine=d=1:sample_rate=8000").output(str(path), **options), Work(tmp_path))
    track = extract(tmp_path, name, path.read_bytes() * 3)
    assert track.duration_seconds == pytest.approx(3, abs=0.1)
    assert "3 " + name[2:].upper() + " files of one format behind each other, read to the end" in track.chosen_because


def test_more_joined_recordings_than_can_be_read_are_refused(tmp_path: Path):
    with pytest.raises(BadMedia, match=r"300 recordings behind each other, or more"):
        extract(tmp_path, "a.wav", wav(0.01) * 301)


def test_a_joined_recording_that_vanishes_is_no_bad_media(tmp_path: Path):
    source = tmp_path / "a.wav"
    source.write_bytes(wav(2) * 2)
    media = probe(source, Work(tmp_path)).media
    assert media is not None
    command = uploaded(source, media.container)["a:0"].output("-", format="null")
    source.unlink()
    with pytest.raises(SourceChanged):
        FFmpeg().run(command, Work(tmp_path))


def test_the_third_of_joined_wavs_may_not_be_of_another_format_either(tmp_path: Path):
    with pytest.raises(BadMedia, match="another WAV of another format behind its sound"):
        extract(tmp_path, "a.wav", wav(2) * 2 + wav(2, channels=2))


def test_joined_rf64_is_heard_whole(tmp_path: Path):
    path = tmp_path / "a.wav"
    FFmpeg().run(generated("sine=d=1:sample_rate=8000").output(str(path), rf64="always"), Work(tmp_path))
    one = path.read_bytes()
    assert extract(tmp_path, "a.wav", one).duration_seconds == pytest.approx(1, abs=0.1)
    assert extract(tmp_path, "a.wav", one * 2).duration_seconds == pytest.approx(2, abs=0.1)


def made_with(directory: Path, name: str, **options: object) -> bytes:
    path = directory / name
    FFmpeg().run(generated("sine=d=1:sample_rate=48000").output(str(path), **options), Work(directory))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"acodec": "flac", "ar": 16000}, {"acodec": "flac", "ar": 44100}),
        ({"acodec": "libvorbis", "ac": 1}, {"acodec": "libvorbis", "ac": 2}),
        ({"acodec": "libopus"}, {"acodec": "libvorbis"}),
    ],
)
def test_chained_ogg_of_different_formats_is_refused_and_its_length_known(
    one: dict[str, object], other: dict[str, object], tmp_path: Path
):
    source = tmp_path / "chain.ogg"
    source.write_bytes(made_with(tmp_path, "a.ogg", **one) + made_with(tmp_path, "b.ogg", **other))
    media = probe(source, Work(tmp_path)).media
    assert media is not None
    assert media.duration_seconds == pytest.approx(2, abs=0.05)
    with pytest.raises(BadMedia, match="2 recordings of different formats behind each other"):
        extract(tmp_path, "chain.ogg", source.read_bytes())


def test_chained_ogg_of_one_format_is_known_with_the_length_of_all(tmp_path: Path):
    one, other = (made_with(tmp_path, name, acodec="libopus") for name in ("a.ogg", "b.ogg"))
    source = tmp_path / "chain.ogg"
    source.write_bytes(one + other + one)
    media = probe(source, Work(tmp_path)).media
    assert media is not None
    assert media.duration_seconds == pytest.approx(3, abs=0.05)
    track = extract(tmp_path, "chain.ogg", source.read_bytes())
    assert track.duration_seconds == pytest.approx(3, abs=0.1)
    assert "3 Ogg recordings of one format behind each other, read to the end" in track.chosen_because


@pytest.mark.thorough
def test_an_ogg_with_pictures_is_no_chain(tmp_path: Path):
    path = tmp_path / "a.ogv"
    pictures, sound = generated("testsrc=s=160x90:d=1:r=10"), generated("sine=d=1")
    FFmpeg().run(ffmpeg.output(pictures, sound, str(path), vcodec="libtheora", acodec="libvorbis"), Work(tmp_path))
    with path.open("rb") as file:
        assert len(ogg_links(file)) == 1
    assert extract(tmp_path, "a.ogv", path.read_bytes()).chosen_because == "the only audio track"


def test_aac_that_changes_its_sample_rate_is_refused(tmp_path: Path):
    one, other = (made_with(tmp_path, f"{rate}.aac", ar=rate) for rate in (44100, 16000))
    assert extract(tmp_path, "a.aac", one + bytes(500) + one).duration_seconds == pytest.approx(2, abs=0.2)
    with pytest.raises(BadMedia, match="changes its sample rate"):
        extract(tmp_path, "a.aac", one + other)


def test_what_a_program_left_behind_the_last_chunk_is_not_heard(tmp_path: Path):
    track = extract(tmp_path, "a.wav", wav(2) + INFO + b"\x01\x02\x03\x00" * 5000)
    assert track.duration_seconds == pytest.approx(2, abs=0.1)


def rifx(samples: bytes) -> bytes:
    """A WAV of 8 bits per sample whose numbers are written with the highest byte first."""
    form = struct.pack(">HHIIHH", 1, 1, RATE, RATE, 1, 8)
    data = b"data" + struct.pack(">I", len(samples)) + samples
    return b"RIFX" + struct.pack(">I", 28 + len(data)) + b"WAVEfmt " + struct.pack(">I", 16) + form + data


def test_a_wav_with_the_highest_byte_first_is_heard_and_two_of_them_are_refused(tmp_path: Path):
    one = rifx(np.random.default_rng(1).bytes(2 * RATE))
    assert extract(tmp_path, "a.wav", one).duration_seconds == pytest.approx(2, abs=0.1)
    with pytest.raises(BadMedia, match="is cut off"):
        extract(tmp_path, "a.wav", one[: -RATE // 2])
    with pytest.raises(BadMedia, match="holds 2 recordings behind each other"):
        extract(tmp_path, "a.wav", one * 2)


@pytest.mark.parametrize("form_is_whole", [True, False])
def test_an_aiff_that_states_fewer_samples_than_follow_is_refused(form_is_whole: bool, tmp_path: Path):
    path = tmp_path / "a.aiff"
    FFmpeg().run(generated("anoisesrc=d=3:r=8000").output(str(path)), Work(tmp_path))
    content, fewer = bytearray(path.read_bytes()), 2 * RATE + 8
    sound = content.index(b"SSND")
    content[sound + 4 : sound + 8] = struct.pack(">I", fewer)
    if not form_is_whole:
        content[4:8] = struct.pack(">I", sound + fewer)
    with pytest.raises(BadMedia, match="states fewer samples in its header than follow"):
        extract(tmp_path, "a.aiff", bytes(content))


@pytest.mark.parametrize(
    "behind", [bytes(20000), b"ID3 " + struct.pack(">I", 9000) + bytes(9000), b"ID3\4" + bytes(9000)]
)
def test_what_follows_the_samples_of_an_aiff_and_is_no_sound_is_no_fault(behind: bytes, tmp_path: Path):
    assert extract(tmp_path, "a.aiff", made(tmp_path, "a.aiff") + behind).chosen_because == "the only audio track"


@pytest.mark.parametrize("samples", [b"RIFF" * 4_000_000, b"RIFF\0\0\0\0WAVE" * 1_000_000], ids=["names", "headers"])
def test_samples_that_look_like_beginnings_are_searched_in_no_time(samples: bytes, tmp_path: Path):
    source = tmp_path / "a.wav"
    source.write_bytes(with_size(wav(0.01), 0)[:44] + samples)
    before = time.process_time()
    with source.open("rb") as file:
        assert len(wav_parts(file)) == 1
    assert time.process_time() - before < 1


@pytest.mark.parametrize("behind", [b"", b"LIST\x04\x00\x00\x00INFO"])
@pytest.mark.parametrize("name", [b"RF64", b"BW64"])
def test_a_long_wav_whose_recorder_never_stated_its_size_is_read_to_its_end(name: bytes, behind: bytes, tmp_path: Path):
    plain = wav(3)
    sizes = b"ds64" + struct.pack("<IQQQI", 28, 0, 0, 0, 0)
    content = name + b"\xff" * 4 + b"WAVE" + sizes + plain[12:40] + b"\xff" * 4 + plain[44:] + behind
    track = extract(tmp_path, "a.wav", content)
    assert track.duration_seconds == pytest.approx(3, abs=0.2)
    assert "its header states fewer samples than follow" in track.chosen_because


LENGTHS_ADDED_UP = ["a.flac", "a.m4a", "a.m4b", "a.caf", "a.tta", "a.wv", "a.mka", "a.flv", "a.nut", "a.w64", "a.voc"]


@pytest.mark.parametrize("name", ["a.avi", "a.aiff", "a.ogg", *LENGTHS_ADDED_UP])
def test_a_file_says_how_long_all_recordings_in_it_play(name: str, tmp_path: Path):
    part = made(tmp_path, name)
    joined = tmp_path / f"joined.{name}"
    joined.write_bytes(part * 3)
    found = probe(joined, Work(tmp_path)).media
    assert found is not None
    assert found.duration_seconds == pytest.approx(3.0, abs=0.5)  # an mp3 is longer than what was encoded


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_an_avi_whose_header_was_never_filled_in_is_heard_whole(size: int, tmp_path: Path):
    content = bytearray(made(tmp_path, "a.avi"))
    content[4:8] = size.to_bytes(4, "little")
    length = content.index(b"strhauds") if b"strhauds" in content else content.index(b"auds")
    content[length + 32 : length + 36] = (1 << 30).to_bytes(4, "little")  # what ffmpeg writes there at first
    assert extract(tmp_path, "b.avi", bytes(content)).duration_seconds == pytest.approx(1.0, abs=0.2)


def test_joined_films_in_ogg_are_refused_for_what_they_are(tmp_path: Path):
    path = tmp_path / "a.ogv"
    picture, sound = generated("testsrc=d=1:s=32x32:r=10"), generated("sine=d=1:sample_rate=8000")
    FFmpeg().run(ffmpeg.output(picture, sound, str(path), vcodec="libtheora", acodec="libvorbis"), Work(tmp_path))
    with pytest.raises(BadMedia, match="holds 2 recordings behind each other"):
        extract(tmp_path, "joined.ogv", path.read_bytes() * 2)


def test_joined_avis_of_different_sound_are_refused(tmp_path: Path):
    parts = []
    for rate in (8000, 16000):
        path = tmp_path / f"{rate}.avi"
        FFmpeg().run(generated(f"sine=d=1:sample_rate={rate}").output(str(path), acodec="pcm_s16le"), Work(tmp_path))
        parts.append(path.read_bytes())
    with pytest.raises(BadMedia, match="holds 2 recordings of different formats"):
        extract(tmp_path, "joined.avi", parts[0] + parts[1])
    assert extract(tmp_path, "same.avi", parts[0] * 4).duration_seconds == pytest.approx(4.0, abs=0.2)
    with pytest.raises(BadMedia, match="cut off"):
        extract(tmp_path, "cut.avi", parts[0] + parts[0][:-6000])


def test_samples_in_several_chunks_of_one_wav_are_all_heard(tmp_path: Path):
    """FFmpeg hears the last alone."""
    one, two = noisy(1, 2), noisy(1, 2, seconds=0.7)
    content = one + INFO + b"data" + two[40:]
    track = extract(tmp_path, "a.wav", content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    assert track.duration_seconds == pytest.approx(1.1, abs=0.07)
    assert "its samples are in 2 chunks, read to the end" in track.chosen_because


def test_a_chunk_that_follows_an_odd_number_of_samples_without_padding_is_not_heard(tmp_path: Path):
    samples = np.random.default_rng(1).bytes(2 * RATE + 1)
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE, 1, 8)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(samples)) + samples
    chunks += b"LIST" + struct.pack("<I", 9004) + b"INFO" + bytes(9000)
    track = extract(tmp_path, "a.wav", b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    assert track.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert track.chosen_because == "the only audio track"


@pytest.mark.parametrize("form", ["aiff", "w64"])
def test_sound_whose_header_was_never_filled_in_and_that_nobody_reads_says_so(form: str, tmp_path: Path):
    source = tmp_path / f"a.{form}"
    source.write_bytes(sample_media.ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-f", form, "pipe:1"))
    with pytest.raises(BadMedia, match="it was written to a pipe, and its header was never filled in") as refused:
        probe(source, Work(tmp_path))
    assert "as a WAV" in refused.value.next_step
