"""The state of a library, taken from one Dagster instance to another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._serdes import serialize_value

from media_assets.automation.conditions import stage_condition
from media_assets.automation.source_memory import SourceMemory, imported_cursor, remember
from media_assets.base.errors import Fatal
from media_assets.operation.backup.archive import new_archive, open_archive
from media_assets.operation.backup.exporting import export_library
from media_assets.operation.backup.from_stores import record_what_is_there
from media_assets.operation.backup.importing import AssetImport, Imported, Importer
from media_assets.operation.selection import Selection
from media_assets.pipeline.batch import batches_of
from media_assets.pipeline.dagster_asset import dagster_asset
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.latest_records import latest_failures, made_ids
from media_assets.pipeline.partitions import register, registered
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets_tests.impossible_keys import IMPOSSIBLE
from media_assets_tests.toy_library import ToyLibrary, key_of
from media_assets_tests.toy_stages import PIPELINE, SOURCE

ASSETS = [stage.name for stage in PIPELINE]
MEMORY = SourceMemory(cursor="4", states={f"media_assets/source/{SOURCE}/1": "a snapshot"})
TAGS = ("dagster/code_version", "dagster/data_version", "dagster/input_data_version/note")


class Origin:
    """A library that was processed, and its archive: for all tests, which leave it as it is."""

    def __init__(self, root: Path) -> None:
        self.toy = ToyLibrary(root / "old")
        self.archive = root / "library.zip"

    def make(self) -> None:
        self.toy.write(
            good="good",
            other="other",
            photo="photo\nshout: photo",
            poison="poison\nshout: poison",
            early="early\nnote: poison",
        )
        process(self.toy)
        journals = self.toy.settings.state_dir / "duplicates"
        journals.mkdir(parents=True)
        for name, text in {"a": "1\n2\n", "b": "1\n", "c": "1\n"}.items():
            (journals / f"{name}.jsonl").write_text(text)
        remember(InstanceState(self.toy.instance), SOURCE, MEMORY)
        self.exported = export_library(self.toy.instance, self.toy.library, self.toy.settings, PIPELINE, self.archive)


class Move:
    """Copies of its files, and empty instances.

    Args:
        new_database: Gives the address of an empty database on PostgreSQL, or None for SQLite.
    """

    def __init__(self, origin: Origin, root: Path, opened: ExitStack, new_database: Callable[[], str | None]) -> None:
        self._new_database = new_database
        self.old = origin.toy
        self.inbox = shutil.copytree(origin.toy.inbox, root / "in")
        self.out = shutil.copytree(origin.toy.root / "out", root / "out")
        self._archive = origin.archive
        self._root = root
        self._opened = opened

    def elsewhere(self, *, out: Path | None = None) -> ToyLibrary:
        """Another, empty instance.

        Args:
            out: Where its store is; by default that of the old one.
        """
        root = self._root / f"new{len(list(self._root.glob('new*')))}"
        places = {"sources": {SOURCE: FolderSource(path=self.inbox)}}
        stores = {"artifacts": FolderStore(path=out or self.out)}
        return self._opened.enter_context(ToyLibrary(root, database=self._new_database(), **places, stores=stores))

    def bring(
        self, toy: ToyLibrary, note: Callable[[str], None] = lambda _: None, *, dry_run: bool = False
    ) -> Imported:
        with open_archive(self._archive) as archive:
            return Importer(toy.instance, toy.library, PIPELINE, archive, dry_run=dry_run).run(note)


def process(toy: ToyLibrary) -> None:
    """A pass, as `media-assets process` makes it."""
    toy.process()


def work_left(toy: ToyLibrary) -> dict[str, list[str]]:
    """What a pass would do, by stage."""
    processor = toy.processor()
    keys = processor.select(Selection())
    planner = processor.planner(keys, Selection())
    return {stage.name: todo for stage in PIPELINE if (todo := planner.plan(stage, keys).todo)}


def events(toy: ToyLibrary) -> dict[str, int]:
    """How many records of any kind Dagster has, by asset."""
    counts = {}
    for asset in ASSETS:
        key = dg.AssetKey(asset)
        made = toy.instance.fetch_materializations(key, limit=1000).records
        noted = toy.instance.fetch_observations(key, limit=1000).records
        counts[asset] = len(made) + len(noted)
    return counts


def grid(toy: ToyLibrary) -> dict[str, Any]:
    status = toy.processor().status(list(registered(toy.instance)))
    reasons = [(failure.key, failure.asset, failure.sentence) for failure in status.failures.values()]
    return {"files": len(status.grid), "assets": status.counts(), "failures": reasons}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    origin = Origin(tmp_path_factory.mktemp("origin"))
    with origin.toy:
        origin.make()
        yield origin


@pytest.fixture
def move(origin: Origin, tmp_path: Path, new_database: Callable[[], str | None]) -> Iterator[Move]:
    with ExitStack() as opened:
        yield Move(origin, tmp_path, opened, new_database)


@pytest.fixture(scope="module")
def brought(
    origin: Origin, tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]
) -> Iterator[tuple[Move, ToyLibrary, Imported]]:
    """Another instance, after the import; for tests that change nothing in it."""
    with ExitStack() as opened:
        move = Move(origin, tmp_path_factory.mktemp("brought"), opened, new_database)
        new = move.elsewhere()
        yield move, new, move.bring(new)


def told(toy: ToyLibrary) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Why each red cell is red, and of what attempt; not when that was recorded, and by which run."""
    failures = toy.status().failures
    return {cell: (failed.sentence, failed.kind, failed.attempt) for cell, failed in failures.items()}


