"""Sounds for tests: silence, noise, and vowels that voice activity detection takes for speech."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

SAMPLE_RATE = 16_000
_FORMANTS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
"""Of five American English vowels, in Hz (Peterson and Barney 1952)."""


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3000, round(seconds * SAMPLE_RATE)).astype(np.int16)


def hiss(seconds: float, low_hertz: float, high_hertz: float, loudness: float = 3000) -> np.ndarray:
    """Noise between two frequencies."""
    samples = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(samples))
    hertz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    sound: np.ndarray = np.fft.irfft(np.where((hertz >= low_hertz) & (hertz < high_hertz), spectrum, 0), samples)
    sound *= loudness / np.abs(sound).max()
    return sound.astype(np.int16)


def vowels(seconds: float) -> np.ndarray:
    """Five vowels a second, each with its formants over a voice of about 120 Hz."""
    rng = np.random.default_rng(0)
    samples = SAMPLE_RATE // 5
    time = np.arange(samples) / SAMPLE_RATE
    spoken = []
    for _ in range(round(seconds * 5)):
        pitch = 120 * (1 + 0.1 * rng.standard_normal())
        harmonics = pitch * np.arange(1, int(4000 / pitch))
        gains = 0.01 * pitch / harmonics
        for formant, gain in zip(_FORMANTS[rng.integers(len(_FORMANTS))], (1.0, 0.6, 0.3), strict=True):
            gains = gains + gain * np.exp(-(((harmonics - formant) / 120) ** 2))
        spoken.append(gains @ np.sin(2 * np.pi * np.outer(harmonics, time)) * np.sin(np.pi * time * 5) ** 0.5)
    sound: np.ndarray = np.concatenate(spoken)
    sound *= 10_000 / np.abs(sound).max()
    return sound.astype(np.int16)


def music(seconds: float) -> np.ndarray:
    """Chords of two seconds, a melody over them, and bursts of noise for drums."""
    rng = np.random.default_rng(0)
    sound = np.zeros(round(seconds * SAMPLE_RATE))
    roots = (261.6, 220.0, 174.6, 196.0)

    def play(start_seconds: float, length_seconds: float, hertz: float, gain: float) -> None:
        time = np.arange(round(length_seconds * SAMPLE_RATE)) / SAMPLE_RATE
        tone = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 7)) * np.exp(-2 * time)
        start = round(start_seconds * SAMPLE_RATE)
        sound[start : start + len(tone)] += gain * tone[: len(sound) - start]

    for number in range(int(seconds / 2)):
        for interval in (1.0, 1.26, 1.5):
            play(2 * number, 2, roots[number % 4] * interval, 0.3)
        for quarter in range(4):
            play(2 * number + quarter / 2, 0.5, roots[number % 4] * rng.choice((2.0, 2.24, 2.52, 3.0)), 0.5)
            burst = rng.normal(0, 0.5, SAMPLE_RATE // 10) * np.linspace(1, 0, SAMPLE_RATE // 10) ** 3
            start = round((2 * number + quarter / 2) * SAMPLE_RATE)
            sound[start : start + len(burst)] += burst
    sound *= 10_000 / np.abs(sound).max()
    return sound.astype(np.int16)


def write_wav(path: Path, *parts: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for part in parts:
            file.writeframes(part.astype("<i2").tobytes())
    return path
