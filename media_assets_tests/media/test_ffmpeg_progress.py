"""What counts as progress of ffmpeg: whatever is made, and no time stamp."""

from __future__ import annotations

from pathlib import Path

from media_assets.media.ffmpeg_progress import FFmpegProgress
from media_assets_tests import sample_media as media


def told(**values: object) -> list[bytes]:
    return [f"{name}={value}".encode() for name, value in values.items()]


def test_what_goes_on_behind_a_wild_time_stamp_is_progress():
    made = FFmpegProgress()
    assert made.more(told(frame=30, drop_frames=0, total_size=48, out_time_us=3_000_000_000))
    assert made.more(told(frame=31, drop_frames=0, total_size=48, out_time_us=3_000_000_000))
    assert made.more(told(frame=31, drop_frames=9, total_size=48, out_time_us=3_000_000_000))
    assert made.more(told(frame=31, drop_frames=9, total_size=900, out_time_us=1_200_000))
    assert made.seconds == 1.2


def test_telling_the_same_again_is_no_progress():
    made = FFmpegProgress()
    lines = told(frame=30, drop_frames=2, total_size="N/A", out_time_us=1_000_000, speed="0.9x", fps=3)
    assert made.more(lines)
    assert not made.more(told(frame=30, drop_frames=2, total_size="N/A", out_time_us=1_000_000, speed="0.1x", fps=1))
    assert not made.more([])
    assert not FFmpegProgress().more(told(frame=0, total_size=0, out_time_us="N/A"))


def test_the_words_are_those_of_ffmpeg(tmp_path: Path):
    film = media.video(tmp_path / "film.mp4", 1.0)
    lines = media.ffmpeg("-progress", "pipe:1", "-i", film, tmp_path / "film.mkv").split(b"\n")
    for name in (b"frame=", b"total_size=", b"out_time_us="):
        assert FFmpegProgress().more([line for line in lines if line.startswith(name)]), name
    assert b"drop_frames=0" in lines
    made = FFmpegProgress()
    made.more(lines)
    assert made.seconds is not None and 0.9 < made.seconds < 1.1
