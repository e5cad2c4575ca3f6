"""The instance on a real PostgreSQL behaves as on SQLite: the same story on both, with the same end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2
import pytest
import yaml
from dagster._daemon.types import DaemonHeartbeat

from media_assets.config.load import load_secrets, load_settings
from media_assets.config.settings import Settings
from media_assets.containers.health import DAEMONS, silent_daemons
from media_assets.containers.run_launcher import RunLauncher
from media_assets.definitions import build_definitions
from media_assets.operation.instance import open_instance
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.status import LibraryStatus
from media_assets_tests.broken_library import BROKEN, tone
from media_assets_tests.postgres import Databases, storage
from media_assets_tests.real_library import RealLibrary

CHECKOUT = Path(__file__).resolve().parent.parent


def instance_of_the_containers(home: Path, address: str) -> None:
    """The dagster.yaml of the image, but for its database and its folders."""
    config = yaml.safe_load((CHECKOUT / "deploy" / "docker" / "dagster.yaml").read_text("utf-8"))
    config |= storage(address)
    config["compute_logs"]["config"]["base_dir"] = str(home / "compute_logs")
    config["local_artifact_storage"]["config"]["base_dir"] = str(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(yaml.safe_dump(config), "utf-8")


def watched_library(root: Path) -> RealLibrary:
    """A recording, one that is broken, and a note that is no recording."""
    root.mkdir(exist_ok=True)
    library = RealLibrary(root)
    library.configure(automation={"settle_seconds": 0, "incomplete_seconds": 0, "live_files": 1})
    tone(library.media / "tone, [1].ogg", 440, 1)
    BROKEN["a cut.m4a"](library.media / "a cut.m4a")
    (library.media / "note.txt").write_text("no recording")
    return library


def settings_of(library: RealLibrary) -> Settings:
    return load_settings(library.root / "library.yaml")


def story(library: RealLibrary) -> dict[str, Any]:
    """What is seen of a library from its first look on, without what differs from run to run."""
    settings = settings_of(library)
    first = library.process()
    made = library.made()
    again = library.process()
    with open_instance(settings) as instance:
        definitions = build_definitions(settings, load_secrets(settings.config_path))
        return {
            "grid": grid(first),
            "failures": {name: failure.reason for name, failure in first.failures.items()},
            "made": sorted(made),
            "made again": library.made() != made,
            "grid again": grid(again),
            "keys": list(registered(instance)),
            "runs": Counter(run.status.value for run in instance.get_runs()),
            "pools": {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()},
            **look_and_evaluate(definitions, instance, library),
        }


def grid(status: LibraryStatus) -> Mapping[str, Mapping[str, str]]:
    return {key: {asset: state.value for asset, state in cells.items()} for key, cells in status.grid.items()}


def look_and_evaluate(
    definitions: dg.Definitions, instance: dg.DagsterInstance, library: RealLibrary
) -> dict[str, Any]:
    """Ticks of the sensor and of the conditions: without news, with a file, with more than the live lane takes."""
    ticks: list[dict[str, Any]] = []
    cursor: str | None = None
    asked: list[dict[str, int]] = []
    evaluated: Any = None
    for names in ((), ("one.txt",), ("two.txt", "three.txt")):
        for name in names:
            (library.media / name).write_text(f"the text of {name}")
        context = dg.build_sensor_context(
            instance=instance, cursor=cursor, definitions=definitions, sensor_name="watch_media"
        )
        result = definitions.resolve_sensor_def("watch_media")(context)
        requests = []
        if isinstance(result, dg.SensorResult):
            for registration in result.dynamic_partitions_requests or ():
                instance.add_dynamic_partitions(registration.partitions_def_name, registration.partition_keys)
            requests = [(request.partition_key, request.tags) for request in result.run_requests or ()]
            cursor = result.cursor
        else:
            cursor = context.cursor
        ticks.append({"keys": list(registered(instance)), "requests": requests})
        evaluated = dg.evaluate_automation_conditions(
            definitions, instance, cursor=evaluated.cursor if evaluated else None
        )
        asked.append(requested(evaluated, definitions))
    last = dg.evaluate_automation_conditions(definitions, instance, cursor=evaluated.cursor)
    asked.append(requested(last, definitions))
    return {"ticks": ticks, "asked": asked}


def requested(evaluated: dg.EvaluateAutomationConditionsResult, definitions: dg.Definitions) -> dict[str, int]:
    keys = definitions.resolve_asset_graph().materializable_asset_keys
    return {key.path[-1]: number for key in sorted(keys) if (number := evaluated.get_num_requested(key))}


@pytest.mark.thorough
def test_a_library_on_postgres_ends_as_on_sqlite(databases: Databases, tmp_path: Path) -> None:
    on_sqlite = story(watched_library(tmp_path / "sqlite"))
    assert set(on_sqlite["failures"]) and on_sqlite["made"], on_sqlite
    assert not on_sqlite["made again"]
    assert on_sqlite["ticks"][0]["requests"] == []
    assert [key for key, _ in on_sqlite["ticks"][1]["requests"]] == ["media:one.txt"], "the live lane"
    assert on_sqlite["ticks"][2]["requests"] == [], "left to the conditions"
    assert on_sqlite["asked"][3]["drive_file"] >= 2

    library = watched_library(tmp_path / "postgres")
    instance_of_the_containers(tmp_path / "postgres" / ".media_assets" / "dagster", databases.empty())
    on_postgres = story(library)
    assert on_postgres == on_sqlite
    with open_instance(settings_of(library)) as instance:
        assert type(instance.event_log_storage).__name__ == "PostgresEventLogStorage"
        assert isinstance(instance.run_launcher, RunLauncher)


def test_the_health_check_names_the_daemons_that_are_silent(databases: Databases, tmp_path: Path) -> None:
    address = databases.empty()
    instance_of_the_containers(tmp_path / "home", address)
    with (
        dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance,
        closing(psycopg2.connect(address)) as database,
    ):
        database.autocommit = True
        instance.get_daemon_heartbeats()  # makes the tables
        assert silent_daemons(database) == list(DAEMONS)
        for age_seconds, daemon in zip((0, 0, 0, 0, 3600), DAEMONS, strict=True):
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - age_seconds, daemon, "test"))
        assert silent_daemons(database) == [DAEMONS[-1]]
