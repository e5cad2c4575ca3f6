"""Clocks that jump within a file: joined recordings are whole, and what a receiver lost is missed."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.media.system_clocks import may_jump
from media_assets.media.transport_packets import is_torn
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.m4a_audio.test_extract import extract

SECONDS = 1.0
M2TS = ("-c:v", "libx264", "-f", "mpegts", "-mpegts_m2ts_mode", "1")
MPEG2 = ("-c:v", "mpeg2video", "-g", "10")


def film(path: Path, offset: float = 0.0, *arguments: str, seconds: float = SECONDS) -> Path:
    """A clip whose clock starts so late."""
    return media.video(path, seconds, *arguments, "-output_ts_offset", str(offset))


def joined(folder: Path, ending: str, offsets: tuple[float, ...], *arguments: str) -> Path:
    """What `cat` makes of clips whose clocks start so late."""
    parts = [film(folder / f"{number}{ending}", offset, *arguments) for number, offset in enumerate(offsets)]
    path = folder / f"joined{ending}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


JUMPS: dict[str, tuple[str, tuple[float, ...], tuple[str, ...]]] = {
    "ahead": (".ts", (0, 5000), (*MPEG2, "-c:a", "aac")),
    "back": (".ts", (5000, 0), (*MPEG2, "-c:a", "aac")),
    "back by a little": (".ts", (5, 0), (*MPEG2, "-c:a", "mp2")),
    "several": (".ts", (0, 5000, 0, 70_000), (*MPEG2, "-c:a", "ac3")),
    "over the end of its count": (".ts", (95_442.5, 95_000), (*MPEG2, "-c:a", "mp2")),
    "of sound alone": (".ts", (0, 5000), ("-vn", "-c:a", "mp2")),
    "of a camera": (".m2ts", (0, 5000), (*M2TS, "-c:a", "aac")),
    "of a programme stream": (".mpg", (0, 5000), ("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "vob")),
    "of a programme stream, back": (".mpg", (5000, 0), ("-c:v", "mpeg2video", "-c:a", "ac3", "-f", "vob")),
}


@pytest.mark.thorough
@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_is_no_damage_and_is_named(jump: str, tmp_path: Path):
    ending, offsets, arguments = JUMPS[jump]
    track, result = extract(joined(tmp_path, ending, offsets, *arguments))
    assert track.duration_seconds == pytest.approx(len(offsets) * SECONDS, abs=0.1 * len(offsets))
    assert f"its clock jumps ({len(offsets) - 1} ×)" in track.chosen_because
    assert media.samples(result).size == pytest.approx(len(offsets) * SECONDS * media.SAMPLE_RATE, rel=0.1)
    assert float(np.mean(np.abs(media.samples(result)) > 0.01)) > 0.85  # a tone all the way, and no silence


def test_what_follows_a_jump_of_the_clock_is_heard_at_the_time_it_is_decoded(tmp_path: Path):
    parts = [
        media.beep(tmp_path / f"{offset}.ts", 0.5, SECONDS, "-c:a", "mp2", "-output_ts_offset", str(offset))
        for offset in (0, 5000)
    ]
    source = tmp_path / "joined.ts"
    source.write_bytes(b"".join(part.read_bytes() for part in parts))
    track, result = extract(source)
    sound = np.frombuffer(b"".join(FFmpeg().pcm(result, Work(tmp_path))), dtype="<i2") / 32768
    assert track.offset_seconds == 0.0
    assert media.beep_seconds(sound, 16000) == pytest.approx(0.5, abs=0.05)
    assert media.beep_seconds(sound[16000:], 16000) == pytest.approx(0.5, abs=0.08)


@pytest.mark.thorough
@pytest.mark.parametrize(("codec", "lost_seconds"), [("aac", 3.0), ("mp2", 3.0), ("mp2", 14.0)])
def test_a_stretch_that_a_receiver_lost_is_missing(codec: str, lost_seconds: float, tmp_path: Path):
    whole = film(tmp_path / "whole.ts", 0.0, *MPEG2, "-c:a", codec, seconds=18.0).read_bytes()
    (tmp_path / "lost.ts").write_bytes(without(whole, lost_seconds / 18.0))
    with pytest.raises(BadMedia) as raised:
        extract(tmp_path / "lost.ts")
    told = re.search(r"is damaged: ([\d.]+) s of its sound are missing at", str(raised.value))
    assert told and float(told[1]) == pytest.approx(lost_seconds, abs=0.3)


def without(data: bytes, share: float) -> bytes:
    """A transport stream that lacks so much of it, from a place in the middle of a picture."""
    packets = len(data) // 188
    first = packets // 10
    while data[188 * first + 1] & 0x40 or data[188 * first + 1 : 188 * first + 3] != b"\x01\x00":
        first += 1
    return data[: 188 * first] + data[188 * (first + round(share * packets)) :]


@pytest.mark.parametrize("make", [film, lambda path: film(path.with_suffix(".m2ts"), 0.0, *M2TS)])
def test_packets_are_counted(make: Callable[[Path], Path], tmp_path: Path):
    path = make(tmp_path / "film.ts")
    data, length = path.read_bytes(), 192 if path.suffix == ".m2ts" else 188
    middle = len(data) // length // 2 * length
    for name, content, expected in (
        ("whole", data, False),
        ("joined", data + data, False),
        ("torn", data[:middle] + data[middle + 3 * length :], True),
        ("cut within a packet", data[:middle] + data[middle + 77 :], True),
        ("no packets", b"\0" * 10_000, False),
    ):
        path.write_bytes(content)
        with path.open("rb") as file:
            assert is_torn(file, 0, len(content)) is expected, name


def saved_as_it_came(path: Path, codec: str, *, wild: bool) -> Path:
    """An FLV of two seconds whose clock goes back: behind one wild time stamp, or where a sender began anew."""
    part = media.video(path.with_suffix(".part.flv"), 1.0 if not wild else 2.0, "-c:a", codec, "-ar", "44100")
    data = bytearray(part.read_bytes())
    if not wild:
        path.write_bytes(data + data[13:])
        return path
    at, number = 13, 0
    while number < 20:
        number += data[at] == 8
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        if number == 20:
            data[at + 7] = 3  # the highest byte of its time in milliseconds
        at += 11 + size + 4
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("wild", [True, False])
@pytest.mark.parametrize("codec", ["aac", pytest.param("libmp3lame", marks=pytest.mark.thorough)])
def test_sound_whose_clock_goes_back_where_nothing_is_corrected_is_heard_as_it_follows(
    codec: str, wild: bool, tmp_path: Path
):
    track, result = extract(saved_as_it_came(tmp_path / "saved.flv", codec, wild=wild))
    assert track.duration_seconds == pytest.approx(2.0, abs=0.2)
    assert "its clock goes back (1 ×): its sound is heard as it follows in the file" in track.chosen_because
    assert float(np.mean(np.abs(media.samples(result)) > 0.01)) > 0.85


@pytest.mark.thorough
@pytest.mark.parametrize("codec", ["libopus", "libvorbis"])
def test_one_wild_time_in_what_a_browser_recorded_takes_no_sound_away(codec: str, tmp_path: Path):
    live = media.tone(
        tmp_path / "live.webm", 2.0, "-c:a", codec, "-cluster_time_limit", "500", "-f", "webm", "-live", "1"
    )
    data = bytearray(live.read_bytes())
    clusters = [found.start() for found in re.finditer(b"\x1fC\xb6u", data)]
    time = data.index(b"\xe7\x82", clusters[2])
    data[time + 2 : time + 4] = (60_000).to_bytes(2, "big")  # milliseconds
    live.write_bytes(data)
    track, result = extract(live)
    assert track.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert "its clock goes back (1 ×)" in track.chosen_because
    assert float(np.mean(np.abs(media.samples(result)) > 0.01)) > 0.85


def begins_at(flv: bytes, seconds: float) -> bytes:
    """The same with later times."""
    data, at = bytearray(flv), 13
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        time = (int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24) + round(seconds * 1000)
        data[at + 4 : at + 7], data[at + 7] = (time & 0xFFFFFF).to_bytes(3, "big"), time >> 24
        at += 11 + size + 4
    return bytes(data)


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of FLV that states no duration, as it is written to a pipe."""
    path = tmp_path_factory.mktemp("streamed") / "part.flv"
    media.video(path, 1.0, "-c:a", "aac", "-ar", "44100", "-flvflags", "no_duration_filesize")
    return path.read_bytes()


