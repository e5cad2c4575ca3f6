"""What became of one file in one run of one stage, and what a stage gets of an earlier one.

What belongs here: the values that a batch hands to its IO manager, to progress and to observers. Not how they come
about; so whoever is only told of outcomes needs neither batches nor the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from media_assets.base.errors import MediaAssetsError
from media_assets.pipeline.quality import Verdict
from media_assets.places.manifest import Manifest
from media_assets.places.store import ArtifactStore


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    key: str
    manifest: Manifest | None = None
    error: MediaAssetsError | None = None
    attempt: str = ""
    """Fingerprint of what was tried; empty when it did not get so far."""
    reused: bool = False
    described: Mapping[str, Any] = field(default_factory=dict)
    """What a person wants to see of the artifact."""
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    """What the checks of quality found, by their names."""
    seconds: float = 0.0
    revision: str | None = None
    """Which version of the source file it is of; None where nobody asked, or where that cannot be told."""


@dataclass(frozen=True)
class RunFacts:
    """What the outcomes of one run of one stage have in common."""

    asset: str
    run_id: str
    takes_up_files: bool = False
    """Whether the stage is the first one, which every other of the same file stands behind."""


@dataclass(frozen=True)
class Upstream:
    """The artifacts of an earlier stage, as a later one gets them: by key, on demand."""

    asset: str
    store: ArtifactStore
