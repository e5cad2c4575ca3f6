"""Pictures and sounds that look and sound like nothing else, made from seeds: for tests and for the benchmark."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from media_assets_tests import sample_media as media

WIDTH, HEIGHT, RATE = 320, 180, 10
SAMPLE_RATE = 22050


def background(seed: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Clouds of 1/f noise, as the brightness in natural pictures is, in three colours."""
    random = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    fall = np.sqrt(rows**2 + columns**2)
    fall[0, 0] = np.inf
    planes = []
    for _ in range(3):
        spectrum = (random.normal(size=fall.shape) + 1j * random.normal(size=fall.shape)) / fall**1.3
        plane = np.fft.irfft2(spectrum, s=(height, width))
        planes.append((plane - plane.mean()) / plane.std() * 45 + 120)
    mixed = 0.7 * planes[0][..., None] + 0.3 * np.stack(planes, axis=-1)
    return np.asarray(np.clip(mixed, 0, 255))


def scene(
    place: int, take: int, seconds: float, *, actors: int = 4, smallest: float = 15, largest: float = 40
) -> np.ndarray:
    """Frames of a scene: what stands still comes from the place, what moves from the take."""
    random = np.random.default_rng((take, 7))
    still = background(place)
    count = round(seconds * RATE)
    frames = np.repeat(still[None].astype(np.uint8), count, axis=0)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    edges = np.array([HEIGHT, WIDTH])
    for _ in range(actors):
        size, colour = random.uniform(smallest, largest), random.uniform(0, 255, 3)
        speed = np.repeat(random.normal(0, 5, (count // 8 + 1, 2)), 8, axis=0)[:count]
        path = np.cumsum(speed, axis=0) + random.uniform((0, 0), (HEIGHT, WIDTH))
        path = np.abs((path + edges) % (2 * edges) - edges)
        for frame, (row, column) in zip(frames, path, strict=True):
            around = (
                slice(max(0, int(row - size)), int(row + size) + 2),
                slice(max(0, int(column - size)), int(column + size) + 2),
            )
            disc = (rows[around] - row) ** 2 + (columns[around] - column) ** 2 < size**2
            frame[around][disc] = colour
    return frames


def lecture(seed: int, seconds: float = 20.0, take: int | None = None) -> np.ndarray:
    """One scene in which little moves. Another take has the same place."""
    return scene(70_000 + seed, 70_000 + (seed if take is None else take), seconds, actors=1, smallest=8, largest=14)


def film(seed: int, seconds: float = 20.0, scenes: int = 3, take: int | None = None) -> np.ndarray:
    """Scenes one after the other. Another take has the same places."""
    take = seed if take is None else take
    parts = [scene(1000 * seed + number, 1000 * take + number, seconds / scenes) for number in range(scenes)]
    return np.concatenate(parts)


def black(seconds: float) -> np.ndarray:
    return np.zeros((round(seconds * RATE), HEIGHT, WIDTH, 3), np.uint8)


def music(seed: int, seconds: float) -> np.ndarray:
    """Notes of random pitch and length with overtones and some noise, from -1 to 1."""
    random = np.random.default_rng((seed, 3))
    total = round(seconds * SAMPLE_RATE)
    sound = random.normal(0, 0.01, total)
    for _ in range(3):
        start = 0
        while start < total:
            length = round(random.uniform(0.15, 0.7) * SAMPLE_RATE)
            pitch = 110 * 2 ** (random.integers(0, 48) / 12)
            time = np.arange(min(length, total - start)) / SAMPLE_RATE
            note = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in (1, 2, 3, 4))
            sound[start : start + len(time)] += 0.1 * note * np.exp(-3 * time)
            start += length
    return np.clip(sound, -1, 1)


def write_sound(path: Path, sound: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def write_film(path: Path, frames: np.ndarray, sound: np.ndarray | None = None) -> Path:
    """An mp4 of good quality."""
    inputs: list[str | Path] = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE)]
    inputs += ["-i", "pipe:0"]
    if sound is not None:
        inputs += ["-i", write_sound(path.with_suffix(".wav"), sound)]
    encoding = (
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "18",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        "-shortest",
    )
    command = [media.ffmpeg_exe(), "-loglevel", "error", "-y", *map(str, inputs), *encoding, str(path)]
    subprocess.run(command, input=frames.tobytes(), check=True)
    path.with_suffix(".wav").unlink(missing_ok=True)
    return path


def write_picture(path: Path, pixels: np.ndarray, *arguments: str) -> Path:
    height, width, _ = pixels.shape
    given = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", "pipe:0", "-frames:v", "1")
    command = [media.ffmpeg_exe(), "-loglevel", "error", "-y", *given, *arguments, str(path)]
    subprocess.run(command, input=pixels.astype(np.uint8).tobytes(), check=True)
    return path


def changed(source: Path, name: str, before: Sequence[str] = (), after: Sequence[str] = ()) -> Path:
    """A copy of a file, worked on by ffmpeg."""
    path = source.with_name(f"{source.stem}_{name}")
    media.ffmpeg(*before, "-i", source, *after, path)
    return path
