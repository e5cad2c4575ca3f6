from __future__ import annotations

from collections.abc import Iterator

import pytest

from media_assets_tests.artifacts.translation.translations import TranslatingModel
from media_assets_tests.openai_audio_server import AudioServer, openai_audio_server
from media_assets_tests.openai_server import OpenAIServer, openai_server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        yield running


@pytest.fixture
def model(server: OpenAIServer) -> TranslatingModel:
    return TranslatingModel(server)


@pytest.fixture
def hears() -> Iterator[AudioServer]:
    with openai_audio_server() as running:
        yield running
