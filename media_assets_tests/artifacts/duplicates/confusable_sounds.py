"""Sounds that are easily taken for the same and are not, each with a copy of low quality that is the same.

Drawn from seeds: the same loud music with a voice that says something else, lacks a word, is covered by a beep, or ends
otherwise.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.artifacts.duplicates.confusable import Labels
from media_assets_tests.artifacts.duplicates.scenes import SAMPLE_RATE, changed

SECONDS = 14
_GOOD = ("-ar", "44100", "-c:a", "aac", "-b:a", "128k")
_POOR = ("-c:a", "aac", "-b:a", "48k")
_QUIET = 10 ** (-20 / 20)
"""Of a voice under music."""


def voice(seed: int, seconds: float) -> np.ndarray:
    """Somebody speaks: syllables whose pitch glides, with formants, in words with pauses between. At level 1."""
    random = np.random.default_rng((seed, 59))
    sound = np.zeros(round(seconds * SAMPLE_RATE))
    begin, middle = 0.1, random.uniform(110, 220)
    while begin < seconds - 0.3:
        length = random.uniform(0.12, 0.28)
        times = np.arange(round(length * SAMPLE_RATE)) / SAMPLE_RATE
        pitch = middle * 2 ** (random.uniform(-0.3, 0.3) + random.uniform(-0.3, 0.3) * times / length)
        phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
        formants = random.uniform((300, 900, 2200), (800, 2000, 3000))
        spoken = sum(
            np.sin(number * phase) * (np.exp(-(((number * middle - formants) / 150) ** 2)).sum() + 0.02)
            for number in range(1, 20)
        )
        at = round(begin * SAMPLE_RATE)
        sound[at : at + len(times)] += spoken * np.sin(np.pi * times / length) ** 0.5
        begin += length + (random.uniform(0.2, 0.5) if random.random() < 0.3 else 0.03)
    return np.asarray(sound / np.sqrt((sound**2).mean()))


def make_sounds_that_differ(folder: Path, seeds: range) -> Labels:
    """Two voices under one music, and one voice with a word muted, covered by a beep, or followed by another end."""
    labels: Labels = {}
    for seed in seeds:
        music = scenes.music(6000 + seed, SECONDS)
        level = np.sqrt((music**2).mean()) * _QUIET
        said = 0.1 * voice(seed, SECONDS)
        word = slice(6 * SAMPLE_RATE, round(6.4 * SAMPLE_RATE))
        muted, covered, other_end = said.copy(), said.copy(), said.copy()
        muted[word] = 0
        covered[word] = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(word.stop - word.start) / SAMPLE_RATE)
        other_end[-3 * SAMPLE_RATE :] = 0.1 * voice(700 + seed, 3)
        for name, sound in (
            ("under_music_a", music + level * voice(300 + seed, SECONDS)),
            ("under_music_b", music + level * voice(400 + seed, SECONDS)),
            ("said", said),
            ("word_muted", muted),
            ("beep", covered),
            ("other_end", other_end),
        ):
            whole = scenes.write_sound(folder / f"voice{seed}_{name}.wav", np.clip(sound, -1, 1))
            poor = changed(whole, "poor.m4a", after=_POOR)
            good = changed(whole, "good.m4a", after=_GOOD).rename(whole.with_suffix(".m4a"))
            labels |= dict.fromkeys((good, poor), whole.stem)
            whole.unlink()
    return labels
