"""A database of Dagster that cannot be used: one line that names the file and what to do, wherever it is noticed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from media_assets.base.errors import Fatal
from media_assets.cli import app as cli
from media_assets.config.settings import Settings
from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.dagster_seams.database_trouble import check_files
from media_assets.operation.instance import dagster_home, open_instance
from media_assets.pipeline.partitions import register, registered
from media_assets_tests.toy_stages import toy_settings
from media_assets_tests.unprivileged import unprivileged_folder

RUNS, EVENTS = "history/runs.db", "history/runs/index.db"


def settings_in(root: Path) -> Settings:
    (root / "in").mkdir(exist_ok=True)
    return toy_settings(root)


@pytest.fixture(scope="module")
def sound_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with something in it, as it lies on the disk when nobody uses it."""
    settings = settings_in(tmp_path_factory.mktemp("sound"))
    with open_instance(settings) as instance:
        register(instance, [f"box:{number}.txt" for number in range(2000)])
        use(instance)
    home = dagster_home(settings)
    for path in home.rglob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home


@pytest.fixture
def settings(tmp_path: Path, sound_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    shutil.copytree(sound_home, tmp_path / "state/dagster")
    yield settings_in(tmp_path)
    dagster_fixes._engine.cache_clear()


def use(instance: dg.DagsterInstance) -> None:
    registered(instance)
    instance.get_runs_count()
    instance.get_daemon_heartbeats()
    register(instance, ["box:new.txt"])


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage " * 4096)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def half_overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3 :] = b"\xff" * len(content[len(content) // 3 :])
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [garbage, truncated, half_overwritten])
@pytest.mark.parametrize("name", [RUNS, EVENTS])
def test_a_damaged_database_is_named_with_the_way_back(
    settings: Settings, name: str, damage: Callable[[Path], None]
) -> None:
    path = dagster_home(settings) / name
    damage(path)
    with pytest.raises(Fatal) as found:
        check_files(dagster_home(settings))
    assert found.value.reason == f"Dagster's database {path} is damaged"
    assert "media-assets import --from-stores" in found.value.next_step
    if damage is garbage:
        with pytest.raises(Fatal) as met, open_instance(settings) as instance:
            use(instance)
        assert str(met.value) == str(found.value)


def test_a_sound_database_is_approved(settings: Settings) -> None:
    check_files(dagster_home(settings))
    with open_instance(settings) as instance:
        check_files(dagster_home(settings))
        use(instance)


@pytest.mark.thorough
def test_a_database_that_is_locked_for_a_while_is_waited_for(settings: Settings) -> None:
    with open_instance(settings) as instance, closing(_hold(dagster_home(settings) / EVENTS)) as holder:
        release = threading.Timer(6.0, holder.close)  # longer than SQLite waits by itself
        release.start()
        register(instance, ["box:newer.txt"])
        assert "box:newer.txt" in registered(instance)
        release.join()


@pytest.mark.thorough
def test_a_database_that_stays_locked_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dagster_fixes, "_LOCKED_SECONDS", 0.2)
    path = dagster_home(settings) / EVENTS
    with closing(_hold(path)), pytest.raises(Fatal) as found, open_instance(settings) as instance:
        register(instance, ["box:newer.txt"])
    assert found.value.reason == f"Dagster's database {path} is locked by another process"


def test_a_database_that_may_not_be_written_is_named() -> None:
    with unprivileged_folder() as root:
        path = root / RUNS
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE runs (id)")
        check_files(root)
        path.chmod(0o400)
        with pytest.raises(Fatal, match=r"runs\.db cannot be written\. .*grant this user the right"):
            check_files(root)


def test_a_home_that_goes_away_is_named_with_the_way_back(settings: Settings) -> None:
    home = dagster_home(settings)
    with pytest.raises(Fatal) as met, open_instance(settings) as instance:
        home.rename(home.with_name("away"))
        use(instance)
    assert met.value.reason == f"the folder {home}, which holds Dagster's database, is gone"
    assert "Mount its disk again" in met.value.next_step


@pytest.mark.thorough
def test_a_server_that_takes_a_connection_and_says_nothing_is_not_waited_for_for_ever(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = dagster_home(settings)
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "2")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        address = {"postgres_url": f"postgresql://user:secret@127.0.0.1:{silent.getsockname()[1]}/library"}
        (home / "dagster.yaml").write_text(json.dumps({"storage": {"postgres": address}}))
        with pytest.raises(Fatal) as met, open_instance(settings) as instance:
            use(instance)
    assert "did not answer" in met.value.reason
    assert "secret" not in str(met.value)


@pytest.mark.parametrize("already", [None, "5"])
def test_how_long_a_server_is_waited_for_is_said_once(already: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    if already:
        monkeypatch.setenv("PGCONNECT_TIMEOUT", already)
    dagster_fixes.apply()
    assert os.environ["PGCONNECT_TIMEOUT"] == (already or "10")


def test_other_errors_stay_what_they_are(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), open_instance(settings):
        raise ZeroDivisionError
    with pytest.raises(FileNotFoundError), open_instance(settings):
        Path("/nowhere").read_bytes()


@pytest.mark.parametrize("command", ["status", "process", "doctor", "duplicates"])
def test_every_command_says_it_in_one_line(
    tmp_path: Path,
    sound_home: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "media").mkdir()
    enabled = "assets: {dedup_index: {enabled: true}}\n" if command == "duplicates" else ""
    (tmp_path / "library.yaml").write_text(f"sources: {{talks: {{path: media}}}}\nstate_dir: state\n{enabled}")
    shutil.copytree(sound_home, tmp_path / "state/dagster")
    path = tmp_path / "state/dagster" / EVENTS
    garbage(path)
    monkeypatch.setattr(sys, "argv", ["media-assets", command])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    line = f"Dagster's database {path} is damaged"
    if command == "doctor":
        assert ended.value.code == 1
        assert f"Dagster instance: {line}" in said.out
    else:
        assert ended.value.code == 2
        assert said.err.startswith(f"error: {line}. Move that file away")
        assert len(said.err.strip().splitlines()) == 1


def _hold(path: Path) -> sqlite3.Connection:
    """Locks a database until it is closed."""
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    return holder
