"""Manifests as a stage drafts them, for tests of what keeps, reads or counts artifacts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from media_assets.places.manifest import Manifest

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
