"""The grid of files and artifacts, read from the event log."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from rich.console import Console

from media_assets.base.errors import Fatal
from media_assets.cli.status_json import write_status
from media_assets.cli.terminal import MOST_ROWS, print_missing, print_status
from media_assets.operation.selection import Selection
from media_assets.operation.selection_checks import unseen
from media_assets.pipeline.partitions import register
from media_assets.pipeline.status import LibraryStatus, State
from media_assets.pipeline.status_cells import Cells
from media_assets.places.folder.settings import FolderSource
from media_assets.places.folder.source import Folder
from media_assets.places.watching import AutomationSettings
from media_assets.work.settings import BudgetSettings
from media_assets_tests.toy_library import ToyLibrary, key_of
from media_assets_tests.toy_stages import PIPELINE, tuned
from media_assets_tests.unprivileged import unprivileged_folder


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


def states(toy: ToyLibrary, asset: str) -> dict[str, str]:
    return {key: cells[asset].value for key, cells in toy.status().grid.items()}


@pytest.mark.thorough
def test_every_cell_has_a_state_and_every_failure_a_reason(toy: ToyLibrary) -> None:
    toy.write(
        good="good",
        photo="photo\nshout: photo",
        poison="poison\nshout: poison",
        early="early\nnote: poison",
    )
    toy.run("note")
    toy.run("shout")
    status = toy.status()
    assert states(toy, "note") == {
        key_of("good"): "done",
        key_of("photo"): "done",
        key_of("poison"): "done",
        key_of("early"): "failed",
    }
    assert states(toy, "shout") == {
        key_of("good"): "done",
        key_of("photo"): "not_applicable",
        key_of("poison"): "failed",
        key_of("early"): "missing",
    }
    assert set(states(toy, "echo").values()) == {"missing"}
    assert status.counts() == {
        "note": {"done": 3, "not_applicable": 0, "failed": 1, "missing": 0},
        "shout": {"done": 1, "not_applicable": 1, "failed": 1, "missing": 1},
        "echo": {"done": 0, "not_applicable": 0, "failed": 0, "missing": 4},
    }
    failure = status.failures[key_of("poison"), "shout"]
    assert (failure.reason, failure.next_step, failure.kind) == ("is poison", "Throw it away", "BadMedia")
    assert failure.sentence == "is poison. Throw it away"
    assert len(failure.attempt) == 64
    assert set(status.failures) == {(key_of("early"), "note"), (key_of("poison"), "shout")}


def told(toy: ToyLibrary, *wanted: State, ui: str | None = None) -> dict[str, Any]:
    """What `status --json` says of all files."""
    keys, output = toy.register(), StringIO()
    write_status(output, Cells(toy.instance, toy.library, PIPELINE, keys), keys, wanted, ui)
    said = json.loads(output.getvalue())
    assert isinstance(said, dict)
    return said


def cell(toy: ToyLibrary, name: str, asset: str) -> dict[str, Any]:
    (found,) = [each for each in told(toy)["cells"] if (each["file"], each["asset"]) == (key_of(name), asset)]
    return dict(found)


@pytest.mark.thorough
def test_every_cell_is_told_with_reason_next_step_links_run_and_cost(toy: ToyLibrary) -> None:
    toy.write(good="good", photo="photo\nshout: photo", poison="poison\nshout: poison")
    runs = {asset.name: result.run_id for asset, result in zip(PIPELINE, toy.run_all(), strict=True)}
    said = told(toy, ui="http://ui.example")
    assert said["files"] == 3
    assert said["assets"] == toy.status().counts()
    assert said["failures"] == [{"file": key_of("poison"), "asset": "shout", "reason": "is poison. Throw it away"}]
    cells = {(each["file"], each["asset"]): each for each in said["cells"]}
    assert len(cells) == 9
    manifest = toy.made("echo", key_of("good"))
    source = (toy.inbox / "good.txt").as_uri()
    assert cells[key_of("good"), "echo"] == {
        "file": key_of("good"),
        "asset": "echo",
        "state": "done",
        "reason": None,
        "next_step": None,
        "error": None,
        "at": manifest.made_at.isoformat(),
        "run": runs["echo"],
        "cost_usd": 0.25,
        "links": {
            "artifact": toy.library.store("echo").link(manifest),
            "source": source,
            "run": f"http://ui.example/runs/{runs['echo']}",
        },
    }
    failed = cells[key_of("poison"), "shout"]
    assert (failed["state"], failed["reason"], failed["next_step"], failed["error"], failed["run"]) == (
        "failed",
        "is poison",
        "Throw it away",
        "BadMedia",
        runs["shout"],
    )
    assert failed["at"].startswith("20")
    assert failed["links"]["artifact"] is None
    assert cells[key_of("photo"), "shout"]["reason"] == "is a photo"
    waits = cells[key_of("poison"), "echo"]
    assert (waits["state"], waits["reason"]) == ("missing", "waits for its shout, which failed")
    assert told(toy)["cells"][0]["links"]["run"] is None, "nobody knows where the UI is"


def test_a_stage_further_down_says_what_failed_at_the_root(toy: ToyLibrary) -> None:
    toy.write(poison="poison\nnote: poison")
    toy.run("note")
    waits = cell(toy, "poison", "echo")
    assert (waits["reason"], waits["next_step"]) == (
        "waits for its shout, as its note failed",
        "Mend that first: see note of this file",
    )


@pytest.mark.thorough
def test_only_the_cells_in_the_states_that_were_asked_for_are_told(toy: ToyLibrary) -> None:
    toy.write(good="good", poison="poison\nnote: poison")
    toy.run("note")
    said = told(toy, State.FAILED)
    assert [(each["file"], each["asset"]) for each in said["cells"]] == [(key_of("poison"), "note")]
    assert said["files"] == 2 and said["assets"] == toy.status().counts()
    assert {each["state"] for each in told(toy, State.FAILED, State.MISSING)["cells"]} == {"failed", "missing"}


@pytest.mark.thorough
def test_what_is_missing_says_what_it_waits_for(tmp_path: Path) -> None:
    slow = AutomationSettings(settle_seconds=100, incomplete_seconds=100)
    with ToyLibrary(tmp_path, automation=slow) as toy:
        toy.write(lost="lost", young="young", old="old", gone="gone")
        for name in ("lost", "old", "gone"):
            os.utime(toy.inbox / f"{name}.txt", (1e9, 1e9))
        toy.run("note", keys=[key_of("lost")])
        assert cell(toy, "lost", "shout")["reason"] == "has not been made yet"
        assert cell(toy, "old", "note")["reason"] == "has not been made yet"
        assert cell(toy, "old", "shout")["reason"] == "waits for its note"
        assert "still being written: changed a moment ago" in cell(toy, "young", "note")["reason"]
        shutil.rmtree(toy.root / "out" / "note")
        assert cell(toy, "lost", "note")["reason"] == "was made, and is no longer in its store"
        keys = toy.register()
        (toy.inbox / "gone.txt").unlink()
        cells = Cells(toy.instance, toy.library, PIPELINE, keys)
        assert next(cells.of(key_of("gone"))).reason.startswith("is no longer in")
        shutil.rmtree(toy.inbox)
        assert "its source cannot be looked at: the folder" in next(cells.of(key_of("gone"))).reason


def test_a_cell_of_a_source_that_is_no_longer_in_the_settings_says_so(toy: ToyLibrary) -> None:
    register(toy.instance, ["talks:a.mp4"])
    first, *_ = Cells(toy.instance, toy.library, PIPELINE, ["talks:a.mp4"]).of("talks:a.mp4")
    assert "belongs to the source 'talks', which is not in library.yaml" in first.reason
    assert not first.source


@pytest.mark.thorough
def test_what_a_budget_holds_up_says_so(tmp_path: Path) -> None:
    budgets = BudgetSettings(per_day_usd=1.0, per_file_usd=0.9)
    with ToyLibrary(tmp_path, budgets=budgets, assets=tuned("echo", workers=1)) as toy:
        toy.write(a="a\necho: pay 0.7", b="b\necho: pay 0.6", c="c\necho: pay 0.2", d="d\necho: pay 5")
        for stage in PIPELINE:
            toy.run(stage.name)
        toy.run("echo", keys=[key_of("d")])
        assert cell(toy, "a", "echo")["state"] == "done"
        for name in ("b", "c"):
            assert "the budget of the day is spent" in cell(toy, name, "echo")["reason"]
        held = cell(toy, "d", "echo")
        assert (held["state"], held["error"]) == ("missing", "OverBudget")


@pytest.mark.thorough
def test_only_rows_of_the_states_that_were_asked_for_are_shown(toy: ToyLibrary) -> None:
    toy.write(good="good", poison="poison\nnote: poison")
    toy.run_all()
    with (console := Console(width=200)).capture() as capture:
        print_status(console, toy.status(), states={State.FAILED})
    assert key_of("poison") in capture.get() and key_of("good") not in capture.get()
    assert "is poison" in capture.get()
    with console.capture() as capture:
        print_status(console, toy.status(), states={State.MISSING})
        print_missing(
            console,
            chain.from_iterable(map(Cells(toy.instance, toy.library, PIPELINE, toy.register()).of, toy.register())),
        )
    assert "is poison" not in capture.get()
    assert "· shout of 1 file (poison.txt)" in capture.get()
    assert "waits for its note, which failed" in capture.get()
    toy.write(poison="mended")
    toy.run_all()
    with console.capture() as capture:
        print_status(console, toy.status(), states={State.FAILED})
    assert "no file has an artifact that is failed" in capture.get()


def test_what_is_missing_is_told_by_its_reason_however_many_files_wait(toy: ToyLibrary) -> None:
    keys = toy.write(**{f"f{number}": "x" for number in range(9)})
    with (console := Console(width=200)).capture() as capture:
        print_missing(console, chain.from_iterable(map(Cells(toy.instance, toy.library, PIPELINE, keys).of, keys)))
    assert "· note of 9 files (e.g. f0.txt, f1.txt, f2.txt)" in capture.get()
    assert capture.get().count("·") == 3


@pytest.mark.thorough
def test_only_the_files_that_were_asked_for_are_in_it(toy: ToyLibrary) -> None:
    toy.write(a="one\nnote: poison", b="two\nnote: poison", c="three")
    toy.run("note")
    status = toy.processor().status([key_of("b"), key_of("c")])
    assert list(status.grid) == [key_of("b"), key_of("c")]
    assert list(status.failures) == [(key_of("b"), "note")]


@pytest.mark.thorough
def test_a_failure_is_over_once_the_file_was_made(toy: ToyLibrary) -> None:
    toy.write(a="flaky\nnote: transient 4")
    toy.run("note")
    assert states(toy, "note") == {key_of("a"): "failed"}
    toy.run("note")
    assert states(toy, "note") == {key_of("a"): "done"}
    assert toy.status().failures == {}


@pytest.mark.thorough
def test_a_file_that_was_made_and_failed_since_has_failed(toy: ToyLibrary) -> None:
    toy.write(a="one")
    toy.run("note")
    toy.write(a="new\nnote: poison")
    toy.run("note")
    assert states(toy, "note") == {key_of("a"): "failed"}


@pytest.mark.thorough
def test_the_reason_is_that_of_the_last_attempt(toy: ToyLibrary) -> None:
    toy.write(a="one\nnote: poison")
    toy.run("note")
    toy.write(a="one\nnote: odd")
    toy.run("note")
    (failure,) = toy.status().failures.values()
    assert failure.reason == "ZeroDivisionError: nobody thought of this"


@pytest.mark.thorough
def test_something_fatal_leaves_the_grid_as_it_was(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="poison\nnote: poison")
        toy.run("note")
        before = toy.status()
        toy.write(a="one\nnote: fatal")
        toy.run("note", keys=[key_of("a")])
        assert toy.status() == before


@pytest.mark.thorough
def test_a_file_whose_source_is_gone_keeps_its_state(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="one")
    toy.run("note")
    (toy.inbox / "a.txt").unlink()
    # What the sensor notes then is no failure.
    toy.instance.report_runless_asset_event(
        dg.AssetObservation("note", partition=key, metadata={"removed": "the source file is gone"})
    )
    assert toy.processor().status([key]).grid[key]["note"] is State.DONE


@pytest.mark.thorough
def test_a_note_about_a_file_does_not_bring_back_a_failure_that_is_over(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="flaky\nnote: transient 4")
    toy.run("note")
    toy.run("note")
    toy.instance.report_runless_asset_event(
        dg.AssetObservation("note", partition=key, metadata={"note": "a person was here"})
    )
    assert toy.status().grid[key]["note"] is State.DONE


def test_a_note_about_a_file_does_not_hide_its_failure(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="poison\nnote: poison")
    toy.run("note")
    toy.instance.report_runless_asset_event(
        dg.AssetObservation("note", partition=key, metadata={"removed": "the source file is gone"})
    )
    assert toy.processor().status([key]).failures[key, "note"].reason == "is poison"


def test_a_failure_of_a_file_that_is_gone_is_over(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="poison\nnote: poison")
    toy.run("note")
    (toy.inbox / "a.txt").unlink()
    status = toy.processor().status([key])
    assert status.failures == {}
    assert status.grid[key]["note"] is State.MISSING


@pytest.mark.parametrize("key", ["old:a.txt", "by hand"])
def test_a_failure_of_a_partition_that_belongs_to_no_source_is_shown(toy: ToyLibrary, key: str) -> None:
    register(toy.instance, [key])
    toy.run("note", keys=[key])
    assert (key, "note") in toy.processor().status([key]).failures


def test_an_artifact_that_was_deleted_is_missing(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="one")
    toy.run("note")
    next((toy.root / "out/note").rglob("manifest.json")).unlink()
    assert states(toy, "note") == {key: "missing"}


@pytest.mark.slow
def test_more_failures_than_a_page_are_all_found(toy: ToyLibrary) -> None:
    toy.write(**{f"f{number:03}": "bad\nnote: poison" for number in range(520)})
    toy.run("note")
    assert len(toy.status().failures) == 520


def test_a_library_without_files_has_an_empty_grid(toy: ToyLibrary) -> None:
    assert told(toy) == {"files": 0, "cells": [], "assets": toy.status().counts(), "failures": [], "warnings": []}


def test_rows_that_are_not_shown_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    grid = {f"in:{number}.txt": {"note": State.MISSING} for number in range(MOST_ROWS + 1)}
    found = LibraryStatus(("note",), grid, {})
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


def test_a_look_at_the_folders_finds_what_a_scan_cannot_look_at() -> None:
    with unprivileged_folder() as root:
        (root / "talks" / "shut").mkdir(parents=True)
        (root / "talks" / "shut").chmod(0)
        (root / "listed").mkdir()
        for name in ("a.txt", "b.txt"):
            (root / "talks" / name).touch()
            (root / "listed" / name).touch()
        (root / "listed").chmod(0o400)  # names are to be had, and nothing else
        try:
            source = Folder("box", FolderSource(path=root), AutomationSettings())
            assert [entry.path for entry in source.scan()] == ["talks/a.txt", "talks/b.txt"]
            by_scan = set(source.unreadable)
            source.look_at_folders()
            assert set(source.unreadable) == {"box:talks/shut", "box:listed/a.txt"} <= by_scan
            left_out = FolderSource(path=root, exclude=("**/shut/**", "listed/*"))
            source = Folder("box", left_out, AutomationSettings())
            for look in (source.look_at_folders, lambda: list(source.scan())):
                look()
                assert source.unreadable == {}
        finally:
            (root / "talks" / "shut").chmod(0o700)
            (root / "listed").chmod(0o700)


def test_a_look_at_the_folders_looks_at_no_file_but_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        (tmp_path / f"{number}.txt").touch()
    source = Folder("box", FolderSource(path=tmp_path), AutomationSettings())
    looked_at = list(source._begin_walk(folders_alone=True))
    assert len(looked_at) == 1
    assert len(list(source.scan())) == 50
    monkeypatch.setattr(source, "root", tmp_path / "nosuch")
    with pytest.raises(Fatal, match="is not there"):
        source.look_at_folders()
