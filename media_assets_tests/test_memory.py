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
TELLS_ITS_PEAK = """
import atexit, pathlib, re
from media_assets.cli.app import main

def tell():
    status = pathlib.Path("/proc/self/status").read_text()
    pathlib.Path("peak").write_text(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])

atexit.register(tell)
main()
"""
"""The command line, which writes at its end how much memory it had at most: without ffmpeg, and without the process
that started it, which the system counts with a child that has not run its program yet."""


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


def peak_bytes_of_transcribing(root: Path, seconds: int) -> int:
    """The most memory of the process that makes the transcript of a recording, who speaks included."""
    (root / "media").mkdir(parents=True)
    long_recording(root / "media" / "recording.m4a", seconds)
    subprocess.run([*process_command(root), "--stage", "m4a_audio"], stdout=subprocess.DEVNULL, check=True)
    command = [sys.executable, "-c", TELLS_ITS_PEAK, "process", "--stage", "transcript"]
    subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL, check=True)
    (transcript,) = (root / "artifacts" / "transcript").glob("*/transcript.json")
    assert json.loads(transcript.read_text())["segments"]
    return int((root / "peak").read_text()) * 1024


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_transcript_with_speakers_needs_less_than_600_megabytes_however_long_the_recording(tmp_path: Path) -> None:
    short = peak_bytes_of_transcribing(tmp_path / "short", 600)
    long = peak_bytes_of_transcribing(tmp_path / "long", 1200)
    print(f"10 minutes {short / MEGABYTE:.0f} MB, 20 minutes {long / MEGABYTE:.0f} MB")
    assert long < 600 * MEGABYTE
    assert long - short < 60 * MEGABYTE


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_hours_need_no_more_memory_than_half_a_minute(tmp_path: Path) -> None:
    for name, seconds in (("short", 600), ("long", 2 * HOUR_SECONDS)):
        (tmp_path / name / "media").mkdir(parents=True)
        long_recording(tmp_path / name / "media" / "recording.m4a", seconds)
    short = peak_bytes(process_command(tmp_path / "short"))
    long = peak_bytes(process_command(tmp_path / "long"))
    print(f"10 minutes {short / MEGABYTE:.0f} MB, 2 hours {long / MEGABYTE:.0f} MB")
    assert long < 700 * MEGABYTE, "Dagster, the model, its batches and an ffmpeg"
    assert long - short < 200 * MEGABYTE, "two hours of samples alone would be 230 MB more"


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
