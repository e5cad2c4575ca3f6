"""Modal's stand-in: one for all tests, because Modal's client keeps its connection from its first use on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from media_assets_tests.modal_server import ModalServer
from media_assets_tests.modal_server.server import TOKEN_ID, TOKEN_SECRET


@pytest.fixture(scope="session")
def started_modal() -> Iterator[ModalServer]:
    server = ModalServer()
    before = dict(os.environ)
    os.environ |= {"MODAL_SERVER_URL": server.url, "MODAL_TOKEN_ID": TOKEN_ID, "MODAL_TOKEN_SECRET": TOKEN_SECRET}
    yield server
    os.environ.clear()
    os.environ.update(before)
    server.close()


@pytest.fixture
def modal_server(started_modal: ModalServer) -> Iterator[ModalServer]:
    """With nothing deployed."""
    started_modal.reset()
    yield started_modal
    started_modal.state.release.set()
