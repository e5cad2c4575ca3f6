"""The network gives what Resemblyzer gives: the numbers here are PyTorch's and librosa's."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from media_assets.artifacts.transcript.voices.mel import level_gains, mel_frames
from media_assets.artifacts.transcript.voices.network import SOUNDS_AT_ONCE, VoiceNetwork
from media_assets_tests.artifacts.transcript.sounds import vowels

# The largest of 256 numbers by Resemblyzer 0.1.4 on torch 1.13.1 and librosa, and how many are 0.
LOUD = ({6: 0.159987, 66: 0.177844, 73: 0.177992, 113: 0.216417, 133: 0.271521, 151: 0.223236}, 154, 404.41525)
QUIET = ({6: 0.150895, 66: 0.199823, 113: 0.272189, 125: 0.214234, 133: 0.264423, 151: 0.188719}, 160, 59.009686)


@pytest.mark.parametrize(("share", "expected"), [(1.0, LOUD), (0.02, QUIET)])
def test_the_embedding_is_that_of_resemblyzer(
    network: VoiceNetwork, share: float, expected: tuple[dict[int, float], int, float]
) -> None:
    numbers, zeros, energy = expected
    sound = vowels(1.6).astype(np.float32) / 32768 * np.float32(share)
    (gain,) = level_gains(np.array([np.mean(np.square(sound, dtype=np.float64))]))
    sound = (sound * gain).astype(np.float32)
    frames = mel_frames(sound)[:160]
    assert frames.sum() == pytest.approx(energy, rel=1e-5)
    (embedding,) = network.embed(frames[None])
    assert {number: embedding[number] for number in numbers} == pytest.approx(numbers, abs=3e-6)
    assert np.count_nonzero(embedding == 0) == zeros
    assert np.linalg.norm(embedding) == pytest.approx(1)


def test_only_what_is_quieter_than_30_decibels_below_full_scale_is_made_louder() -> None:
    levels = np.array([0.0, 1e-4, 10 ** (-30 / 20), 0.5])
    assert level_gains(np.square(levels)) * levels == pytest.approx([0.0, 10 ** (-30 / 20), 10 ** (-30 / 20), 0.5])


def test_a_sound_is_heard_the_same_alone_and_among_many(network: VoiceNetwork) -> None:
    frames = mel_frames(vowels(4.0).astype(np.float32) / 32768)
    sounds = np.stack([frames[at : at + 160] for at in range(0, 240, 3)])
    assert len(sounds) > SOUNDS_AT_ONCE
    together = network.embed(sounds)
    alone = np.concatenate([network.embed(sound[None]) for sound in sounds])
    assert together == pytest.approx(alone, abs=1e-6)


@pytest.mark.thorough
def test_a_batch_of_sounds_is_heard_in_little_memory(network: VoiceNetwork) -> None:
    sounds = np.stack([mel_frames(vowels(1.6).astype(np.float32) / 32768)[:160]] * SOUNDS_AT_ONCE)
    tracemalloc.start()
    try:
        network.embed(sounds)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 40_000_000


def test_silence_has_an_embedding_without_a_voice_and_no_warning(network: VoiceNetwork) -> None:
    with np.errstate(all="raise"):
        (embedding,) = network.embed(np.zeros((1, 160, 40), np.float32))
    assert np.isfinite(embedding).all()
