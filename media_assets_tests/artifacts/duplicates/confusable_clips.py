"""Clips that are easily taken for the same and are not, each with copies that are the same though they were changed.

All are drawn from seeds, without sound: nothing but their pictures can tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from media_assets_tests.artifacts.duplicates import confusable, scenes
from media_assets_tests.artifacts.duplicates.confusable import Labels
from media_assets_tests.artifacts.duplicates.scenes import HEIGHT, RATE, WIDTH, changed

SECONDS = 6.0


def _noisy(frames: np.ndarray, seed: int, deviation: float = 1.5) -> np.ndarray:
    """Frames as a sensor gives them: no two have the same noise."""
    random = np.random.default_rng((seed, 41))
    return np.stack(
        [np.clip(frame + random.normal(0, deviation, frame.shape), 0, 255).astype(np.uint8) for frame in frames]
    )


def _written(frame: np.ndarray, text: str, row: float, size: float = 12, colour: str = "white") -> np.ndarray:
    picture = Image.fromarray(frame)
    ImageDraw.Draw(picture).text((6, row), text, colour, ImageFont.load_default(size))
    return np.asarray(picture)


def fixed_camera(seed: int, take: int, *, actors: int = 1, seconds: float = SECONDS) -> np.ndarray:
    """What a camera on a wall sees; other takes see others walk by."""
    frames = scenes.scene(500 + seed, 900 + 10 * seed + take, seconds, actors=actors, smallest=8, largest=14)
    return _noisy(frames, 10 * seed + take)


def empty_at(seed: int, hour: int, *, seconds: float = SECONDS) -> np.ndarray:
    """The same camera while nobody is there, with the time burned in."""
    still = scenes.background(540 + seed).astype(np.uint8)
    frames = [
        _written(still, f"2024-05-17 {hour:02}:{17 + seed:02}:{9 + index // RATE:02}", 4)
        for index in range(round(seconds * RATE))
    ]
    return _noisy(np.stack(frames), 100 * seed + hour)


def passing_by(seed: int, begins: float | None, *, seconds: float = 12.0) -> np.ndarray:
    """An empty place through which somebody hurries for a second, or nobody does.

    Args:
        begins: In seconds.
    """
    still = scenes.background(580 + seed).astype(np.uint8)
    frames = np.repeat(still[None], round(seconds * RATE), axis=0)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    for step in range(RATE if begins is not None else 0):
        frame = frames[round((begins or 0) * RATE) + step]
        frame[((rows - 120) / 22) ** 2 + ((columns - 30 * step - 20) / 9) ** 2 < 1] = (30, 30, 60)
    return _noisy(frames, 10 * seed + round(begins or 0))


def mostly_empty(seed: int, begins: float, *, seconds: float = 30.0) -> np.ndarray:
    """An empty place through which somebody darts for six tenths of a second, at a time in seconds."""
    still = scenes.background(580 + seed).astype(np.uint8)
    frames = np.repeat(still[None], round(seconds * RATE), axis=0)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    for step in range(6):
        frame = frames[round(begins * RATE) + step]
        frame[((rows - 120) / 26) ** 2 + ((columns - 50 * step - 20) / 11) ** 2 < 1] = (30, 30, 60)
    return _noisy(frames, 10 * seed + round(begins))


def screen(seed: int, text: int, *, seconds: float = SECONDS) -> np.ndarray:
    """Somebody writes into a window of a screen; the window is that of the seed, the words are others."""
    random = np.random.default_rng((seed, 43))
    words = np.random.default_rng((seed, text, 47))
    still = Image.new("RGB", (WIDTH, HEIGHT), (236, 238, 240))
    draw = ImageDraw.Draw(still)
    draw.rectangle((0, 0, WIDTH, 16), (52, 73, 94))
    draw.rectangle((0, 16, 70, HEIGHT), (210, 214, 220))
    for line in range(7):
        name = "".join(random.choice(list("abcdefghiklmnoprstu"), 7))
        draw.text((6, 22 + 20 * line), name, "black", ImageFont.load_default(10))
    written = ["".join(words.choice(list("abcdefghiklmnoprstu"), 8)) for _ in range(24)]
    frames = []
    for index in range(round(seconds * RATE)):
        picture = still.copy()
        draw = ImageDraw.Draw(picture)
        shown = written[: 9 + index // 6]
        for line in range(0, len(shown), 4):
            draw.text((78, 22 + 5 * line), " ".join(shown[line : line + 4]), "black", ImageFont.load_default(11))
        frames.append(np.asarray(picture))
    return np.stack(frames)


def slides(seed: int, total_cents: int = 0, *, seconds: float = SECONDS) -> np.ndarray:
    """Two pages of a kind, one after the other, each as a still."""
    pages = []
    for number in (seed, seed + 1):
        page = confusable.invoice(number, total_cents, width=460)
        pages.append(np.asarray(page.crop((0, 330, 460, 330 + 460 * HEIGHT // WIDTH)).resize((WIDTH, HEIGHT))))
    return np.repeat(np.stack(pages), round(seconds * RATE / 2), axis=0)


def talking_head(seed: int, take: int, *, seconds: float = SECONDS) -> np.ndarray:
    """A head before a wall that speaks; another take says the same in other moments."""
    still = scenes.background(620 + seed).astype(np.uint8)
    random = np.random.default_rng((seed, take, 53))
    count = round(seconds * RATE)
    sway = np.cumsum(random.normal(0, 0.8, (count, 2)), axis=0)
    frames = []
    for index, mouth in enumerate(np.repeat(random.uniform(0, 1, count // 2 + 1), 2)[:count]):
        picture = Image.fromarray(still)
        draw = ImageDraw.Draw(picture)
        x, y = WIDTH / 2 + sway[index, 0], HEIGHT / 2 + sway[index, 1]
        draw.rectangle((x - 60, y + 50, x + 60, HEIGHT), (60, 70, 110))
        draw.ellipse((x - 34, y - 50, x + 34, y + 56), (222, 178, 150), (150, 110, 90), 2)
        for side in (-14, 14):
            draw.ellipse((x + side - 6, y - 16, x + side + 6, y - 8), "white", (90, 60, 50))
        draw.ellipse((x - 12, y + 24 - 7 * mouth, x + 12, y + 24 + 7 * mouth), (120, 30, 40))
        frames.append(np.asarray(picture))
    return _noisy(np.stack(frames), 10 * seed + take)


def thing_in_a_room(seed: int, hue: str, *, seconds: float = SECONDS) -> np.ndarray:
    """Somebody walks by a thing; another hue leaves it as bright as it was."""
    frames = scenes.scene(660 + seed, 980 + seed, seconds, actors=1, smallest=8, largest=14)
    coloured = [np.asarray(confusable.with_thing(Image.fromarray(frame), seed, hue)) for frame in frames]
    return _noisy(np.stack(coloured), 10 * seed + len(hue))


def with_logo(frames: np.ndarray) -> np.ndarray:
    """The same with an opaque logo in a corner."""
    marked = frames.copy()
    for frame in marked:
        picture = Image.fromarray(frame)
        draw = ImageDraw.Draw(picture)
        draw.rectangle((WIDTH - 54, 8, WIDTH - 8, 34), (200, 30, 30))
        draw.ellipse((WIDTH - 40, 12, WIDTH - 22, 30), "white")
        frame[:] = np.asarray(picture)
    return marked


CLIPS_THAT_DIFFER: dict[str, tuple[Callable[[int], np.ndarray], ...]] = {
    "camera": (lambda seed: fixed_camera(seed, 0), lambda seed: fixed_camera(seed, 1)),
    "empty": (lambda seed: empty_at(seed, 9), lambda seed: empty_at(seed, 13)),
    "passer": (lambda seed: passing_by(seed, None), lambda seed: passing_by(seed, 3.4), lambda s: passing_by(s, 8.2)),
    "screen": (lambda seed: screen(seed, 0), lambda seed: screen(seed, 1)),
    "slides": (lambda seed: slides(seed), lambda seed: slides(seed, 100)),
    "head": (lambda seed: talking_head(seed, 0), lambda seed: talking_head(seed, 1)),
    "cup": (lambda seed: thing_in_a_room(seed, "red"), lambda seed: thing_in_a_room(seed, "blue")),
}
"""By name: clips that share a place or a form, and are different."""

CLIP_CHANGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "x264_crf36.mp4": ((), ("-c:v", "libx264", "-preset", "veryfast", "-crf", "36")),
    "x265.mkv": ((), ("-c:v", "libx265", "-x265-params", "log-level=error", "-crf", "30")),
    "ten_bit.mp4": (
        (),
        ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=error", "-crf", "26"),
    ),
    "half.mp4": ((), ("-vf", "scale=iw/2:-2", "-c:v", "libx264", "-crf", "24")),
    "other_rate.mp4": ((), ("-r", "25", "-c:v", "libx264", "-crf", "24")),
    "fewer_frames.mp4": ((), ("-r", "6", "-c:v", "libx264", "-crf", "24")),
    "mirrored.mp4": ((), ("-vf", "hflip", "-c:v", "libx264", "-crf", "24")),
    "letterbox.mp4": ((), ("-vf", "pad=iw:ih*1.3:0:-1,setsar=1", "-c:v", "libx264", "-crf", "24")),
    "bright.mp4": ((), ("-vf", "eq=brightness=0.06:contrast=1.1", "-c:v", "libx264", "-crf", "24")),
    "container.mkv": ((), ("-c", "copy")),
    "stream.ts": ((), ("-c", "copy")),
    "faster.mp4": ((), ("-vf", "setpts=PTS/1.05", "-r", "10", "-c:v", "libx264", "-crf", "24")),
    "end_cut.mp4": ((), ("-t", "5.3", "-c:v", "libx264", "-crf", "24")),
}
"""What leaves a clip what it is: options of ffmpeg before and after the input."""
FRONT_CUT = (("-ss", "0.83"), ("-c:v", "libx264", "-crf", "24"))
"""Of what does not move, nobody can tell where it was cut."""
MARKED = {
    "mark_faint.mp4": ("© studio 2024", 0.5, "corner", 0.09),
}


@cache
def film(seed: int) -> np.ndarray:
    """A film of two scenes in which much moves."""
    return scenes.film(seed, SECONDS, 2)


def make_clip_copies(folder: Path, seeds: range) -> Labels:
    """Films with every change that leaves them what they are."""
    labels: Labels = {}
    for seed in seeds:
        original = scenes.write_film(folder / f"clip{seed}.mp4", film(seed))
        labels[original] = original.stem
        for name, (before, after) in (CLIP_CHANGES | {"front_cut.mp4": FRONT_CUT}).items():
            labels[changed(original, name, before, after)] = original.stem
        labels[scenes.write_film(folder / f"clip{seed}_logo.mp4", with_logo(film(seed)))] = original.stem
        for name, mark in MARKED.items():
            marked = [np.asarray(confusable.marked(Image.fromarray(frame), *mark)) for frame in film(seed)]
            labels[scenes.write_film(folder / f"clip{seed}_{name}", np.stack(marked))] = original.stem
    return labels


def make_clips_that_differ(folder: Path, seeds: range, copies: tuple[str, ...] = ("x264_crf36.mp4",)) -> Labels:
    """Clips of fixed cameras, screens, slides and heads that differ in what happens, each with true copies."""
    labels: Labels = {}
    for seed in seeds:
        for name, makers in CLIPS_THAT_DIFFER.items():
            for number, made in enumerate(makers):
                path = scenes.write_film(folder / f"{name}{seed}_{number}.mp4", made(seed))
                labels[path] = path.stem
                for change in copies:
                    labels[changed(path, change, *CLIP_CHANGES[change])] = path.stem
    return labels
