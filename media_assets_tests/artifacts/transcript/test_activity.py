"""The network of voice activity detection hears little by little what it hears at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faster_whisper.utils import get_assets_path
from faster_whisper.vad import SileroVADModel, get_vad_model

from media_assets.artifacts.transcript.hearing.activity import FRAMES_AT_ONCE, hear_little_by_little, speech_stretches
from media_assets_tests.artifacts.transcript.sounds import SAMPLE_RATE, noise, silence, vowels

FRAME_SAMPLES = 512


class Watched:
    """A session that notes how many frames it is given."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.most_frames = 0

    def run(self, names: Sequence[str] | None, inputs: Mapping[str, Any]) -> Any:
        self.most_frames = max(self.most_frames, len(inputs["input"]))
        return self.session.run(names, inputs)


@pytest.fixture
def at_once() -> SileroVADModel:
    """The network as faster-whisper loads it."""
    return SileroVADModel(str(next(Path(get_assets_path()).glob("silero_vad*.onnx"))))


@pytest.fixture
def talk() -> np.ndarray:
    parts = [vowels(7), silence(2), noise(3), vowels(20), silence(4), vowels(5)]
    sound = np.concatenate(parts).astype(np.float32) / 32768
    assert len(sound) > 2 * FRAMES_AT_ONCE * FRAME_SAMPLES, "two pieces and a bit"
    return sound


def test_every_frame_has_the_same_probability_to_the_last_digit(at_once: SileroVADModel, talk: np.ndarray) -> None:
    hear_little_by_little()
    whole = talk[: len(talk) // FRAME_SAMPLES * FRAME_SAMPLES]
    assert np.array_equal(get_vad_model()(whole), at_once(whole))


def test_the_network_is_never_given_more_than_a_few_seconds(
    talk: np.ndarray, monkeypatch: pytest.MonkeyPatch, at_once: SileroVADModel
) -> None:
    session = Watched(at_once.session)
    monkeypatch.setattr(get_vad_model(), "session", session)
    assert speech_stretches(talk)
    assert session.most_frames == FRAMES_AT_ONCE


def test_speech_is_found_where_it_is_and_options_are_heeded(talk: np.ndarray) -> None:
    patient, fine = (speech_stretches(talk, min_silence_duration_ms=length) for length in (10_000, 500))
    assert len(patient) < len(fine)
    (first, last), *_ = fine
    assert first < SAMPLE_RATE
    assert last == pytest.approx(7 * SAMPLE_RATE, abs=SAMPLE_RATE)