@pytest.mark.thorough
def test_another_instance_shows_the_same_grid_and_makes_nothing_again(
    origin: Origin, brought: tuple[Move, ToyLibrary, Imported]
) -> None:
    move, new, found = brought
    assert origin.exported.files == 5
    assert origin.exported.artifacts == {"note": 4, "shout": 3, "echo": 3}
    assert grid(new) == grid(move.old)
    assert told(new) == told(move.old)
    assert list(registered(new.instance)) == list(registered(move.old.instance))
    assert work_left(new) == {}
    assert found.assets["shout"] == AssetImport(there=3, recorded=3, failures=1)
    assert (found.files, found.new_files, found.remarks) == (5, 5, [])


@pytest.mark.thorough
def test_automation_asks_for_nothing_after_an_import(brought: tuple[Move, ToyLibrary, Imported]) -> None:
    _, new, _ = brought
    condition = stage_condition(rerun_on_change=True)
    definitions = dg.Definitions(
        assets=[dagster_asset(stage, new.settings, condition, batches_of(stage, PIPELINE)) for stage in PIPELINE],
        resources=new.definitions.resources,
    )
    cursor = None
    for _ in range(2):
        result = dg.evaluate_automation_conditions(definitions, new.instance, cursor=cursor)
        assert result.total_requested == 0
        cursor = result.cursor


@pytest.mark.thorough
def test_the_records_are_those_of_the_first_instance(brought: tuple[Move, ToyLibrary, Imported]) -> None:
    move, new, _ = brought
    key = key_of("good")
    before, after = (
        toy.instance.fetch_materializations(dg.AssetRecordsFilter(dg.AssetKey("shout"), [key]), limit=1).records[0]
        for toy in (move.old, new)
    )
    old, here = before.asset_materialization, after.asset_materialization
    assert old and here
    assert {tag: (here.tags or {}).get(tag) for tag in TAGS} == {tag: (old.tags or {})[tag] for tag in TAGS}
    other = {"recorded_at", "artifact"}
    assert set(here.metadata) - set(old.metadata) == {"recorded_at"}
    assert all(here.metadata[name] == value for name, value in old.metadata.items() if name not in other)
    assert here.metadata["recorded_at"].value == pytest.approx(before.timestamp)


