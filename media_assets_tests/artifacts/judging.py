"""Artifacts as the checks of quality get them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from media_assets.base.model import Model
from media_assets.pipeline.artifact import Stored
from media_assets.places.manifest import Manifest

Made = TypeVar("Made", bound=Model)


def stored_with(value: Made, figures: Mapping[str, float]) -> Stored[Made]:
    """An artifact of that value, of which so much was measured."""
    manifest = Manifest(
        asset="made",
        key="media:a.mp4",
        fingerprint="f",
        version="v",
        value=value.model_dump(mode="json"),
        inputs={},
        code_version="1",
        settings={},
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
        made_in_seconds=1.0,
        made_by_run="run",
        figures=dict(figures),
    )
    return Stored(manifest, type(value), _no_file)


def _no_file(name: str | None) -> Path:
    raise AssertionError(f"a check read the file {name}")