@pytest.mark.parametrize("seconds", [100.0, 40_000.0])
def test_a_stream_that_was_recorded_after_its_beginning_lasts_as_long_as_it_plays(
    seconds: float, streamed: bytes, tmp_path: Path
):
    late = tmp_path / "late.flv"
    late.write_bytes(begins_at(streamed, seconds))
    found = probe(late, Work(tmp_path)).media
    assert found is not None
    assert found.duration_seconds == pytest.approx(1.0, abs=0.2)
    assert extract(late)[0].duration_seconds == pytest.approx(1.0, abs=0.2)


def test_a_clock_that_goes_back_to_before_its_beginning_loses_no_sound(streamed: bytes, tmp_path: Path):
    joined = tmp_path / "joined.flv"
    joined.write_bytes(begins_at(streamed, 3600) + streamed[13:])
    track, result = extract(joined)
    assert track.duration_seconds == pytest.approx(2.0, abs=0.2)
    assert "its clock goes back (1 ×)" in track.chosen_because
    assert float(np.mean(np.abs(media.samples(result)) > 0.01)) > 0.85


@pytest.mark.thorough
@pytest.mark.parametrize("jump", JUMPS)
def test_a_file_whose_clock_jumps_plays_as_long_as_what_is_there(jump: str, tmp_path: Path):
    ending, offsets, arguments = JUMPS[jump]
    found = probe(joined(tmp_path, ending, offsets, *arguments), Work(tmp_path)).media
    assert found is not None
    assert found.duration_seconds == pytest.approx(len(offsets) * SECONDS, abs=0.1 * len(offsets))
    assert found.longest_seconds == pytest.approx(len(offsets) * SECONDS, abs=0.1 * len(offsets))


