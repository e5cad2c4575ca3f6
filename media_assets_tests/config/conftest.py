"""A library.yaml that is loaded in an environment of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.config.load import load_settings
from media_assets.config.settings import Settings
from media_assets_tests.config.loading import Load


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """What the tests set is gone afterwards, and what surrounds them is not seen by them."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("MEDIA_ASSETS_") or name == "OPENAI_API_KEY":
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a library.yaml with this text, in an environment with these variables."""

    def load(text: str, dotenv: str = "", **environment: str) -> Settings:
        (tmp_path / "library.yaml").write_text(text)
        if dotenv:
            (tmp_path / ".env").write_text(dotenv)
        os.environ.update({f"MEDIA_ASSETS_{name}": value for name, value in environment.items()})
        return load_settings(tmp_path / "library.yaml")

    return load
