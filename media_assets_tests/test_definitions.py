"""The code location, loaded as Dagster loads it: in a fresh interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAVY = (
    "av",
    "ctranslate2",
    "faster_whisper",
    "googleapiclient",
    "modal",
    "openai",
    "pandas",
    "sklearn",
    "PIL",
    "faiss",
    "googleapiclient",
    "httplib2",
    "matplotlib",
    "obstore",
    "opentelemetry",
    "prometheus_client",
    "pythonjsonlogger",
    "pyarrow",
    "scipy",
)

Loaded = dict[str, Any]

LOAD = """
import json, sys
import dagster as dg
from media_assets import definitions
found = definitions.defs() if callable(definitions.defs) else definitions.defs
repository = found.get_repository_def()
assets = {key: a for key, a in repository.assets_defs_by_key.items() if a.partitions_def}
print(json.dumps({
    "heavy": [name for name in sys.argv[1].split(",") if name in sys.modules],
    "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
    "batches": {key.path[-1]: a.backfill_policy.max_partitions_per_run for key, a in assets.items()},
    "described": sorted(key.path[-1] for key, a in assets.items() if a.descriptions_by_key[key]),
    "groups": sorted({a.group_names_by_key[key] for key, a in assets.items()}),
    "owners": sorted({owner for key, a in assets.items() for owner in a.specs_by_key[key].owners}),
    "versions": {key.path[-1]: a.code_versions_by_key[key] for key, a in assets.items()},
    "conditions": sum(a.specs_by_key[key].automation_condition is not None for key, a in assets.items()),
    "pools": {key.path[-1]: a.op.pool for key, a in assets.items()},
    "retries": {key.path[-1]: a.op.retry_policy.max_retries for key, a in assets.items()},
}))
"""


def load(root: Path, **environment: str) -> Loaded:
    (root / "media").mkdir(exist_ok=True)
    (root / "library.yaml").write_text(json.dumps({"sources": {"media": {"path": "media"}}, "owners": ["team:media"]}))
    variables = {**os.environ, "MEDIA_ASSETS_CONFIG": str(root / "library.yaml"), **environment}
    command = [sys.executable, "-c", LOAD, ",".join(HEAVY)]
    done = subprocess.run(command, env=variables, text=True, capture_output=True, cwd=root)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load(tmp_path_factory.mktemp("location"))


def test_loading_imports_nothing_heavy(loaded: Loaded) -> None:
    assert loaded["heavy"] == []


def test_each_asset_has_a_batch_size_of_its_own(loaded: Loaded) -> None:
    assert set(loaded["batches"]) == {"drive_file", "m4a_audio", "transcript", "summary", "thumbnail"}
    assert len(set(loaded["batches"].values())) == len(loaded["batches"])


def test_each_asset_says_what_it_is_and_how_it_is_run(loaded: Loaded) -> None:
    assert loaded["described"] == sorted(loaded["batches"])
    assert loaded["groups"] == ["audio", "library", "pictures", "text"]
    assert loaded["owners"] == ["team:media"]
    assert loaded["conditions"] == len(loaded["batches"])
    assert loaded["pools"] == {
        "drive_file": "source",
        "m4a_audio": "ffmpeg",
        "transcript": "transcriber",
        "summary": "summarizer",
        "thumbnail": "ffmpeg",
    }
    assert set(loaded["retries"].values()) == {3}


def test_each_source_has_a_sensor(loaded: Loaded) -> None:
    assert loaded["sensors"] == ["first_report", "follow_edits", "request_missing", "watch_media"]


@pytest.mark.thorough
def test_a_setting_that_decides_a_result_is_part_of_the_code_version_of_its_asset_alone(
    loaded: Loaded, tmp_path: Path
) -> None:
    other = load(tmp_path, MEDIA_ASSETS_AUDIO__BIT_RATE_KBPS="128", MEDIA_ASSETS_ASSETS__SUMMARY__WORKERS="7")
    differing = {name for name in loaded["versions"] if loaded["versions"][name] != other["versions"][name]}
    assert differing == {"m4a_audio"}
