"""The network with its weights, loaded once, and how a sound is told apart."""

from __future__ import annotations

import pytest

from media_assets.artifacts.transcript.voices.network import VoiceNetwork
from media_assets.artifacts.transcript.voices.weights import load_weights


@pytest.fixture(scope="session")
def network() -> VoiceNetwork:
    return VoiceNetwork(load_weights())