def test_a_jump_is_seen_in_the_clock_of_the_whole_alone(tmp_path: Path):
    for name, arguments in (
        ("a.ts", ("-c:a", "mp2")),
        ("a.m2ts", ("-c:a", "mp2", "-f", "mpegts", "-mpegts_m2ts_mode", "1")),
        ("mpeg2.mpg", ("-c:a", "mp2", "-f", "vob")),
        ("mpeg1.mpg", ("-c:a", "mp2", "-f", "mpeg")),
    ):
        first, second = (
            media.tone(tmp_path / f"{offset}{name}", 1.0, *arguments, "-output_ts_offset", str(offset))
            for offset in (0, 50)
        )
        family = "mpegts" if name.endswith("ts") else "mpeg"
        for content, expected in ((first.read_bytes(), False), (first.read_bytes() + second.read_bytes(), True)):
            assert may_jump(io.BytesIO(content), family, 10.0, 0.1) is expected, name


LEAP = r"gte(T\,1)*3600/TB"
LEAPING: dict[str, tuple[str, ...]] = {
    "a.flv": ("-c:a", "aac", "-ar", "44100"),
    "a.mka": ("-c:a", "libopus"),
    "a.m4a": ("-c:a", "aac"),
    "fragments.mp4": ("-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov", "-frag_duration", "200000"),
    "live.webm": ("-c:a", "libopus", "-live", "1"),
    "a.wma": ("-c:a", "wmav2"),
    "a.opus": ("-c:a", "libopus"),
    "a.ogg": ("-c:a", "libvorbis"),
}


@pytest.mark.parametrize("name", ["a.flv", *(pytest.param(n, marks=pytest.mark.thorough) for n in list(LEAPING)[1:])])
def test_sound_whose_clock_leaps_an_hour_ahead_is_heard_as_it_follows(name: str, tmp_path: Path):
    source = media.tone(tmp_path / name, 2.0, *LEAPING[name], "-af", f"asetpts=PTS+{LEAP}")
    found = probe(source, Work(tmp_path)).media
    track, result = extract(source)
    assert found is not None
    if found.duration_seconds is not None:
        assert found.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert track.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert re.search(
        r"its clock (leaps ahead \(1 ×, 3600\.\d s in all, the first at 1\.|jumps \(1 ×\))", track.chosen_because
    )
    assert float(np.mean(np.abs(media.samples(result)) > 0.01)) > 0.85


@pytest.mark.thorough
@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
@pytest.mark.parametrize("seconds", [20, 400])
def test_beside_a_picture_time_without_sound_stays_and_is_named(codec: str, seconds: int, tmp_path: Path):
    leap = rf"gte(T\,1)*{seconds}/TB"
    source = media.video(
        tmp_path / "a.mkv", 2.0, "-c:a", codec, "-vf", f"setpts=PTS+{leap}", "-af", f"asetpts=PTS+{leap}",
        "-fps_mode", "passthrough", size="32x32", rate=10,
    )  # fmt: skip
    track, _ = extract(source)
    assert track.duration_seconds == pytest.approx(2.0 + seconds, abs=0.2)
    assert f"nothing was recorded for a while (1 ×, {seconds}.0 s in all" in track.chosen_because


def test_a_pause_of_sound_alone_stays_and_is_named(tmp_path: Path):
    source = media.tone(tmp_path / "a.mka", 2.0, "-c:a", "libopus", "-af", r"asetpts=PTS+gte(T\,1)*20/TB")
    track, _ = extract(source)
    assert track.duration_seconds == pytest.approx(22.0, abs=0.1)
    assert "nothing was recorded for a while (1 ×, 20.0 s in all, the first at 1." in track.chosen_because
