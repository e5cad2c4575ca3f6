"""A library on a Drive whose searches lag six seconds and whose checksums come eight seconds late, on the server's own
clock: whoever runs when, each artifact is there once, and what the runs say is true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from media_assets.pipeline.settings import Output, Placement
from media_assets.pipeline.status import State
from media_assets.places.drive.store.store import DriveArtifacts
from media_assets_tests.child_processes import processes
from media_assets_tests.drive_library import DriveLibrary, access_to
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.drive_worker import library_on
from media_assets_tests.test_drive_storm import each_artifact_is_there_once
from media_assets_tests.toy_library import ToyLibrary

DONE = [State.DONE] * 3


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=9) as drive:
        yield drive


class HastyLibrary(DriveLibrary):
    def __enter__(self) -> Self:
        hurry(self)
        return super().__enter__()


def hurry(library: ToyLibrary) -> None:
    """No sleep between looks: the server's clock is moved by requests."""
    store = library.library.stores["artifacts"]
    assert isinstance(store, DriveArtifacts)
    store._api.retries._poll_multiplier = 0.0


def process(root: Path, way: dict[str, Any], placement: Placement, results: Any) -> None:
    """The target of a child process: all stages of all files, and what became of them, once."""
    outputs = {"shout": Output(placement=placement)}
    with library_on(root, way, outputs=outputs) as library:
        hurry(library)
        library.process()
        grid = library.status().grid
        results.put(({str(state) for cells in grid.values() for state in cells.values()}, len(library.bench.calls)))


def at_once(roots: list[Path], drive: DriveServer, placement: Placement = "folder") -> tuple[set[str], int]:
    """Lets machines process the library at the same time; the states of all cells, and how often a stage was called."""
    way = access_to(drive, roots[0].parent)
    results = processes().Queue()
    children = [processes().Process(target=process, args=(root, way, placement, results)) for root in roots]
    for root, child in zip(roots, children, strict=True):
        root.mkdir(exist_ok=True)
        child.start()
    told = [results.get(timeout=200) for _ in children]
    for child in children:
        child.join()
        assert child.exitcode == 0
    return {state for states, _ in told for state in states}, sum(calls for _, calls in told)


def lagging(drive: DriveServer, library: str, number: int) -> dict[str, bytes]:
    """Recordings that have been there for long, in a Drive that lags from now on; their contents by id."""
    texts = [f"recording {number}".encode() for number in range(number)]
    contents = {drive.add_file(f"{number}.txt", text, parent=library): text for number, text in enumerate(texts)}
    drive.seconds_per_request = 0.5
    drive.lag(search_seconds=6, checksum_seconds=8)
    return contents


def folders(drive: DriveServer) -> list[str]:
    return sorted(drive.path(item.id) for item in drive.files() if item.is_folder)


def each_folder_is_there_once(drive: DriveServer, number: int = 9) -> None:
    assert len(folders(drive)) == len(set(folders(drive))) == number, folders(drive)


@pytest.mark.thorough
def test_a_run_goes_to_the_end_and_the_next_finds_it_all(drive: DriveServer, tmp_path: Path) -> None:
    with HastyLibrary(drive, tmp_path) as library:
        contents = lagging(drive, library.folder, 2)
        library.process()
        assert [library.cells(file) for file in contents] == [DONE] * 2, "each stage saw what the one before had made"
        each_artifact_is_there_once(drive, contents)
        calls = list(library.bench.calls)
    with HastyLibrary(drive, tmp_path) as library:
        library.process()
        assert library.bench.calls == calls
        drive.replace_content(next(iter(contents)), b"recording new")
        contents[next(iter(contents))] = b"recording new"
        drive.advance(10)
        library.process()
        assert [library.cells(file) for file in contents] == [DONE] * 2
    each_artifact_is_there_once(drive, contents)
    each_folder_is_there_once(drive)
    assert len(drive.files("appProperties has { key='media_assets_store' and value='artifacts' }", trashed=None)) == 12


@pytest.mark.slow
@pytest.mark.parametrize("placement", ["folder", "beside_source"])
def test_two_machines_at_once_on_an_empty_store_end_up_with_each_artifact_once(
    drive: DriveServer, tmp_path: Path, placement: Placement
) -> None:
    library = drive.add_path("Library")
    contents = lagging(drive, library, 4)
    machines = [tmp_path / "one", tmp_path / "two"]
    states, calls = at_once(machines, drive, placement)
    assert states == {str(State.DONE)}
    each_artifact_is_there_once(drive, contents)
    each_folder_is_there_once(drive, 9 if placement == "folder" else 8)
    if placement == "beside_source":
        names = sorted(item.name for item in drive.files(parent=library))
        assert names == sorted(f"{number}.{suffix}" for number in range(4) for suffix in ("m4a", "txt"))
    drive.advance(60)
    assert at_once(machines, drive, placement) == (states, calls), "nothing was left to do"
    each_artifact_is_there_once(drive, contents)


@pytest.mark.slow
def test_an_artifact_costs_less_than_half_of_what_it_did(drive: DriveServer, tmp_path: Path) -> None:
    """Units of the quota, as Drive counts them; 2,072 a file and three stages were the beginning."""
    units = {"files.get": 5, "files.list": 100, "files.create": 50, "files.update": 50, "files.download": 200}
    with HastyLibrary(drive, tmp_path) as library:
        for number in range(20):
            library.put(f"{number}.txt", f"recording {number}")
        with drive.counting() as calls:
            library.process()
    assert sum(units.get(method, 0) * count for method, count in calls.items()) / 20 < 1036
