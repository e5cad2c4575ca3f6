"""What looks found is saved as it comes: a run that is killed loses none, and says how far it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.look.memory import LookMemory
from media_assets.artifacts.duplicates.look.pictures import Finding
from media_assets.artifacts.duplicates.look.progress import SearchProgress
from media_assets.artifacts.duplicates.look.second_look import SecondLook
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.media.ffmpeg import FFmpeg
from media_assets_tests.artifacts.duplicates import confusable
from media_assets_tests.artifacts.duplicates.indexing import rows_of
from media_assets_tests.child_processes import lean_processes
from media_assets_tests.waiting import wait_to_be_killed, wait_until

PAIRS = 3


def search(folder: Path, *, stops_at: int | None = None) -> tuple[int, list[str], list[str]]:
    """How many groups there are, the names of the files that were opened for it, and what was said.

    Args:
        stops_at: The number of the file at which it waits to be killed.
    """
    opened, said = list[str](), list[str]()

    @contextmanager
    def content(row: DedupRow) -> Iterator[Path]:
        if len(opened) == stops_at:
            (folder / "begun").touch()
            wait_to_be_killed()
        opened.append(row.path)
        yield folder / "photos" / row.path

    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    memory = LookMemory(folder / "state" / "looks.json")
    progress = SearchProgress(said.append, every_seconds=0)
    look = SecondLook(content, FFmpeg(), memory, scratch, progress)
    rows = rows_of(sorted((folder / "photos").iterdir()))
    groups = duplicate_groups(rows, look=look, compared=progress.compared)
    memory.save()
    progress.end()
    return len(groups), opened, said


def search_until_killed(folder: Path) -> None:
    """The target of a child process."""
    search(folder, stops_at=2 * (PAIRS - 1))


@pytest.mark.thorough
def test_a_run_that_was_killed_and_is_begun_again_looks_at_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(PAIRS):
        picture = confusable.photo(20 + number, width=120, height=80)
        for name, quality in (("a", 92), ("b", 80)):
            picture.save(tmp_path / "photos" / f"{number}{name}.jpg", quality=quality)
    child = lean_processes().Process(target=search_until_killed, args=(tmp_path,))
    child.start()
    wait_until((tmp_path / "begun").exists, goes_on=child.is_alive)
    child.kill()
    child.join()
    found, opened, said = search(tmp_path)
    assert (found, len(opened), len({name[0] for name in opened})) == (PAIRS, 2, 1)
    assert said[-1] == "6 of 6 files compared, 1 pair looked at, 2 known from before, 3 of them the same"
    assert search(tmp_path)[1] == []


def test_a_line_that_was_cut_off_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "looks.json"
    LookMemory(path).put("a b 0", Finding("same", ""))
    with path.with_suffix(".lines").open("ab") as file:
        file.write(b'\n{"format":14,"name":"c d 0","fou')
    LookMemory(path).put("e f 0", Finding("different", "another"))
    memory = LookMemory(path)
    assert [memory.get(name) for name in ("a b 0", "c d 0", "e f 0")] == [
        Finding("same", ""),
        None,
        Finding("different", "another"),
    ]
    memory.save()
    assert path.with_suffix(".lines").read_bytes() == b""
    assert LookMemory(path).get("e f 0") == Finding("different", "another")


def test_a_run_over_one_source_and_a_run_beside_it_lose_nothing_that_others_saw(tmp_path: Path) -> None:
    path = tmp_path / "looks.json"
    whole = LookMemory(path)
    whole.put("a b 0", Finding("same", ""))
    whole.put("c d 0", Finding("same", ""))
    whole.save()
    one, other = LookMemory(path), LookMemory(path)
    assert one.get("a b 0") is not None
    other.put("e f 0", Finding("same", ""))
    one.put("g h 0", Finding("same", ""))
    one.save()
    known = LookMemory(path)
    assert all(known.get(name) for name in ("a b 0", "c d 0", "e f 0", "g h 0"))
    assert [json.loads(line)["name"] for line in path.with_suffix(".lines").read_text().splitlines() if line] == [
        "e f 0"
    ], "the run beside it may still be killed"


def test_how_far_a_search_is_is_said_now_and_then_with_the_files_that_are_looked_at() -> None:
    said, now = list[str](), [0.0]
    progress = SearchProgress(said.append, every_seconds=10, clock=lambda: now[0])
    progress.compared(1, 8)
    progress.looks_at("films:a.mp4", "films:b.mp4")
    progress.looked(known=False, same=True)
    assert said == []
    now[0] = 10.0
    progress.looks_at("films:a.mp4", "films:c.mp4")
    line = "1 of 8 files compared, 1 pair looked at, 0 known from before, 1 of them the same"
    assert said == [f"{line}; now at films:a.mp4 and films:c.mp4"]
    progress.end()
    assert said[1:] == [line]
