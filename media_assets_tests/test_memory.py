"""What a run needs: memory that does not grow with the recording, and disk for what is in flight only."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from media_assets_tests.broken_library import TALK, ffmpeg, tone

HOUR_SECONDS = 3600
MEGABYTE = 1_000_000


def long_recording(path: Path, seconds: int) -> Path:
    """A talk of half a minute in every ten minutes, and silence between."""
    part = path.with_name("part.m4a")
    ffmpeg("-i", TALK, "-vn", "-af", "apad=whole_dur=600", "-c:a", "aac", "-b:a", "48k", part)
    listing = path.with_name("parts.txt")
    listing.write_text(f"file '{part}'\n" * (seconds // 600))
    ffmpeg("-f", "concat", "-safe", "0", "-i", listing, "-c", "copy", path)
    part.unlink()
    listing.unlink()
    return path


def process_command(root: Path) -> list[str]:
    (root / "library.yaml").write_text(json.dumps({"sources": {"media": {"path": "media"}}}), "utf-8")
    return [sys.executable, "-m", "media_assets.cli", "--config", str(root / "library.yaml"), "process"]


def peak_bytes(command: list[str]) -> int:
    """The most memory a command had at once, its children included; what they share counts once (PSS).

    A child that was forked and does not run its program yet would count its parent's memory again.
    """
    peak = 0
    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            family = [process, *process.children(recursive=True)]
            peak = max(peak, sum(member.memory_full_info().pss for member in family))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.05)
    assert process.returncode == 0
    return peak


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_hours_need_no_more_memory_than_half_a_minute(tmp_path: Path) -> None:
    for name, seconds in (("short", 600), ("long", 2 * HOUR_SECONDS)):
        (tmp_path / name / "media").mkdir(parents=True)
        long_recording(tmp_path / name / "media" / "recording.m4a", seconds)
    short = peak_bytes(process_command(tmp_path / "short"))
    long = peak_bytes(process_command(tmp_path / "long"))
    print(f"10 minutes {short / MEGABYTE:.0f} MB, 2 hours {long / MEGABYTE:.0f} MB")
    assert long < 950 * MEGABYTE, "Dagster, the model and its batches"
    # The C library keeps gaps between the arrays of some windows. Two hours of samples alone would be 230 MB more.
    assert long - short < 300 * MEGABYTE


@pytest.mark.slow
def test_scratch_space_holds_only_the_files_in_work(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    for number in range(16):
        tone(tmp_path / "media" / f"{number}.flac", 300 + number, 3)
    process = subprocess.Popen([*process_command(tmp_path), "--stage", "m4a_audio"], stdout=subprocess.DEVNULL)
    work, most, seen = tmp_path / ".media_assets" / "work", 0, 0
    while process.poll() is None:
        directories = [path for path in work.glob("*/*") if path.suffix != ".lock"]
        most, seen = max(most, len(directories)), seen + bool(directories)
        time.sleep(0.002)
    assert process.returncode == 0
    assert seen, "the look was too slow to see anything"
    assert most <= 4, "as many as the workers of drive_file"
    assert not list(work.iterdir())
