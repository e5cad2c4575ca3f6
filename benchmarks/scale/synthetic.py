"""A library of any size within a minute: files, manifests, and what Dagster would have recorded of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from media_assets.artifacts.all import enabled_stages
from media_assets.config.load import load_secrets, load_settings
from media_assets.config.opening import open_library as open_library_of
from media_assets.operation.backup.from_stores import record_what_is_there
from media_assets.pipeline.library import Library
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.manifest import Manifest, fingerprint_of, version_of

FILES_PER_FOLDER = 200
AN_HOUR_SECONDS = 3600.0


def make_files(folder: Path, number: int) -> list[Path]:
    """Small files, in folders of a few hundred, last changed an hour ago."""
    then = time.time() - AN_HOUR_SECONDS
    files = []
    for index in range(number):
        parent = folder / f"{index // FILES_PER_FOLDER:05}"
        if index % FILES_PER_FOLDER == 0:
            parent.mkdir(parents=True)
        path = parent / f"2025-03-17 lecture {index:06}.mp3"
        path.write_bytes(b"%d" % index)
        os.utime(path, (then, then))
        files.append(path)
    return files


def write_config(root: Path) -> Path:
    """library.yaml, with the stages that are enabled by default."""
    config = root / "library.yaml"
    automation = {"settle_seconds": 0, "incomplete_seconds": 0}
    automation |= {"source_interval_seconds": 1, "condition_interval_seconds": 1}
    content = {
        "sources": {"media": {"path": str(root / "media")}},
        "limits": {"min_free_bytes": 1},
        "automation": automation,
    }
    config.write_text(json.dumps(content), "utf-8")
    return config


def open_library(config: Path) -> Library:
    return open_library_of(load_settings(config), load_secrets(config))


def write_manifests(library: Library) -> int:
    """As `process` leaves them, with no files: each stage is done for each file. Returns how many there are."""
    entries = list(library.sources["media"].scan())
    versions: dict[str, dict[str, str]] = {}
    for stage in enabled_stages(library.settings.assets):
        store = library.store(stage.name)
        assert isinstance(store, FolderArtifacts)
        versions[stage.name] = {}
        chosen = library.section(stage.settings_for)
        for entry in entries:
            inputs = {name: versions[name][entry.key] for name in stage.upstreams}
            if stage.reads_entry:
                inputs["source"] = entry.revision
            if not stage.shared_by_content:
                inputs["key"] = entry.key
            value = _value(entry.path, entry.size_bytes)
            versions[stage.name][entry.key] = version_of(value, {"of": stage.name})
            manifest = Manifest(
                asset=stage.name,
                key=entry.key,
                fingerprint=fingerprint_of(stage.name, stage.code_version, chosen, inputs),
                version=versions[stage.name][entry.key],
                value=value,
                media_seconds=2700.0,
                inputs=inputs,
                code_version=stage.code_version,
                settings=chosen,
                made_at=datetime.now(UTC),
                made_in_seconds=1.0,
                made_by_run="benchmark",
            )
            folder = store._folder(stage.name, entry.key)
            folder.mkdir(parents=True)
            (folder / "manifest.json").write_text(manifest.model_dump_json(indent=1), "utf-8")
    return len(entries) * len(versions)


def _value(path: str, size_bytes: int) -> dict[str, Any]:
    """About as much as `drive_file` keeps of a recording."""
    stream = {"index": 0, "type": "audio", "codec": "aac", "profile": "LC", "channels": 2, "sample_rate": 44100}
    return {
        "path": path,
        "size_bytes": size_bytes,
        "media": {"container": "mov,mp4,m4a,3gp,3g2,mj2", "streams": [stream, stream], "tags": {"title": path}},
    }


def record(instance: dg.DagsterInstance, library: Library) -> int:
    """Have Dagster know all of it, as `media-assets import --from-stores` does; returns the number of events."""
    done = record_what_is_there(instance, library, enabled_stages(library.settings.assets))
    return sum(counts.recorded for counts in done.assets.values())


def touch(files: Sequence[Path]) -> None:
    """Give files another content and a new time."""
    then = time.time() - AN_HOUR_SECONDS / 2
    for path in files:
        path.write_bytes(b"another content")
        os.utime(path, (then, then))
