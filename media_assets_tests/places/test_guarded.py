"""Places of others are held to what they promise: what they do wrong is told of them, and of no file."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from media_assets.base.errors import BadMedia, Cancelled, Fatal, FaultOfCode, SourceChanged, Transient, Unforeseen
from media_assets.config.opening import open_library
from media_assets.operation.selection import Selection
from media_assets.pipeline.status import State
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.folder.source import Folder
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.guarded import guarded_source, guarded_store
from media_assets.places.source import Changes, Source, SourceEntry
from media_assets.places.watching import AutomationSettings
from media_assets_tests.places.dict_state import DictState
from media_assets_tests.toy_library import ToyLibrary, failed_files, key_of
from media_assets_tests.toy_stages import toy_settings

ENTRY = SourceEntry("box:a.txt", "a.txt", 4, datetime(2024, 1, 1, tzinfo=UTC), "1")


def raises(error: Exception) -> Callable[..., Any]:
    def method(*_: object, **__: object) -> Any:
        raise error

    return method


def returns(found: object) -> Callable[..., Any]:
    return lambda *_, **__: found


def broken(root: Path, **methods: Callable[..., Any]) -> Source:
    """The source `box` in a folder with one file, some of whose methods are others."""
    (root / "a.txt").write_text("text")
    kind = type("Broken", (Folder,), methods)
    source = kind("box", FolderSource(path=root), AutomationSettings(settle_seconds=0))
    return guarded_source(cast(Source, source), "source box")


CALLS: dict[str, Callable[[Source, Path], object]] = {
    "scan": lambda source, _: list(source.scan()),
    "changes": lambda source, _: source.changes(None, DictState()),
    "entry": lambda source, _: source.entry("box:a.txt"),
    "direct_path": lambda source, _: source.direct_path(ENTRY),
    "fetch": lambda source, root: source.fetch(ENTRY, root / "fetched"),
    "link_of": lambda source, _: source.link_of("box:a.txt"),
    "check": lambda source, _: source.check(),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_nobody_foresaw_is_told_of_the_method_and_its_line(name: str, tmp_path: Path) -> None:
    source = broken(tmp_path, **{name: raises(KeyError("x"))})
    of_all = name in ("scan", "changes", "check")
    with pytest.raises(FaultOfCode if of_all else Unforeseen) as caught:
        CALLS[name](source, tmp_path)
    assert caught.value.reason == f"source box: `{name}` of {__name__}.Broken raised KeyError: 'x'"
    assert f"Mend {__file__}:" in caught.value.next_step
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("name", CALLS)
def test_what_a_method_returns_is_looked_at(name: str, tmp_path: Path) -> None:
    source = broken(tmp_path, **{name: returns(7)})
    with pytest.raises(
        FaultOfCode, match=rf"^source box: `{name}` of .*Broken (returned 7 \(int\), and no|.*left no file)"
    ):
        CALLS[name](source, tmp_path)


@pytest.mark.parametrize("name", CALLS)
def test_errors_that_were_promised_stay_what_they_are(name: str, tmp_path: Path) -> None:
    for error in (SourceChanged("is gone"), Transient("busy"), Fatal("never"), Cancelled("stopped")):
        source = broken(tmp_path, **{name: raises(error)})
        with pytest.raises(type(error)) as caught:
            CALLS[name](source, tmp_path)
        assert caught.value is error


def test_a_refusal_of_the_system_names_the_source_that_cannot_be_listed(tmp_path: Path) -> None:
    source = broken(tmp_path, scan=raises(PermissionError(errno.EACCES, "Permission denied", "sub")))
    with pytest.raises(Fatal, match=r"^source box cannot be listed: permission is denied \(sub\)"):
        list(source.scan())


def test_what_is_said_of_a_file_where_all_are_listed_is_said_of_the_source(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"^source box cannot be listed: odd"):
        list(broken(tmp_path, scan=raises(BadMedia("odd"))).scan())


def test_a_failure_without_a_file_names_the_method(tmp_path: Path) -> None:
    source = broken(tmp_path, fetch=raises(ConnectionResetError("reset")))
    with pytest.raises(Transient, match=r"^source box: `fetch`: "):
        source.fetch(ENTRY, tmp_path / "fetched")


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        (replace(ENTRY, key="a.txt"), "returned the key a.txt, and keys of it begin with box:"),
        (replace(ENTRY, size_bytes=cast(int, "4")), r"returned 4 \(str\) as size_bytes"),
        (cast(SourceEntry, {"path": "a.txt"}), "and no SourceEntry"),
    ],
)
def test_entries_are_looked_at_in_each_listing(entry: SourceEntry, wrong: str, tmp_path: Path) -> None:
    with pytest.raises(FaultOfCode, match=wrong):
        list(broken(tmp_path, scan=returns([entry])).scan())
    with pytest.raises(FaultOfCode, match=wrong):
        broken(tmp_path, changes=returns(Changes(changed=(entry,)))).changes(None, DictState())
    with pytest.raises(FaultOfCode, match=wrong):
        broken(tmp_path, entry=returns(entry)).entry("box:a.txt")


def test_the_entry_of_another_file_is_not_believed(tmp_path: Path) -> None:
    source = broken(tmp_path, entry=returns(ENTRY))
    assert source.entry("box:a.txt") == ENTRY
    with pytest.raises(FaultOfCode, match=r"`entry` of .* was asked for box:b.txt, and returned box:a.txt"):
        source.entry("box:b.txt")


def test_what_a_method_is_given_by_name_is_looked_at_too(tmp_path: Path) -> None:
    source = broken(tmp_path, entry=returns(ENTRY), fetch=returns(None), direct_path=returns(tmp_path))
    assert source.entry(key="box:a.txt") == ENTRY
    with pytest.raises(FaultOfCode, match=r"was asked for box:b\.txt"):
        source.entry(key="box:b.txt")
    with pytest.raises(FaultOfCode, match="left no file"):
        source.fetch(check=lambda: None, destination=tmp_path / "fetched", entry=ENTRY)
    with pytest.raises(BadMedia, match="a path that leads out of it"):
        source.direct_path(entry=replace(ENTRY, path="../a.txt"))


@pytest.mark.parametrize("path", ["../a.txt", "/etc/hostname", "a/../../b"])
def test_a_path_that_leads_out_of_the_source_is_never_read(path: str, tmp_path: Path) -> None:
    source = broken(tmp_path, direct_path=lambda _, entry: tmp_path / entry.path, lies_at=returns(tmp_path))
    outside = replace(ENTRY, path=path)
    for ask in (source.direct_path, source.lies_at):
        assert ask(ENTRY)
        with pytest.raises(BadMedia, match="a path that leads out of it"):
            ask(outside)


def test_a_method_that_is_exchanged_later_is_guarded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = broken(tmp_path)
    monkeypatch.setattr(type(source), "check", raises(ValueError("late")))
    with pytest.raises(FaultOfCode, match="ValueError: late"):
        source.check()


@pytest.mark.parametrize(
    ("name", "found"), [("manifest", {}), ("find", 1), ("publish", None), ("copy", None), ("check", None)]
)
def test_what_a_store_returns_is_looked_at(name: str, found: object, tmp_path: Path) -> None:
    kind = type("Odd", (FolderArtifacts,), {name: returns(found)})
    store: Any = guarded_store(kind("artifacts", tmp_path, {}), "store artifacts")
    with pytest.raises(FaultOfCode, match=rf"^store artifacts: `{name}` of .*Odd returned .* and no (Manifest|str)\."):
        getattr(store, name)("note", "box:a.txt")


def test_a_section_that_opens_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = open_library(toy_settings(tmp_path))
    monkeypatch.setattr(FolderSource, "open_source", raises(KeyError("x")))
    with pytest.raises(
        FaultOfCode, match=r"^source box: .*FolderSource\.method raised KeyError: 'x'\. Mend .*\.py:\d+$"
    ):
        _ = library.sources
    monkeypatch.setattr(FolderStore, "open_store", raises(Fatal("no such folder")))
    with pytest.raises(Fatal, match=r"^no such folder"):
        _ = library.stores


# ------------------------------------------------------------------------------------------- in a library


@pytest.mark.thorough
def test_a_source_with_a_fault_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/b.txt").write_text("sound")
    sources = {"box": FolderSource(path=tmp_path / "in"), "other": FolderSource(path=tmp_path / "other")}
    scan = Folder.scan

    def odd(self: Folder) -> Iterator[SourceEntry]:
        if self.name == "box":
            raise ValueError("bug in scan")
        return scan(self)

    monkeypatch.setattr(Folder, "scan", odd)
    with ToyLibrary(tmp_path, sources=sources) as toy:
        processor = toy.processor()
        assert processor.select(Selection()) == ["other:b.txt"]
        (problem,) = processor.problems
        assert "source box: `scan` of media_assets.places.folder.source.Folder raised ValueError: bug in" in str(
            problem
        )


@pytest.mark.thorough
def test_a_fault_for_one_file_leaves_the_state_of_all_to_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="poison\nnote: poison", b="good")
        toy.run("note")
        monkeypatch.setattr(Folder, "entry", raises(KeyError("x")))
        grid = toy.status().grid
        assert grid[key_of("a")]["note"] is State.FAILED
        assert grid[key_of("b")]["note"] is State.DONE


@pytest.mark.thorough
def test_what_nobody_foresaw_at_one_file_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Folder.entry

    def odd(self: Folder, key: str) -> SourceEntry:
        if key == key_of("b"):
            raise KeyError("x")
        return entry(self, key)

    monkeypatch.setattr(Folder, "entry", odd)
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="good", b="odd", c="good too")
        failures = failed_files(toy.run("note"))
        assert list(failures) == [key_of("b")]
        assert (
            "source box: `entry` of media_assets.places.folder.source.Folder raised KeyError" in failures[key_of("b")]
        )
        assert [toy.status().grid[key_of(name)]["note"] for name in "ac"] == [State.DONE, State.DONE]