def test_an_import_may_be_repeated(brought: tuple[Move, ToyLibrary, Imported]) -> None:
    move, new, _ = brought
    before = events(new)
    again = move.bring(new)
    assert events(new) == before
    assert again.new_files == 0
    assert {(each.recorded, each.failures, each.kept) for each in again.assets.values()} == {(0, 0, 0)}
    assert grid(new) == grid(move.old)


@pytest.mark.thorough
def test_an_import_that_was_broken_off_is_finished_by_the_next(move: Move) -> None:
    new = move.elsewhere()

    def stop(what: str) -> None:
        if what == "echo":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move.bring(new, stop)
    assert list(registered(new.instance)) == []
    assert events(new) == {"note": 5, "shout": 4, "echo": 0}
    move.bring(new)
    assert events(new) == {"note": 5, "shout": 4, "echo": 3}
    assert grid(new) == grid(move.old)


@pytest.mark.thorough
def test_there_is_a_way_back(brought: tuple[Move, ToyLibrary, Imported], tmp_path: Path) -> None:
    move, new, _ = brought
    again = export_library(new.instance, new.library, new.settings, PIPELINE, tmp_path / "back.zip")
    assert again.artifacts == {"note": 4, "shout": 3, "echo": 3}
    places = {"sources": new.settings.sources, "stores": new.settings.stores}
    with ToyLibrary(tmp_path / "back", **places) as back, open_archive(tmp_path / "back.zip") as archive:
        Importer(back.instance, back.library, PIPELINE, archive, dry_run=False).run(lambda _: None)
        assert grid(back) == grid(move.old)
        assert told(back) == told(move.old)
        assert work_left(back) == {}


@pytest.mark.thorough
def test_a_rehearsal_says_what_would_be_done_and_does_nothing(move: Move) -> None:
    new = move.elsewhere()
    rehearsed = move.bring(new, dry_run=True)
    assert sum(events(new).values()) == 0
    assert list(registered(new.instance)) == []
    assert move.bring(new) == rehearsed


def test_a_store_may_have_moved(move: Move, tmp_path: Path) -> None:
    move.out.rename(tmp_path / "moved")
    new = move.elsewhere(out=tmp_path / "moved")
    move.bring(new)
    assert work_left(new) == {}
    (record,) = new.instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey("shout"), [key_of("good")]), limit=1
    ).records
    assert record.asset_materialization
    path = Path(str(record.asset_materialization.metadata["artifact"].value))
    assert path.is_relative_to(tmp_path / "moved")
    assert path.exists()


@pytest.mark.thorough
def test_of_artifacts_that_stayed_behind_only_those_with_files_are_made_again(move: Move, tmp_path: Path) -> None:
    new = move.elsewhere(out=tmp_path / "empty")
    done = move.bring(new)
    assert done.assets["note"] == AssetImport(restored=4, recorded=4, failures=1)  # these have no files
    assert done.assets["shout"] == AssetImport(restored=1, absent=2, recorded=1, failures=1)  # of the photo
    assert grid(new)["assets"]["shout"] == {"done": 0, "not_applicable": 1, "failed": 1, "missing": 3}
    assert work_left(new) == {name: [key_of("good"), key_of("other")] for name in ("shout",)}
    process(new)
    assert new.bench.calls_of("note") == {}
    assert new.bench.calls_of("shout") == {"good": 1, "other": 1}


@pytest.mark.thorough
def test_artifacts_that_are_brought_later_are_taken_up_by_the_next_import(move: Move, tmp_path: Path) -> None:
    new = move.elsewhere(out=tmp_path / "later")
    move.bring(new)
    shutil.copytree(move.out, tmp_path / "later", dirs_exist_ok=True)
    move.bring(new)
    assert grid(new) == grid(move.old)
    assert work_left(new) == {}


