"""Manifests as a stage drafts them, for tests of what keeps, reads or counts artifacts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from media_assets.base.model import Model
from media_assets.pipeline.artifact import Stored
from media_assets.places.manifest import Manifest, StoredFile

Value = TypeVar("Value", bound=Model)

ASSET = "transcript"
KEY = "box:talk.mp4"
FINGERPRINT = "f1"


def draft(key: str = KEY, fingerprint: str = FINGERPRINT, asset: str = ASSET, **fields: Any) -> Manifest:
    """A manifest that is to be published.

    Args:
        fields: What is to be otherwise than usual.
    """
    usual: dict[str, Any] = {
        "version": f"version of {fingerprint}",
        "inputs": {"m4a_audio": "input"},
        "code_version": "1",
        "settings": {},
        "made_at": datetime(2026, 1, 1, tzinfo=UTC),
        "made_in_seconds": 1.0,
        "made_by_run": "run",
    }
    return Manifest(asset=asset, key=key, fingerprint=fingerprint, **(usual | fields))


def stored_value(value: Value, path: Path) -> Stored[Value]:
    """A value as a later stage is handed it: the source, and each of its files, is that path."""
    files = (StoredFile(name=path.name, path=path.name, size_bytes=1, sha256=""),)
    manifest = draft(value=value.model_dump(mode="json"), files=files)
    return Stored(manifest, type(value), lambda _: path)
