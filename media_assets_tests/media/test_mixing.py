"""Two channels become one, and nobody falls silent."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.mixing import MonoMix
from media_assets.work.work import Work

RATE = 16000


def voice(seconds: float = 1.0, frequency: int = 440) -> np.ndarray:
    return 8000 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def mixed(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, MonoMix]:
    mix = MonoMix(RATE)
    pairs = np.stack([left, right], axis=1).astype("<i2")
    parts = [mix.mixed(pairs[start : start + RATE].tobytes()) for start in range(0, len(pairs), RATE)]
    return np.frombuffer(b"".join(parts), "<i2").astype(float), mix


def loudness(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("right", [1.0, 0.5, 0.0, -0.2])
def test_channels_that_do_not_cancel_become_their_mean(right: float):
    sound, mix = mixed(voice(), right * voice())
    assert np.abs(sound - (1 + right) / 2 * voice()).max() < 3
    assert mix.note is None


@pytest.mark.parametrize("right", [-1.0, -0.9, -0.7, -0.5])
def test_of_channels_in_opposite_phase_the_louder_is_heard(right: float):
    sound, mix = mixed(voice(2.3), right * voice(2.3))
    assert loudness(sound) > 0.95 * loudness(voice())
    assert mix.note is not None and "for 2.3 s" in mix.note


def test_opposite_phase_under_a_hum_that_both_share_is_found():
    hum = voice(2, frequency=50)
    sound, mix = mixed(hum + voice(2, 1500) / 2, hum - voice(2, 1500) / 2)
    assert mix.cancelled_seconds == pytest.approx(2)
    assert loudness(np.diff(sound)) > 0.9 * loudness(np.diff(voice(2, 1500) / 2))


def test_a_stretch_in_opposite_phase_is_heard_and_the_rest_is_mixed():
    left = voice(6)
    right = np.concatenate([voice(2), -voice(2), voice(2)])
    sound, mix = mixed(left, right)
    assert mix.cancelled_seconds == pytest.approx(2, abs=0.25)
    assert min(loudness(sound[start : start + 4000]) for start in range(0, len(sound), 4000)) > 0.7 * loudness(left)


def test_silence_and_unrelated_noise_are_mixed_as_ever():
    noise = np.random.default_rng(5).normal(0, 3000, (2, 3 * RATE))
    assert mixed(*noise)[1].note is None
    assert mixed(np.zeros(RATE), np.zeros(RATE))[1].note is None


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_what_engines_hear_of_opposite_phases_is_not_silence(codec: str, tmp_path: Path):
    path = tmp_path / ("a.m4a" if codec == "aac" else "a.wav")
    pairs = np.stack([voice(2), -voice(2)], axis=1).astype("<i2").reshape(1, -1)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=RATE, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        for start in range(0, pairs.shape[1], 2048):
            frame = av.AudioFrame.from_ndarray(pairs[:, start : start + 2048], format="s16", layout="stereo")
            frame.sample_rate = RATE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    mix = MonoMix(RATE)
    heard = np.frombuffer(b"".join(FFmpeg().pcm(path, Work(tmp_path), mix=mix)), "<i2").astype(float)
    assert len(heard) == pytest.approx(2 * RATE, abs=2100)
    assert loudness(heard) > 0.8 * loudness(voice())
    assert mix.note is not None
