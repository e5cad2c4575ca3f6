"""Whisper's encoder gives the same for pieces one by one as for all at once."""

from __future__ import annotations

import faster_whisper
import numpy as np
import pytest

from media_assets.artifacts.transcript.engines.faster_whisper.bundled import bundled_folder
from media_assets.artifacts.transcript.engines.faster_whisper.encoding import encode_one_by_one
from media_assets_tests.artifacts.transcript.sounds import noise, vowels


@pytest.mark.thorough
def test_pieces_are_encoded_to_the_same_numbers_one_by_one() -> None:
    model = faster_whisper.WhisperModel(
        str(bundled_folder(("model.bin",))), device="cpu", compute_type="int8", cpu_threads=2
    )
    sounds = [sound.astype(np.float32) / 32768 for sound in (vowels(30), noise(30), vowels(30)[::-1])]
    features = np.stack([model.feature_extractor(sound)[..., :3000] for sound in sounds])
    asked: list[tuple[int, ...]] = []
    at_once = model.encode

    def encode(some: np.ndarray) -> object:
        asked.append(some.shape)
        return at_once(some)

    model.encode = encode
    encode_one_by_one(model)
    together = np.asarray(at_once(features))
    assert np.array_equal(np.asarray(model.encode(features)), together)
    assert asked == [features.shape[1:]] * 3
    assert np.array_equal(np.asarray(model.encode(features[0])), together[:1]), "as for finding the language"
