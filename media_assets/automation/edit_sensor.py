"""People correct transcripts where they are stored: a sensor looks for that, so that what follows is made anew.

Nothing tells of it: stores have no events. So each tick looks at a part of the library, and the next goes on behind it.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from media_assets.base.wording import counted
from media_assets.pipeline.lanes import bulk_request
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.stage import FileAsset
from media_assets.places.manifest import Manifest
from media_assets.places.store import ShowsEdits

_FILES_PER_TICK = 5000
_INTERVAL_SECONDS = 900


def edit_sensor(library: Library, stages: Sequence[FileAsset[Any]]) -> dg.SensorDefinition:
    """Requests what was edited in its store, once for each edit: one that cannot be read fails once, not at each tick.

    Args:
        stages: Those that take edits over.
    """

    @dg.sensor(
        name="follow_edits",
        asset_selection=[dg.AssetKey(stage.name) for stage in stages],
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests transcripts that somebody corrected where they are stored.",
    )
    def follow(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        known = json.loads(context.cursor or "{}")
        asked: dict[str, str] = known.get("asked", {})
        keys = sorted(registered(context.instance))
        ahead = [key for key in keys if key > known.get("after", "")]
        part = ahead[:_FILES_PER_TICK]
        due: dict[dg.AssetKey, set[str]] = {}
        for stage in stages:
            edits = edits_of(library, stage.name, part)
            due[dg.AssetKey(stage.name)] = {
                key for key, edit in edits.items() if asked.get(f"{stage.name} {key}") != edit
            }
            now = {f"{stage.name} {key}": edit for key, edit in edits.items()}
            passed = {f"{stage.name} {key}" for key in part}
            asked = {name: edit for name, edit in asked.items() if name not in passed} | now
        cursor = json.dumps({"after": part[-1] if len(part) < len(ahead) else "", "asked": asked})
        if not any(due.values()):
            context.update_cursor(cursor)
            return dg.SkipReason(f"nothing was edited among {counted(len(part))}")
        return dg.SensorResult(run_requests=[bulk_request(due)], cursor=cursor)

    return follow


def edits_of(library: Library, asset: str, keys: Iterable[str]) -> Mapping[str, str]:
    """The files whose artifact somebody edited where it is stored, each with a digest of what it holds now.

    Raises:
        Fatal, Transient: the store cannot be read.
    """
    store = library.store(asset)
    if not isinstance(store, ShowsEdits):
        return {}
    reader = library.store(asset).as_of_now(asset)
    found = {}
    for key in keys:
        manifest = reader.manifest(asset, key)
        if manifest and manifest.files and not reader.intact(manifest):
            edit = _digest(store, manifest)
            if edit:
                found[key] = edit
    return found


def _digest(store: ShowsEdits, manifest: Manifest) -> str | None:
    """None where nothing was edited, but something is gone."""
    with tempfile.TemporaryDirectory() as directory:
        edited = store.edited(manifest, Path(directory))
    told = sorted(f"{name} {edit.sha256}" for name, edit in edited.items())
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16] if told else None