def test_a_manifest_that_was_lost_is_restored_where_its_files_are_what_they_were(move: Move) -> None:
    for manifest in move.out.rglob("manifest.json"):
        manifest.unlink()
    changed = next(move.out.glob("shout/good-*/shout.m4a"))
    changed.write_bytes(changed.read_bytes()[::-1])  # of the same size
    new = move.elsewhere()
    done = move.bring(new)
    assert done.assets["shout"] == AssetImport(restored=2, absent=1, recorded=2, failures=1)
    assert new.made("shout", key_of("other")).version == move.old.made("shout", key_of("other")).version
    assert new.manifest("shout", key_of("good")) is None
    assert work_left(new) == {"shout": [key_of("good")]}


@pytest.mark.thorough
def test_what_the_store_has_newer_or_older_is_kept_and_told(move: Move) -> None:
    new = move.elsewhere()
    known = new.made("shout", key_of("good"))
    path = next((move.out / "shout").glob("good-*")) / "manifest.json"
    for year, expected in ((2100, "newer"), (2001, "older")):
        another = known.model_copy(update={"version": "0" * 64, "made_at": known.made_at.replace(year=year)})
        path.write_text(another.model_dump_json())
        counts = move.bring(new, dry_run=True).assets["shout"]
        assert (getattr(counts, expected), counts.there, counts.recorded) == (1, 2, 2)
    move.bring(new)
    assert new.made("shout", key_of("good")) == another
    assert key_of("good") not in made_ids(new.instance, "shout")  # the next pass looks at it


@pytest.mark.thorough
def test_what_was_made_or_tried_here_since_is_not_spoken_over(move: Move) -> None:
    new = move.elsewhere()
    (move.inbox / "poison.txt").write_text("cured")
    (move.inbox / "early.txt").write_text("late\nnote: odd")
    process(new)
    before = events(new)
    done = move.bring(new)
    assert (done.assets["shout"].kept, done.assets["note"].kept) == (1, 1)
    assert events(new) == before
    failures = latest_failures(new.instance, "note", made_ids(new.instance, "note"))
    assert str(failures[key_of("early")].metadata["failed"].value).startswith("ZeroDivisionError")


def test_without_an_archive_the_stores_tell_what_is_there(move: Move) -> None:
    new = move.elsewhere()
    rehearsed = record_what_is_there(new.instance, new.library, PIPELINE, dry_run=True)
    assert sum(events(new).values()) == 0
    done = record_what_is_there(new.instance, new.library, PIPELINE)
    assert done == rehearsed
    assert done.assets["shout"] == AssetImport(there=3, recorded=3)
    counts = grid(new)["assets"]
    assert counts["shout"] == {"done": 2, "not_applicable": 1, "failed": 0, "missing": 2}
    assert work_left(new) == {"note": [key_of("early")], "shout": [key_of("poison")]}
    first, second = (
        new.instance.fetch_materializations(dg.AssetRecordsFilter(dg.AssetKey(asset), [key_of("good")]), limit=1)
        .records[0]
        .asset_materialization
        for asset in ASSETS[:2]
    )
    assert first and second
    for event, stage in ((first, PIPELINE[0]), (second, PIPELINE[1])):
        assert (event.tags or {})["dagster/code_version"] == stage.full_code_version(new.settings)
    version = (first.tags or {})["dagster/data_version"]
    assert (second.tags or {})["dagster/input_data_version/note"] == version
    assert record_what_is_there(new.instance, new.library, PIPELINE).assets["shout"] == AssetImport(there=3)


def test_journals_of_moved_duplicates_come_along_and_the_longer_one_stays(move: Move) -> None:
    new = move.elsewhere()
    here = new.settings.state_dir / "duplicates"
    here.mkdir(parents=True)
    for name, text in {"a": "1\n", "b": "1\n2\n", "c": "another\n"}.items():
        (here / f"{name}.jsonl").write_text(text)
    done = move.bring(new)
    found = {path.stem: path.read_text() for path in here.iterdir()}
    assert found == {"a": "1\n2\n", "b": "1\n2\n", "c": "another\n"}
    assert done.remarks == [f"{here / 'c.jsonl'} is another journal here, and is kept"]


