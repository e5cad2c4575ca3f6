"""A folder of recordings of which some are broken, each in another way."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "library"
TALK = SAMPLES / "talks" / "looking-after-recordings.mp4"


def ffmpeg(*arguments: str | float | Path) -> None:
    """Run the real ffmpeg, quietly."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)


def tone(path: Path, hertz: int, seconds: float = 1.0) -> Path:
    """A recording without speech; each frequency is another content."""
    ffmpeg("-f", "lavfi", "-i", f"sine=frequency={hertz}:duration={seconds}", path)
    return path


def speech(path: Path, start_seconds: float, seconds: float = 4.0) -> Path:
    """A few seconds out of the sample talk."""
    ffmpeg("-ss", start_seconds, "-t", seconds, "-i", TALK, "-vn", path)
    return path


def _cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def without_index(path: Path) -> None:
    tone(path, 500, 4)
    _cut(path, 0.5)


def cut_behind_index(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=501:duration=8", "-movflags", "+faststart", path)
    _cut(path, 0.6)


def damaged_in_the_middle(path: Path) -> None:
    tone(path, 502, 8)
    content = bytearray(path.read_bytes())
    middle = len(content) // 3
    content[middle : middle + len(content) // 4] = bytes(len(content) // 4)
    path.write_bytes(content)


def cut_matroska(path: Path) -> None:
    tone(path, 503, 8)
    _cut(path, 0.5)


def cut_flac(path: Path) -> None:
    tone(path, 504, 8)
    _cut(path, 0.5)


BROKEN: dict[str, Callable[[Path], None]] = {
    "a empty.mp4": empty,
    "a without index.mp4": without_index,
    "a cut.m4a": cut_behind_index,
    "z damaged.mp3": damaged_in_the_middle,
    "z cut.mka": cut_matroska,
    "z cut.flac": cut_flac,
}
"""By file name, what makes it."""


def make_library(folder: Path, sound: int, speeches: int = 6) -> None:
    """`sound` good recordings, the first with speech, and all the broken ones, before and behind them by name."""
    folder.mkdir(parents=True)
    for number in range(sound):
        name = f"{'bcdef'[number % 5]}-{number:02}.m4a"
        if number < speeches:
            speech(folder / name, 1.0 + 4 * number)
        else:
            tone(folder / name, 200 + number)
    for name, make in BROKEN.items():
        make(folder / name)
    an_hour_ago = time.time() - 3600
    for path in folder.iterdir():  # so that none of them is taken for one that is still being written
        os.utime(path, (an_hour_ago, an_hour_ago))
