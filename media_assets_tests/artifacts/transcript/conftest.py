"""The servers that transcribe: OpenAI's API, and Modal's stand-in.

Of Modal there is one for all tests, because its client keeps its connection from its first use on.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from media_assets_tests.modal_server import ModalServer
from media_assets_tests.modal_server.server import TOKEN_ID, TOKEN_SECRET
from media_assets_tests.openai_audio_server import AudioServer, openai_audio_server


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with openai_audio_server() as running:
        yield running


@pytest.fixture(scope="session")
def started_modal() -> Iterator[ModalServer]:
    server = ModalServer()
    yield server
    server.close()


@pytest.fixture
def modal_server(started_modal: ModalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModalServer]:
    """With nothing deployed. The environment leads to it for this test alone: others read the same variables."""
    for name, value in (("SERVER_URL", started_modal.url), ("TOKEN_ID", TOKEN_ID), ("TOKEN_SECRET", TOKEN_SECRET)):
        monkeypatch.setenv(f"MODAL_{name}", value)
    started_modal.reset()
    yield started_modal
    started_modal.state.release.set()
