from __future__ import annotations

import numpy as np
import pytest

from media_assets.engines.transcribers.endpointing import LONGEST_SECONDS, speech_stretches
from media_assets.engines.transcribers.windows import SAMPLE_RATE
from media_assets_tests.engines.transcribers.sounds import silence, vowels


def stretches(*parts: np.ndarray) -> list[tuple[float, float]]:
    """Start and length in seconds."""
    pcm = np.concatenate(parts).astype("<i2").tobytes()
    return [(start / SAMPLE_RATE, len(speech) / 2 / SAMPLE_RATE) for start, speech in speech_stretches(pcm)]


def test_speech_is_told_from_silence():
    assert stretches(silence(10)) == []
    (first, second) = stretches(silence(2), vowels(3), silence(2), vowels(2), silence(4))
    assert first == pytest.approx((2, 3), abs=0.4)
    assert second[0] == pytest.approx(7, abs=0.4)
    assert 9 <= sum(second) < 11


def test_a_stretch_is_the_sound_at_its_place():
    sound = np.concatenate([silence(1), vowels(2), silence(1)])
    ((start, speech),) = speech_stretches(sound.tobytes())
    assert speech == sound[start : start + len(speech) // 2].tobytes()


@pytest.mark.parametrize("odd_samples", [0, 1, 100])
def test_speech_up_to_the_last_sample_is_whole(odd_samples):
    sound = np.concatenate([silence(1), vowels(2), np.ones(odd_samples, np.int16)])
    ((start, speech),) = speech_stretches(sound.tobytes())
    assert start + len(speech) // 2 == len(sound)


@pytest.mark.thorough
def test_speech_without_a_pause_comes_in_parts_without_a_gap():
    sound = vowels(75)
    parts = list(speech_stretches(sound.tobytes()))
    assert len(parts) > 2
    assert all(len(speech) / 2 <= LONGEST_SECONDS * SAMPLE_RATE for _, speech in parts)
    position = parts[0][0]
    for start, speech in parts:
        assert start == position
        position += len(speech) // 2
    assert position == len(sound)


def test_nothing_and_less_than_a_frame_hold_no_speech():
    assert stretches(silence(0)) == []
    assert stretches(silence(0.01)) == []