@pytest.mark.thorough
def test_what_sensors_remember_comes_along_unless_they_have_looked_here(move: Move) -> None:
    new, other = move.elsewhere(), move.elsewhere()
    move.bring(new)
    brought = InstanceState(new.instance)
    assert imported_cursor(brought, SOURCE) == "4"
    assert brought.read(f"media_assets/source/{SOURCE}/1") == "a snapshot"
    assert move.bring(new).remarks == []
    remember(InstanceState(other.instance), SOURCE, SourceMemory(cursor="9", states={}))
    assert move.bring(other).remarks == [f"the sensor of {SOURCE} has looked here before, and goes on from there"]
    assert imported_cursor(InstanceState(other.instance), SOURCE) == "9"


A_MANIFEST = {
    "asset": "note",
    "key": "box:x",
    "fingerprint": "",
    "version": "",
    "inputs": {},
    "code_version": "",
    "settings": {},
    "made_at": "2026-01-01T00:00:00Z",
    "made_in_seconds": 1,
    "made_by_run": "",
}
STRANGE = {
    "a journal that lies elsewhere": ("duplicates/../victim.jsonl", b"x\n", "names a file outside"),
    "a journal in a folder": ("duplicates/sub/a.jsonl", b"x\n", "names a file outside"),
    "what no sensor remembers": (
        f"sources/{SOURCE}.json",
        b'{"cursor": "1", "states": {"media_assets/ledger/x": "y"}}',
        "is not what a sensor remembers",
    ),
    "a manifest of another asset": (
        "artifacts/echo.jsonl",
        b'{"key": "box:x", "recorded": null, "manifest": {"asset": "shout", "key": "box:x", "fingerprint": "", '
        b'"version": "", "inputs": {}, "code_version": "", "settings": {}, "made_at": "2026-01-01T00:00:00Z", '
        b'"made_in_seconds": 1, "made_by_run": ""}}\n',
        "a shout among the artifacts of echo",
    ),
    "a manifest that names what lies elsewhere": (
        "artifacts/echo.jsonl",
        b'{"key": "box:x", "recorded": null, "manifest": {"asset": "echo", "key": "box:x", "fingerprint": "", '
        b'"version": "", "inputs": {}, "code_version": "", "settings": {}, "made_at": "2026-01-01T00:00:00Z", '
        b'"made_in_seconds": 1, "made_by_run": "", '
        b'"files": [{"name": "a", "path": "../victim", "size_bytes": 6, "sha256": ""}]}}\n',
        "not a manifest of this version",
    ),
    "a row that is a number": ("artifacts/echo.jsonl", b"5\n", "line 1 of artifacts/echo.jsonl is no such"),
    "a row without its key": ("artifacts/echo.jsonl", b'{"manifest": {}, "recorded": null}\n', r"row \(key: "),
    "a row whose key is a list": ("artifacts/echo.jsonl", b'{"key": [], "manifest": {}}\n', "is no such row"),
    "a manifest that is null": (
        "artifacts/echo.jsonl",
        b'{"key": "box:x", "manifest": null}\n',
        "is no such row",
    ),
    "an empty manifest": (
        "artifacts/echo.jsonl",
        b'{"key": "box:x", "manifest": {}, "recorded": null}\n',
        "not a manifest of this version",
    ),
    "a record that is a list": (
        "artifacts/echo.jsonl",
        b'{"key": "box:x", "manifest": {}, "recorded": []}\n',
        "is no such row",
    ),
    "a failure without an observation": ("failures/echo.jsonl", b'{"key": "box:x"}\n', r"row \(observation: "),
    "a failure that is no record": (
        "failures/echo.jsonl",
        b'{"key": "k", "observation": "x"}\n',
        "none of Dagster's",
    ),
    "a failure of another class": (
        "failures/echo.jsonl",
        b'{"key": "k", "observation": "{\\"__class__\\": \\"Nope\\"}"}\n',
        "none of Dagster's",
    ),
    "a failure with nonsense in it": (
        "failures/echo.jsonl",
        b'{"key": "k", "observation": "{\\"__class__\\": \\"AssetObservation\\", \\"asset_key\\": 5}"}\n',
        "none of Dagster's",
    ),
    "a failure of another asset": (
        "failures/echo.jsonl",
        json.dumps({"key": "k", "observation": serialize_value(dg.AssetObservation("shout", partition="k"))}).encode(),
        "failures of other assets among those of echo",
    ),
    "an artifact of a key that leads out": (
        "artifacts/note.jsonl",
        json.dumps({"key": "box:../x", "manifest": A_MANIFEST, "recorded": None}).encode(),
        "line 1 of artifacts/note.jsonl has a key that no file can have, 'box:../x': it leads out of its source",
    ),
    "an artifact that is a copy of what leads out": (
        "artifacts/note.jsonl",
        json.dumps({"key": "box:x", "manifest": {**A_MANIFEST, "reused_from": "../x"}, "recorded": None}).encode(),
        "'../x': it does not begin with the name of a source",
    ),
    "a failure of such a key": (
        "failures/shout.jsonl",
        json.dumps({"key": "", "observation": serialize_value(dg.AssetObservation("shout", partition=""))}).encode(),
        "line 1 of failures/shout.jsonl has a key that no file can have, '': it does not begin",
    ),
    "a partition that is a number": ("partitions.jsonl", b"7\n", "line 1 of partitions.jsonl is no such row"),
    "a line that is no JSON": ("partitions.jsonl", b"{\n", "is damaged"),
    "a memory that is a list": (f"sources/{SOURCE}.json", b"[]", "is not what a sensor remembers"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_an_archive_with_what_export_does_not_write_is_refused_and_nothing_changed(
    what: str, move: Move, tmp_path: Path
) -> None:
    name, content, reason = STRANGE[what]
    new = move.elsewhere()
    path = tmp_path / "strange.zip"
    (victim := new.settings.state_dir.parent / "victim").write_text("victim")
    with new_archive(path) as archive, archive.member(name) as write:
        write(content)
    with open_archive(path) as opened, pytest.raises(Fatal, match=reason):
        Importer(new.instance, new.library, PIPELINE, opened).run()
    assert victim.read_text() == "victim"
    assert registered(new.instance) == []
    assert events(new) == dict.fromkeys(events(new), 0)
    assert not list(tmp_path.rglob("victim.jsonl"))


def a_row(key: str) -> Any:
    return {"key": key, "manifest": {}, "recorded": None}


def test_an_archive_with_a_key_that_no_file_can_have_is_refused_and_nothing_changed(move: Move, tmp_path: Path) -> None:
    new = move.elsewhere()
    for number, (key, why) in enumerate(IMPOSSIBLE.values()):
        path = tmp_path / f"{number}.zip"
        # Of an asset that is not known here only the keys are looked at.
        name, row = ("partitions.jsonl", key) if number % 2 else ("artifacts/word_count.jsonl", a_row(key))
        with new_archive(path) as archive, archive.lines(name) as add:
            add(row)
        with open_archive(path) as opened, pytest.raises(Fatal, match=why) as caught:
            Importer(new.instance, new.library, PIPELINE, opened).run()
        assert f"line 1 of {name} has a key that no file can have" in str(caught.value)
        assert len(str(caught.value)) < 500
    assert registered(new.instance) == []


def test_keys_that_no_file_can_have_are_left_out_of_an_archive_and_counted(move: Move, tmp_path: Path) -> None:
    new = move.elsewhere()
    register(new.instance, [*registered(move.old.instance), "by hand", "box:../secret"])
    done = export_library(new.instance, new.library, new.settings, PIPELINE, tmp_path / "a.zip")
    assert done.impossible == 2
    with open_archive(tmp_path / "a.zip") as archive:
        assert list(archive.lines("partitions.jsonl")) == registered(move.old.instance)
