"""Duplicates of a library on real media: found, moved to a review folder, and brought back byte for byte."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from media_assets.base.errors import Cancelled, Fatal
from media_assets.base.interruption import asking
from media_assets.base.secrets import Secrets
from media_assets.cli.app import app
from media_assets.config.load import load_settings
from media_assets.definitions import build_definitions
from media_assets.operation.instance import open_instance
from media_assets.pipeline.status import State
from media_assets_tests.artifacts.duplicates import scenes
from media_assets_tests.broken_library import tone
from media_assets_tests.real_library import RealLibrary


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> RealLibrary:
    """A talk, a copy of it, a smaller encoding of it, and a tone. The tests leave it as it was."""
    made = RealLibrary(tmp_path_factory.mktemp("library"), assets={"dedup_index": {"enabled": True}})
    talk = scenes.write_film(made.media / "talk.mp4", scenes.film(40, 8, 2), scenes.music(40, 8))
    (made.media / "old").mkdir()
    shutil.copy2(talk, made.media / "old" / "talk (copy).mp4")
    scenes.changed(talk, "small.mp4", after=("-vf", "scale=iw/2:-2", "-crf", "30", "-b:a", "48k"))
    tone(made.media / "tone.ogg", 440, 2)
    status = made.process(stage="dedup_index")
    assert {cells["dedup_index"] for cells in status.grid.values()} == {State.DONE}
    return made


def typed(library: RealLibrary, *arguments: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["--config", str(library.root / "library.yaml"), *arguments])
    if done.exception:
        raise done.exception
    return done.output


def everything(folder: Path) -> dict[str, tuple[str, int]]:
    """Checksum and time of each file by path."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.thorough
def test_copies_are_shown_moved_only_when_told_and_brought_back_as_they_were(library: RealLibrary) -> None:
    before = everything(library.media)
    shown = typed(library, "duplicates", "--csv", str(library.root / "all.csv"))
    assert "1 group of duplicates" in shown
    assert "1 pair looked at, 0 known from before, 1 of them the same" in shown
    assert "duplicates --apply` would move 1 copy" in shown
    assert "duplicates --apply --near` would move 2 copies" in typed(library, "duplicates", "--near")
    assert everything(library.media) == before
    assert len((library.root / "all.csv").read_text().splitlines()) == 4

    moved = typed(library, "duplicates", "--apply")
    assert "1 moved" in moved, "the near duplicate stays unless --near is given"
    after = everything(library.media)
    assert len([path for path in after if path.startswith("duplicates-to-review/")]) == 1
    assert sorted(after.values()) == sorted(before.values())
    assert "media:duplicates-to-review" not in json.dumps(list(library.process(stage="dedup_index").grid))
    assert "nothing to move" in typed(library, "duplicates", "--apply")

    assert "1 restored" in typed(library, "duplicates", "--undo")
    assert everything(library.media) == before
    assert "nothing to bring back" in typed(library, "duplicates", "--undo")
    with pytest.raises(SystemExit):
        typed(library, "duplicates", "--apply", "--undo")


@pytest.mark.thorough
def test_what_cannot_be_moved_is_said_before_and_after_and_by_the_exit_code(library: RealLibrary) -> None:
    taken = library.media / "duplicates-to-review" / "old" / "talk (copy).mp4"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"of a person")
    failed = library.media / "broken.mp4"
    failed.write_bytes(b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\0\x08moov")
    library.process(stage="dedup_index")
    try:
        shown = typed(library, "duplicates")
        assert "cannot be moved: media:old/talk (copy).mp4: " in shown and "exists already" in shown
        assert "would move none of them to the review folder, and leave 1 copy in place" in shown
        assert "not indexed yet" not in shown, "`process` does nothing for what has failed"
        assert "could not be indexed: 1 file; `media-assets status` says why, `media-assets retry" in shown
        moved = CliRunner().invoke(app, ["--config", str(library.root / "library.yaml"), "duplicates", "--apply"])
        assert (moved.exit_code, "1 skipped" in moved.output) == (1, True)
    finally:
        shutil.rmtree(library.media / "duplicates-to-review")
        failed.unlink()


def test_a_line_of_a_journal_that_leads_out_is_told_with_exit_code_1_and_the_rest_comes_back(
    library: RealLibrary,
) -> None:
    before = everything(library.media)
    typed(library, "duplicates", "--apply")
    journal = max(library.root.rglob("duplicates/*.jsonl"))
    written = journal.read_text()
    moving = next(line for line in map(json.loads, written.splitlines()) if line["event"] == "moving")
    moving["move"]["destination"] = "../../victim.txt"
    journal.write_text(f"{written}{json.dumps(moving)}\n[]\n")
    number = len(written.splitlines()) + 1
    arguments = ["--config", str(library.root / "library.yaml"), "duplicates", "--undo"]
    done = CliRunner().invoke(app, arguments)
    journal.write_text(written + "".join(line + "\n" for line in journal.read_text().splitlines()[number + 1 :]))
    assert done.exit_code == 1
    assert f"skipped line {number} of {journal.name}: its destination" in done.output
    assert f"skipped line {number + 1} of {journal.name}: it is no record of a move" in done.output
    assert "2 skipped, 1 restored" in done.output
    assert everything(library.media) == before


@pytest.mark.thorough
def test_the_groups_are_a_table_of_the_whole_library(library: RealLibrary, capfd: pytest.CaptureFixture[str]) -> None:
    settings = load_settings(library.root / "library.yaml")
    definitions = build_definitions(settings, Secrets())
    with open_instance(settings) as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey("duplicate_groups")]
        )
    (event,) = result.get_asset_materialization_events()
    metadata = event.materialization.metadata
    assert (metadata["groups"].value, metadata["redundant_files"].value) == (1, 2)
    assert metadata["files_not_indexed_yet"].value == 0
    assert "of them the same" in capfd.readouterr().err, "how many pairs were looked at stands in the log of the run"
    assert len(metadata["duplicates"].records) == 3  # type: ignore[attr-defined]
    (table,) = (library.root / "artifacts").rglob("duplicates.parquet")
    import pandas as pd

    assert sorted(pd.read_parquet(table)["action"]) == ["keep", "review", "review"]


def test_without_an_index_the_command_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"Enable it in library\.yaml"):
        typed(RealLibrary(tmp_path), "duplicates")


@pytest.mark.thorough
def test_a_stop_ends_grouping_and_moving_at_any_of_their_steps(library: RealLibrary) -> None:
    before, stops = everything(library.media), 0
    while True:
        steps = iter(range(stops))

        def check(steps: Iterator[int] = steps) -> None:
            if next(steps, None) is None:
                raise Cancelled("stopped")

        try:
            with asking(check):
                typed(library, "duplicates", "--apply")
            break
        except Cancelled:
            stops += 1
    assert stops > 3
    typed(library, "duplicates", "--undo")
    assert everything(library.media) == before
