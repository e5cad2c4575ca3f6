"""Clips that differ for a moment or in a few pixels, and long shots of which nearly all is the same.

All are drawn from seeds, without sound: nothing but these pictures can tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.confusable import Labels
from media_assets_tests.artifacts.duplicates.scenes import HEIGHT, RATE, WIDTH, changed

SECONDS = 8.0
Frames = np.ndarray


def _noisy(frames: Frames, seed: int, deviation: float = 1.5) -> Frames:
    random = np.random.default_rng((seed, 61))
    return np.stack(
        [np.clip(frame + random.normal(0, deviation, frame.shape), 0, 255).astype(np.uint8) for frame in frames]
    )


def _street(seed: int, seconds: float = SECONDS) -> Frames:
    """A place that somebody crosses slowly: the same in all takes."""
    return scenes.scene(660 + seed, 1900 + seed, seconds, actors=1, smallest=8, largest=14)


def _times(begins: float, lasts: float) -> range:
    return range(round(begins * RATE), round((begins + lasts) * RATE))


def flash(seed: int, begins: float | None) -> Frames:
    """A light of 12 by 12 pixels that flashes for less than a second."""
    frames = _street(seed).copy()
    for index in _times(begins, 0.9) if begins is not None else ():
        frames[index, 40:52, 200:212] = (250, 245, 200)
    return _noisy(frames, 10 * seed + round(begins or 0))


def bird(seed: int, begins: float | None) -> Frames:
    """A bird of a few pixels crosses the sky."""
    frames = _street(100 + seed).copy()
    for step, index in enumerate(_times(begins, 0.8) if begins is not None else ()):
        row, column = 24 + 2 * step, 40 + 26 * step
        frames[index, row : row + 4, column : column + 9] = (20, 20, 24)
    return _noisy(frames, 20 * seed + round(begins or 0))


def status_light(seed: int, red: float | None) -> Frames:
    """A status light of 5 by 5 pixels that is green but for half a second, in which it is red."""
    frames = np.repeat(scenes.background(680 + seed).astype(np.uint8)[None], round(SECONDS * RATE), axis=0)
    frames[:, 100:105, 150:155] = (30, 200, 60)
    for index in _times(red, 0.6) if red is not None else ():
        frames[index, 100:105, 150:155] = (220, 40, 40)
    return _noisy(frames, 30 * seed + round(red or 0))


def runner(seed: int, begins: float | None) -> Frames:
    """Somebody runs through a street for half a second, while another walks there."""
    frames = _street(200 + seed).copy()
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    for step, index in enumerate(_times(begins, 0.6) if begins is not None else ()):
        frames[index][((rows - 130) / 20) ** 2 + ((columns - 55 * step - 10) / 8) ** 2 < 1] = (150, 40, 40)
    return _noisy(frames, 40 * seed + round(begins or 0))


def camera_at(seed: int, minute: int, person: int) -> Frames:
    """What a camera on a wall sees, with its clock burned in."""
    frames = scenes.scene(700 + seed, 2100 + person, SECONDS, actors=1, smallest=8, largest=14)
    written = [
        _text(frame, (6, 4), f"17.05.2024 08:{minute:02}:{index // RATE:02}", 10) for index, frame in enumerate(frames)
    ]
    return _noisy(np.stack(written), 50 * seed + minute)


def _text(frame: Frames, place: tuple[float, float], words: str, size: float, colour: str = "white") -> Frames:
    picture = Image.fromarray(frame)
    ImageDraw.Draw(picture).text(place, words, colour, ImageFont.load_default(size))
    return np.asarray(picture)


def _desk(seed: int) -> Image.Image:
    """A window with a table, as on a screen."""
    random = np.random.default_rng((seed, 67))
    still = Image.new("RGB", (WIDTH, HEIGHT), (243, 244, 246))
    draw = ImageDraw.Draw(still)
    draw.rectangle((0, 0, WIDTH, 14), (44, 62, 80))
    for row in range(7):
        draw.line((10, 26 + 20 * row, 310, 26 + 20 * row), (150, 150, 160))
    for column in range(6):
        draw.line((10 + 60 * column, 26, 10 + 60 * column, 146), (150, 150, 160))
    for row in range(6):
        for column in range(3):
            value = str(random.integers(100, 9999))
            draw.text((14 + 60 * column, 30 + 20 * row), value, "black", ImageFont.load_default(11))
    return still


def table(seed: int, cell: int) -> Frames:
    """Somebody fills in one cell of a table after the other; of the last, another one."""
    still = _desk(seed)
    frames = []
    for index in range(round(SECONDS * RATE)):
        picture = still.copy()
        draw = ImageDraw.Draw(picture)
        for number in range(min(5, index // 14)):
            row = number if number < 4 else 4 + cell
            draw.text((196, 30 + 20 * row), f"{17 * number + 230}", "black", ImageFont.load_default(11))
        frames.append(np.asarray(picture))
    return np.stack(frames)


def counter(seed: int, start: int) -> Frames:
    """A window in which a small number counts on."""
    still = np.asarray(_desk(seed))
    return np.stack(
        [_text(still, (270, 160), f"{start + index // RATE}", 10, "black") for index in range(round(SECONDS * RATE))]
    )


def typed(seed: int, word: int) -> Frames:
    """An editor whose cursor blinks; in the last second a line is typed, of which one word may be another."""
    still = Image.new("RGB", (WIDTH, HEIGHT), (30, 32, 38))
    draw = ImageDraw.Draw(still)
    random = np.random.default_rng((seed, 71))
    for line in range(6):
        words = " ".join("".join(random.choice(list("abcdefghiklmnoprstu"), 6)) for _ in range(5))
        draw.text((10, 12 + 18 * line), words, (200, 200, 205), ImageFont.load_default(11))
    last = f"total = {('net', 'tax')[word]} + {seed}"
    frames = []
    for index in range(round(SECONDS * RATE)):
        picture = still.copy()
        draw = ImageDraw.Draw(picture)
        shown = last[: max(0, 2 * (index - round((SECONDS - 1) * RATE)))]
        draw.text((10, 124), shown, (230, 230, 160), ImageFont.load_default(11))
        if index // 5 % 2:
            draw.rectangle((12 + 6 * len(shown), 126, 14 + 6 * len(shown), 136), (220, 220, 220))
        frames.append(np.asarray(picture))
    return np.stack(frames)


def match(seed: int, goals: int) -> Frames:
    """A game with its score in a corner, which changes in the last two seconds, to another score in another game."""
    frames = scenes.scene(720 + seed, 2300 + seed, SECONDS, actors=4, smallest=5, largest=8).copy()
    changes = round((SECONDS - 2) * RATE)
    for index, frame in enumerate(frames):
        frame[6:22, 6:70] = (20, 30, 90)
        frame[:] = _text(frame, (10, 8), f"ABC 1:{1 if index < changes else goals}", 11)
    return _noisy(frames, 60 * seed + goals)


def deck(seed: int, last: int) -> Frames:
    """Five slides; of the last one, shown for two seconds, the number may be another."""
    random = np.random.default_rng((seed, 73))
    pages = []
    for page in range(5):
        still = Image.new("RGB", (WIDTH, HEIGHT), "white")
        draw = ImageDraw.Draw(still)
        draw.rectangle((0, 0, WIDTH, 22), (20, 90, 140))
        draw.text((8, 4), f"Part {page + 1}", "white", ImageFont.load_default(13))
        for line in range(5):
            words = " ".join("".join(random.choice(list("abcdefghiklmnoprstu"), 5)) for _ in range(4))
            draw.text((20, 36 + 24 * line), f"- {words}", (40, 40, 40), ImageFont.load_default(12))
        draw.text((290, 164), str(14 + page if page < 4 else last), (90, 90, 90), ImageFont.load_default(11))
        pages.append(np.asarray(still))
    return np.repeat(np.stack(pages), 2 * RATE, axis=0)


MOMENTS_THAT_DIFFER: dict[str, tuple[Callable[[int], Frames], ...]] = {
    "flash": (lambda seed: flash(seed, None), lambda seed: flash(seed, 2.6), lambda seed: flash(seed, 6.3)),
    "bird": (lambda seed: bird(seed, None), lambda seed: bird(seed, 4.3)),
    "light": (lambda seed: status_light(seed, None), lambda seed: status_light(seed, 5.2)),
    "runner": (lambda seed: runner(seed, None), lambda seed: runner(seed, 3.3)),
    "clock": (lambda seed: camera_at(seed, 12, seed), lambda seed: camera_at(seed, 13, seed)),
    "person": (lambda seed: camera_at(seed, 21, 50 + seed), lambda seed: camera_at(seed, 21, 80 + seed)),
    "table": (lambda seed: table(seed, 0), lambda seed: table(seed, 1)),
    "counter": (lambda seed: counter(seed, 20), lambda seed: counter(seed, 60)),
    "typed": (lambda seed: typed(seed, 0), lambda seed: typed(seed, 1)),
    "match": (lambda seed: match(seed, 2), lambda seed: match(seed, 3)),
    "deck": (lambda seed: deck(seed, 18), lambda seed: deck(seed, 19)),
}
"""By name: clips that differ for a moment or at a small place."""

RE_ENCODED = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "28")
"""Coarser ones make such small numbers illegible."""


def make_moments_that_differ(folder: Path, seeds: range) -> Labels:
    """Clips that differ for a moment or at a small place, each with a true copy."""
    labels: Labels = {}
    for seed in seeds:
        for name, makers in MOMENTS_THAT_DIFFER.items():
            for number, made in enumerate(makers):
                path = scenes.write_film(folder / f"{name}{seed}_{number}.mp4", made(seed))
                labels[path] = labels[changed(path, "q28.mp4", after=RE_ENCODED)] = path.stem
    return labels
