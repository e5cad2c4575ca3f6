"""The grid of files and artifacts, read from the event log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from media_assets.partitions import register
from media_assets.processing import Selection
from media_assets.selection_checks import unseen
from media_assets.settings import AutomationSettings
from media_assets.settings_places import FolderSource
from media_assets.sources.folder import Folder
from media_assets.status import LibraryStatus, State
from media_assets.terminal import MOST_ROWS, print_status
from media_assets_tests.toy_library import ToyLibrary, key_of, unprivileged_folder


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


def states(toy: ToyLibrary, asset: str) -> dict[str, str]:
    return {key: cells[asset].value for key, cells in toy.status().grid.items()}


def test_every_cell_has_a_state_and_every_failure_a_reason(toy: ToyLibrary) -> None:
    toy.write(
        good="good",
        photo="photo\nm4a_audio: photo",
        poison="poison\nm4a_audio: poison",
        early="early\ndrive_file: poison",
    )
    toy.run("drive_file")
    toy.run("m4a_audio")
    status = toy.status()
    assert states(toy, "drive_file") == {
        key_of("good"): "done",
        key_of("photo"): "done",
        key_of("poison"): "done",
        key_of("early"): "failed",
    }
    assert states(toy, "m4a_audio") == {
        key_of("good"): "done",
        key_of("photo"): "not_applicable",
        key_of("poison"): "failed",
        key_of("early"): "missing",
    }
    assert set(states(toy, "transcript").values()) == {"missing"}
    assert status.counts() == {
        "drive_file": {"done": 3, "not_applicable": 0, "failed": 1, "missing": 0},
        "m4a_audio": {"done": 1, "not_applicable": 1, "failed": 1, "missing": 1},
        "transcript": {"done": 0, "not_applicable": 0, "failed": 0, "missing": 4},
    }
    failure = status.failures[key_of("poison"), "m4a_audio"]
    assert (failure.reason, failure.next_step, failure.kind) == ("is poison", "Throw it away", "BadMedia")
    assert failure.sentence == "is poison. Throw it away"
    assert len(failure.attempt) == 64
    assert set(status.failures) == {(key_of("early"), "drive_file"), (key_of("poison"), "m4a_audio")}
    assert status.to_json() == {
        "files": 4,
        "assets": status.counts(),
        "failures": [
            {"file": key, "asset": asset, "reason": status.failures[key, asset].sentence}
            for key, asset in status.failures
        ],
    }


def test_only_the_files_that_were_asked_for_are_in_it(toy: ToyLibrary) -> None:
    toy.write(a="one\ndrive_file: poison", b="two\ndrive_file: poison", c="three")
    toy.run("drive_file")
    status = toy.processor().status([key_of("b"), key_of("c")])
    assert list(status.grid) == [key_of("b"), key_of("c")]
    assert list(status.failures) == [(key_of("b"), "drive_file")]


def test_a_failure_is_over_once_the_file_was_made(toy: ToyLibrary) -> None:
    toy.write(a="flaky\ndrive_file: transient 4")
    toy.run("drive_file")
    assert states(toy, "drive_file") == {key_of("a"): "failed"}
    toy.run("drive_file")
    assert states(toy, "drive_file") == {key_of("a"): "done"}
    assert toy.status().failures == {}


def test_a_file_that_was_made_and_failed_since_has_failed(toy: ToyLibrary) -> None:
    toy.write(a="one")
    toy.run("drive_file")
    toy.write(a="new\ndrive_file: poison")
    toy.run("drive_file")
    assert states(toy, "drive_file") == {key_of("a"): "failed"}


def test_the_reason_is_that_of_the_last_attempt(toy: ToyLibrary) -> None:
    toy.write(a="one\ndrive_file: poison")
    toy.run("drive_file")
    toy.write(a="one\ndrive_file: odd")
    toy.run("drive_file")
    (failure,) = toy.status().failures.values()
    assert failure.reason == "ZeroDivisionError: nobody thought of this"


def test_something_fatal_leaves_the_grid_as_it_was(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="poison\ndrive_file: poison")
        toy.run("drive_file")
        before = toy.status()
        toy.write(a="one\ndrive_file: fatal")
        toy.run("drive_file", keys=[key_of("a")])
        assert toy.status() == before


def test_a_file_whose_source_is_gone_keeps_its_state(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="one")
    toy.run("drive_file")
    (toy.inbox / "a.txt").unlink()
    # What the sensor notes then is no failure.
    toy.instance.report_runless_asset_event(
        dg.AssetObservation("drive_file", partition=key, metadata={"removed": "the source file is gone"})
    )
    assert toy.processor().status([key]).grid[key]["drive_file"] is State.DONE


def test_a_note_about_a_file_does_not_bring_back_a_failure_that_is_over(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="flaky\ndrive_file: transient 4")
    toy.run("drive_file")
    toy.run("drive_file")
    toy.instance.report_runless_asset_event(
        dg.AssetObservation("drive_file", partition=key, metadata={"note": "a person was here"})
    )
    assert toy.status().grid[key]["drive_file"] is State.DONE


def test_a_note_about_a_file_does_not_hide_its_failure(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="poison\ndrive_file: poison")
    toy.run("drive_file")
    toy.instance.report_runless_asset_event(
        dg.AssetObservation("drive_file", partition=key, metadata={"removed": "the source file is gone"})
    )
    assert toy.processor().status([key]).failures[key, "drive_file"].reason == "is poison"


def test_a_failure_of_a_file_that_is_gone_is_over(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="poison\ndrive_file: poison")
    toy.run("drive_file")
    (toy.inbox / "a.txt").unlink()
    status = toy.processor().status([key])
    assert status.failures == {}
    assert status.grid[key]["drive_file"] is State.MISSING


@pytest.mark.parametrize("key", ["old:a.txt", "by hand"])
def test_a_failure_of_a_partition_that_belongs_to_no_source_is_shown(toy: ToyLibrary, key: str) -> None:
    register(toy.instance, [key])
    toy.run("drive_file", keys=[key])
    assert (key, "drive_file") in toy.processor().status([key]).failures


def test_an_artifact_that_was_deleted_is_missing(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="one")
    toy.run("drive_file")
    next((toy.root / "out/drive_file").rglob("manifest.json")).unlink()
    assert states(toy, "drive_file") == {key: "missing"}


@pytest.mark.slow
def test_more_failures_than_a_page_are_all_found(toy: ToyLibrary) -> None:
    toy.write(**{f"f{number:03}": "bad\ndrive_file: poison" for number in range(520)})
    toy.run("drive_file")
    assert len(toy.status().failures) == 520


def test_a_library_without_files_has_an_empty_grid(toy: ToyLibrary) -> None:
    assert toy.status().to_json()["files"] == 0


def test_rows_that_are_not_shown_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    grid = {f"in:{number}.txt": {"drive_file": State.MISSING} for number in range(MOST_ROWS + 1)}
    found = LibraryStatus(("drive_file",), grid, {})
    print_status(Console(width=140), found, every_file=False)
    said = capsys.readouterr().out
    assert "in:1.txt" not in said and "not shown: the rows of 101 files; `media-assets status --all`" in said
    print_status(Console(width=140), found, every_file=True)
    said = capsys.readouterr().out
    assert "in:1.txt" in said and "not shown" not in said


def test_a_folder_that_may_not_be_listed_is_told_where_the_selection_concerns_it() -> None:
    with unprivileged_folder() as root:
        (root / "shut").mkdir(mode=0)
        (root / "a.txt").touch()
        source = Folder("box", FolderSource(path=root), AutomationSettings())
        assert [entry.path for entry in source.scan()] == ["a.txt"]
        for selection in (Selection(), Selection(folder="shut/inner")):
            (problem,) = unseen(source, selection)
            assert "box:shut" in str(problem) and "Permission denied" in str(problem)
        assert not list(unseen(source, Selection(folder="elsewhere")))
