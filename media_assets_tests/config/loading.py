"""For tests of library.yaml: a shortest one, how it is loaded, and what an error tells."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from media_assets.config.errors import SettingsError
from media_assets.config.settings import Settings

SOURCES = "sources: {talks: {path: talks, include: ['*.mp4']}}\n"

Load = Callable[..., Settings]


def problems(load: Load, text: str, dotenv: str = "", **environment: str) -> dict[str, str]:
    """The lines of the error, by key."""
    with pytest.raises(SettingsError) as caught:
        load(text, dotenv, **environment)
    lines = [line.strip() for line in str(caught.value).splitlines()[1:-1]]
    assert len(lines) == len(caught.value.problems)
    return dict(line.split(": ", 1) for line in lines)
