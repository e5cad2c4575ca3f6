"""What passes through state_dir is for its owner alone; artifacts are for whomever the umask says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.base.files import close_to_others, private_folder
from media_assets.config.private_state import make_state_private
from media_assets.operation.instance import dagster_home
from media_assets.pipeline.progress import log_to_file
from media_assets.pipeline.settings import Output
from media_assets.places.folder.settings import FolderStore
from media_assets_tests import project_log
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.toy_stages import toy_settings


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


@pytest.mark.thorough
def test_a_run_leaves_its_state_to_its_owner_and_artifacts_to_all(tmp_path: Path) -> None:
    outputs = {"echo": Output(placement="beside_source")}
    with ToyLibrary(tmp_path, outputs=outputs) as toy:
        (key,) = toy.write(talk="hello")
        toy.run_all()
        state = tmp_path / "state"
        assert mode(state) == "0o700"
        open_to_others = [path for path in state.rglob("*") if path.stat().st_mode & 0o077 and path.parent == state]
        assert not open_to_others
        assert {mode(path) for path in (state / "locks").iterdir()} == {"0o600"}
        artifacts = [tmp_path / "out", *(tmp_path / "out").glob("[a-z]*"), *(tmp_path / "out").glob("shout/*/*")]
        assert len(artifacts) > 3
        assert {mode(path) for path in artifacts} == {"0o755", "0o644"}
        beside = [path for path in toy.inbox.iterdir() if path.name != "talk.txt"]
        assert {mode(path) for path in beside} == {"0o644"}
        assert toy.made("echo", key).placement == "beside_source"


def test_what_an_older_version_left_open_is_closed(tmp_path: Path) -> None:
    settings = toy_settings(tmp_path)
    state = settings.state_dir
    for name in ("cache", "dagster", "work", "journal", "locks"):
        (state / name).mkdir(parents=True)
    (state / "process.log").write_text("what failed, and why")
    (state / "somebody's").mkdir()
    make_state_private(settings)
    assert {path.name: mode(path) for path in (state, *state.iterdir())} == {
        "state": "0o700",
        **dict.fromkeys(("cache", "dagster", "work", "journal", "locks"), "0o700"),
        "process.log": "0o600",
        "somebody's": "0o755",
    }


def test_a_state_folder_with_the_artifacts_in_it_stays_open(tmp_path: Path) -> None:
    store = {"artifacts": FolderStore(path=tmp_path / "state" / "artifacts")}
    settings = toy_settings(tmp_path, stores=store)
    (tmp_path / "state" / "artifacts").mkdir(parents=True)
    home = dagster_home(settings)
    assert (mode(settings.state_dir), mode(tmp_path / "state" / "artifacts"), mode(home)) == (
        "0o755",
        "0o755",
        "0o700",
    )


def test_an_instance_elsewhere_is_closed_only_where_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, expected in (("there", "0o755"), ("new", "0o700")):
        home = tmp_path / name
        if name == "there":
            home.mkdir()
        monkeypatch.setenv("DAGSTER_HOME", str(home))
        dagster_home(toy_settings(tmp_path / "library"))
        assert mode(home) == expected


def test_what_a_link_leads_to_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    close_to_others(private_folder(tmp_path / "link"))
    assert mode(tmp_path / "elsewhere") == "0o755"


def test_the_log_is_for_its_owner(tmp_path: Path) -> None:
    (tmp_path / "process.log").write_text("of an older version\n")
    with project_log.left_as_it_was():
        assert mode(log_to_file(tmp_path / "process.log")) == "0o600"
