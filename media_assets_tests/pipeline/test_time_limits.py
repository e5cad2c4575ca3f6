"""How long a file may keep a stage busy, whatever it claims to be."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.base.errors import TimeLimitExceeded
from media_assets.config.settings import Settings
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.media.probe_streams import _tagged_duration
from media_assets.pipeline.settings import LimitSettings
from media_assets.pipeline.status import State
from media_assets.pipeline.time_limits import growth_of, limit_of, limit_of_source
from media_assets.places.manifest import Manifest, StoredFile
from media_assets.work.portions import portions
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.real_library import RealLibrary

HOUR = 3600.0
TUNING = Settings.usual_tuning()["transcript"]
"""300 s, and 6 s for each second it plays."""


def manifest(seconds: float | None, size_bytes: int | None = None, *files: int) -> Manifest:
    return Manifest(
        asset="drive_file",
        key="media:a",
        fingerprint="f",
        version="v",
        value=None if size_bytes is None else {"size_bytes": size_bytes},
        media_seconds=seconds,
        files=tuple(StoredFile(name=f"f{n}", path=f"f{n}", size_bytes=n, sha256="0") for n in files),
        inputs={},
        code_version="1",
        settings={},
        made_at=datetime(2025, 3, 1, tzinfo=UTC),
        made_in_seconds=1.0,
        made_by_run="r",
    )


def limit(*upstreams: Manifest, **limits: Any) -> float:
    return limit_of(upstreams, TUNING, LimitSettings(**limits))


def test_a_recording_gets_time_for_each_second_it_plays():
    assert limit(manifest(HOUR, 60_000_000)) == 300 + 6 * HOUR
    assert limit(manifest(None), manifest(HOUR, 20_000_000)) == 300 + 6 * HOUR
    assert limit(manifest(None, 20_000_000)) == limit() == 300
    assert limit(manifest(60.0, 10_000_000_000)) == 300 + 360


@pytest.mark.parametrize("claimed", [3_000_000.0, 3.2e9, 1e12, 1e300])
def test_no_claim_gives_more_time_than_its_bytes_can_hold(claimed: float):
    assert limit(manifest(claimed, 3_000_000)) == 300 + 6 * 6000
    assert limit(manifest(claimed, 0)) == 300


@pytest.mark.parametrize("claimed", [float("inf"), float("-inf"), float("nan"), -1.0, -1e300])
def test_a_claim_that_is_no_time_gives_none(claimed: float):
    assert limit(manifest(claimed, 3_000_000)) == 300


def test_no_file_gets_more_than_the_most_hours_of_media():
    assert limit(manifest(1e6, 10**12), max_media_hours=2) == 300 + 6 * 2 * HOUR
    tuning = Settings.usual_tuning()["drive_file"]
    assert limit_of_source(10**15, tuning, LimitSettings(max_media_hours=2)) == 300 + 0.5 * 2 * HOUR
    assert limit_of_source(10**9, tuning, LimitSettings()) == 300 + 0.5 * 2000


def test_a_summary_gets_time_by_what_was_said():
    assert limit(manifest(HOUR, None, 60_000, 200_000)) == 300 + 6 * HOUR
    assert limit(manifest(40 * HOUR, None, 100, 20)) == 300 + 6 * 12


@pytest.mark.parametrize(
    "stated", ["0:0:nan", "0:0:inf", "9:9:-inf", f"{'9' * 400}:0:0", f"{'9' * 5000}:0:0", "::", ""]
)
def test_a_duration_in_a_tag_that_is_no_time_is_none(stated: str):
    assert _tagged_duration(None, {"duration": stated}) is None  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------- real files


def endless_wav(path: Path, seconds: int = 3_000_000) -> Path:
    """One byte for each second."""
    data = bytes([128]) * seconds
    header = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, 1, 1, 1, 8, b"data", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(header) + len(data)) + b"WAVE" + header + data)
    return path


def with_time(path: Path, box: bytes, offset: int, value: int) -> Path:
    """An mp4 with another number of 32 bits behind the first box of a type."""
    content = bytearray(path.read_bytes())
    at = content.index(box) + offset
    content[at : at + 4] = value.to_bytes(4, "big")
    path.write_bytes(content)
    return path


@pytest.mark.thorough
def test_a_file_that_claims_to_play_for_ever_is_red_and_the_others_are_done(tmp_path: Path):
    library = RealLibrary(tmp_path)
    endless_wav(library.media / "endless.wav")
    media.tone(library.media / "tone.wav", 1.0)
    status = library.process(stage="m4a_audio")
    assert status.grid["media:endless.wav"]["drive_file"] is State.FAILED
    assert status.grid["media:tone.wav"]["m4a_audio"] is State.DONE
    assert "plays for 833 hours by its own time stamps, and 48 are allowed" in str(status.failures)


def extract(path: Path) -> float:
    work = Work(path.parent, time_limit_seconds=60, max_media_seconds=48 * HOUR)
    found = probe(path, work).media
    assert found is not None
    stream, reason = choose_audio(found, ())
    destination = path.parent / "result.m4a"
    return extract_m4a(FFmpeg(), path, found, stream, reason, destination, AudioSettings(), work).track.duration_seconds


def test_a_header_that_claims_a_century_gives_no_more_than_the_sound_there_is(tmp_path: Path):
    sound = with_time(media.tone(tmp_path / "tone.m4a", 1.0), b"mvhd", 20, 0xFFFFFFF0)
    assert extract(sound) == pytest.approx(1.0, abs=0.1)


def test_a_wild_time_stamp_is_not_filled_up_with_weeks_of_silence(tmp_path: Path):
    wild = tmp_path / "wild.mkv"
    late = "asetpts=if(gt(T\\,0.5)\\,PTS+1000000/TB\\,PTS)"
    media.ffmpeg("-i", media.tone(tmp_path / "tone.wav", 1.0), "-af", late, "-c:a", "libopus", wild)
    assert extract(wild) == pytest.approx(1.0, abs=0.1)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1_000_000


# ------------------------------------------------------------------- recordings that do not say how long they play


def unstated(size_bytes: int, kind: str = "video") -> Manifest:
    return manifest(None).model_copy(update={"value": {"size_bytes": size_bytes, "kind": kind}})


def growing(size_bytes: int, folder: Path, now: list[float]) -> Work:
    upstreams = [unstated(size_bytes)]
    growth = growth_of(upstreams, TUNING, LimitSettings())
    return Work(folder, limit(*upstreams), started=0.0, growth=growth, clock=lambda: now[0])


def test_a_recording_that_does_not_say_how_long_it_plays_gets_time_by_its_bytes():
    assert limit(unstated(500_000_000)) == 300 + 6 * 1000
    assert limit(unstated(500_000_000, "image")) == 300
    assert growth_of([unstated(500_000_000, "image")], TUNING, LimitSettings()) is None
    assert growth_of([manifest(60.0, 500_000_000)], TUNING, LimitSettings()) is None


def test_progress_extends_the_limit_through_all_steps_and_a_hang_is_stopped(tmp_path: Path):
    now = [0.0]
    work = growing(1_000_000, tmp_path, now)
    first, second = portions(work, [1, 1])
    for step in (first, second):
        for _ in range(10):
            now[0] += 299
            step.check()
            step.progressed()
    now[0] += 301
    with pytest.raises(TimeLimitExceeded):
        work.check()


def test_no_progress_extends_a_limit_beyond_what_the_bytes_can_hold(tmp_path: Path):
    now = [0.0]
    work = growing(5_000, tmp_path, now)
    for _ in range(3):
        now[0] += 119.9
        work.progressed()
    assert work.remaining_seconds == pytest.approx(300 + 6 * 10 - now[0])
    now[0] = 361.0
    work.progressed()
    with pytest.raises(TimeLimitExceeded):
        work.check()


def test_ffmpeg_tells_of_its_progress_and_of_none_where_nothing_comes(tmp_path: Path):
    tone, now = media.tone(tmp_path / "tone.wav", 1.0), [100.0]
    work = growing(1_000_000, tmp_path, now)
    for _ in FFmpeg().pcm(tone, work):
        pass
    assert work.growth is not None
    assert work.growth.grown_seconds == 400
