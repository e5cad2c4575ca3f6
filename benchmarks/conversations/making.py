"""Makes conversations: who speaks when, with overlaps, in rooms, at levels and over noise of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

from conversations.voices import RATE, SENTENCES, SHORT, SyntheticVoice, spoken


@dataclass(frozen=True)
class Said:
    """Somebody speaks from one second to another."""

    start_seconds: float
    end_seconds: float
    speaker: str


@dataclass(frozen=True)
class Conversation:
    """A sound, from -1 to 1 at `RATE`, and who speaks in it when."""

    name: str
    sound: np.ndarray
    said: tuple[Said, ...]

    @property
    def speakers(self) -> int:
        return len({one.speaker for one in self.said})

    @property
    def pcm(self) -> bytes:
        return bytes((np.clip(self.sound, -1, 1) * 32767).astype("<i2"))


def converse(
    voices: Sequence[SyntheticVoice],
    seconds: float,
    seed: int,
    folder: Path,
    *,
    overlaps: float = 0.15,
    language: str | None = None,
) -> Conversation:
    """A conversation of some voices; one alone gives a talk.

    A third of the turns are a word or two, half one to three sentences, the others up to 20 s. Some begin before the
    one before has ended.

    Args:
        seconds: When no turn begins any more.
        overlaps: The share of turns that begin early.
        language: What all speak; None for any that all can.
        folder: Keeps what was spoken.
    """
    random = np.random.default_rng(seed)
    speech: list[tuple[float, np.ndarray, SyntheticVoice]] = []
    levels = {voice.name: 10 ** (random.uniform(-14, 0) / 20) for voice in voices}
    rooms = {voice.name: _room(random) for voice in voices}
    spoken_by_all = [one for one in voices[0].languages if all(one in voice.languages for voice in voices)]
    language = language or str(random.choice(spoken_by_all))
    now, last = random.uniform(0.3, 2.0), -1
    while now < seconds or len({voice.name for _, _, voice in speech}) < len(voices):
        choices = [number for number in range(len(voices)) if number != last] or [0]
        last = int(random.choice(choices))
        voice = voices[last]
        for sentence in _turn(random, language, alone=len(voices) == 1):
            sound = spoken(voice, sentence, language, folder)
            speech.append((now, sound, voice))
            now += len(sound) / RATE + random.uniform(0.1, 0.5)
        early = len(voices) > 1 and random.random() < overlaps
        now += random.uniform(-1.8, -0.5) if early else random.uniform(0.0, 1.2)
        now = max(now, 0.0)
    length = max(start + len(sound) / RATE for start, sound, _ in speech) + 1.5
    mixed = np.zeros(round(length * RATE))
    said = []
    for start, sound, voice in speech:
        heard = fftconvolve(sound, rooms[voice.name])[: len(sound) + RATE // 2] * levels[voice.name]
        at = round(start * RATE)
        mixed[at : at + len(heard)] += heard[: len(mixed) - at]
        said.append(Said(start, start + len(sound) / RATE, voice.name))
    quietest = min(levels.values())
    noise = _noise(random, len(mixed)) * 0.1 * quietest * 10 ** (-random.uniform(12, 35) / 20)
    mixed = mixed + noise
    mixed *= 10 ** (random.uniform(-12, -1) / 20) / np.abs(mixed).max()
    name = f"{len(voices)} voices, seed {seed}" if len(voices) > 1 else f"{voices[0].name} alone, seed {seed}"
    return Conversation(name, mixed, tuple(sorted(said, key=lambda one: one.start_seconds)))


def _turn(random: np.random.Generator, language: str, *, alone: bool) -> list[str]:
    kind = random.random()
    if kind < 0.33 and not alone:
        return [str(random.choice(SHORT[language]))]
    count = int(random.integers(1, 4)) if kind < 0.85 else int(random.integers(4, 6))
    return [str(random.choice(SENTENCES[language])) for _ in range(count)]


def _room(random: np.random.Generator) -> np.ndarray:
    """How a room answers a click: at once, then ever fainter for a tenth of a second to half a second."""
    seconds = random.uniform(0.1, 0.5)
    time = np.arange(round(seconds * RATE)) / RATE
    answer = random.standard_normal(len(time)) * np.exp(-6.9 * time / seconds)
    answer *= random.uniform(0.1, 0.5) / np.sqrt(np.sum(np.square(answer)))
    answer[0] = 1.0
    return answer


def _noise(random: np.random.Generator, samples: int) -> np.ndarray:
    """A fan and a street: noise with the less of a pitch the higher it is."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    hertz = np.fft.rfftfreq(samples, 1 / RATE)
    noise = np.fft.irfft(spectrum / np.maximum(hertz, 40.0) ** 0.7, samples)
    level: np.ndarray = noise / np.sqrt(np.mean(np.square(noise)))
    return level
