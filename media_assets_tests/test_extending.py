"""The examples of docs/extending.md, taken out of the page, added to a copy of the package, and used."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "extending.md"
_BLOCK = re.compile(r"^```(python|diff|yaml)\n(?:# |--- )(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[tuple[str, str]]:
    """Path and text of every block of that kind."""
    return [(path, text) for found, path, text in _BLOCK.findall(PAGE.read_text("utf-8")) if found == kind]


def changed(text: str, difference: str) -> str:
    """A file with a difference of the page made in it; each line that it shows has to be there, once."""
    after: str | None = None
    waiting: list[str] = []
    for line in difference.splitlines():
        sign, content = line[:1], line[1:]
        if sign == "+" and after is None:
            waiting.append(content)
            continue
        if sign == "+":
            text = text.replace(f"{after}\n", f"{after}\n{content}\n", 1)
        else:
            assert text.count(f"{content}\n") == 1, f"the page shows a line that the file does not have once: {content}"
            text = text.replace(f"{content}\n", "".join(f"{new}\n" for new in [*waiting, content]), 1)
            waiting = []
        after = content
    for line in difference.splitlines():
        if line.startswith("-"):
            text = text.replace(f"{line[1:]}\n", "", 1)
    return text


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with all that the page adds."""
    root = tmp_path_factory.mktemp("extended")
    shutil.copytree(ROOT / "media_assets", root / "media_assets", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dagster.yaml", "library.yaml", ".env.example"):
        shutil.copy(ROOT / name, root / name)
    for path, text in blocks("python"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, "utf-8")
    for path, difference in blocks("diff"):
        (root / path).write_text(changed((root / path).read_text("utf-8"), difference), "utf-8")
    return root


def run(extended: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(extended)}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=extended,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def processed(extended: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of the page, processed with the copy."""
    library = tmp_path_factory.mktemp("library")
    ((_, text),) = blocks("yaml")
    (library / "library.yaml").write_text(text, "utf-8")
    with zipfile.ZipFile(library / "talks.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(ROOT / "samples" / "library" / "talks" / "looking-after-recordings.mp4", "2026/talk.mp4")
        archive.writestr("../outside.mp4", b"leads out of the archive")
    for stage in ("word_count", "summary"):
        done = run(
            extended, "-m", "media_assets.cli", "--config", library / "library.yaml", "process", "--stage", stage
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return library


def stored(library: Path, asset: str) -> dict[str, Any]:
    """The manifest of the one artifact of an asset, as the new store keeps it."""
    with closing(sqlite3.connect(library / "artifacts.db")) as database:
        rows = database.execute("SELECT manifest FROM artifacts WHERE asset = ?", (asset,)).fetchall()
    ((text,),) = rows
    return dict(json.loads(text))


@pytest.mark.thorough
def test_an_artifact_is_made_of_a_file_in_a_new_place_by_a_new_engine(processed: Path) -> None:
    counted = stored(processed, "word_count")
    assert counted["key"] == "talks:2026/talk.mp4"
    assert counted["value"] == {"words": 4, "frequent": ["bees", "honey"]}


@pytest.mark.thorough
def test_a_new_summarizer_makes_a_summary_that_the_new_store_keeps(processed: Path) -> None:
    names = [file["name"] for file in stored(processed, "summary")["files"]]
    assert names == ["summary.json", "summary.md"]
    with closing(sqlite3.connect(processed / "artifacts.db")) as database:
        query = "SELECT content FROM files WHERE asset = 'summary' AND path LIKE '%/summary.json'"
        ((content,),) = database.execute(query).fetchall()
    made = json.loads(content)
    assert (made["title"], made["engine"]) == ("Bees, bees and honey.", "quote")


@pytest.mark.thorough
def test_the_new_store_keeps_what_stores_promise(extended: Path, tmp_path: Path) -> None:
    """An artifact is there whole or not at all, whatever ends its publication, and its files are moved."""
    code = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from media_assets.base.checksums import sha256_of
from media_assets.base.errors import Cancelled, Fatal
from media_assets.places.manifest import Manifest
from media_assets.places.sqlite.store import SqliteArtifacts
from media_assets.places.store import Target

folder, target = Path(sys.argv[1]), Target("folder")
store = SqliteArtifacts("kept", folder / "artifacts.db")

def draft(key, fingerprint):
    return Manifest(asset="note", key=key, fingerprint=fingerprint, version="1", inputs={}, code_version="1",
                    settings={}, made_at=datetime.now(UTC), made_in_seconds=0.0, made_by_run="")

def publish(key, fingerprint, text, check=lambda: None):
    (folder / "a.txt").write_text(text)
    return store.publish(draft(key, fingerprint), {"a.txt": folder / "a.txt"}, {"a.txt": sha256_of(folder / "a.txt")},
                         target, check=check)

def text(manifest):
    with store.lease(manifest.file("a.txt")) as path:
        return path.read_text()

def stop():
    raise Cancelled("stop")

first = publish("box:a", "f1", "first")
assert not (folder / "a.txt").exists()
assert store.manifest("note", "box:a") == first == store.find("note", "f1")
assert text(first) == "first" and store.manifest("note", "box:b") is None
try:
    publish("box:a", "f2", "second", stop)
except Cancelled:
    pass
assert (folder / "a.txt").read_text() == "second"
assert store.manifest("note", "box:a") == first and text(first) == "first" and store.find("note", "f2") is None
second = publish("box:a", "f2", "the second")
assert text(second) == "the second" and store.find("note", "f1") is None
copy = store.copy(second, draft("box:b", "f2"), target)
assert text(copy) == "the second" and store.intact(second) and store.intact(copy)
assert store.origin_of(copy.files[0].sha256).startswith("note of box:")
assert store.copy(copy, copy, target) == copy and text(copy) == "the second"
print(store.check())
try:
    SqliteArtifacts("kept", folder / "none" / "artifacts.db").check()
except Fatal as error:
    print(error.next_step)
"""
    told = run(extended, "-c", code, tmp_path)
    assert told.stdout.splitlines() == [
        f"{tmp_path}/artifacts.db holds 2 artifacts",
        "Correct `path` of this store, or free space on its disk",
    ], told.stderr


@pytest.mark.thorough
def test_doctor_knows_the_new_place_and_the_new_engine(extended: Path, processed: Path) -> None:
    told = run(extended, "-m", "media_assets.cli", "--config", processed / "library.yaml", "doctor").stdout
    assert "holds 1 files that are wanted" in told
    assert "says 'Bees, bees and honey.' of every recording" in told
    assert "quotes the first 6 words" in told
    assert "artifacts.db holds 5 artifacts" in told


@pytest.mark.thorough
def test_the_sensor_of_the_new_place_notices_what_is_new(extended: Path, processed: Path) -> None:
    code = """
import sys
from media_assets.places.zip.settings import ZipSource
from media_assets.places.zip.source import ZipFiles

class State(dict):
    read = dict.get
    write = dict.__setitem__

source, state = ZipFiles("talks", ZipSource(type="zip", path=sys.argv[1])), State()
first = source.changes(None, state)
second = source.changes(first.cursor, state)
print([entry.key for entry in first.changed], [entry.key for entry in second.changed])
"""
    told = run(extended, "-c", code, processed / "talks.zip")
    assert told.stdout.strip() == "['talks:2026/talk.mp4'] []", told.stderr


@pytest.mark.thorough
def test_two_archives_are_no_overlap_and_the_same_twice_is_one(extended: Path, processed: Path) -> None:
    twice = "sources:\n  one: {type: zip, path: talks.zip}\n  two: {type: zip, path: talks.zip}\n"
    (processed / "twice.yaml").write_text(twice, "utf-8")
    told = run(extended, "-m", "media_assets.cli", "--config", processed / "twice.yaml", "status")
    assert told.returncode == 2
    assert "its files would be processed twice" in told.stdout + told.stderr


@pytest.mark.thorough
def test_the_examples_keep_to_the_rules_of_the_house(extended: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", extended / "pyproject.toml")
    style = run(extended, "-m", "ruff", "check", "media_assets")
    assert style.returncode == 0, style.stdout
    lint = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    imports = subprocess.run(lint, cwd=extended, capture_output=True, text=True, timeout=120, check=False)
    assert imports.returncode == 0, imports.stdout
    new = sorted({str(Path(path).parent) for path, _ in blocks("python")})
    types = run(extended, "-m", "mypy", *new)
    assert types.returncode == 0, types.stdout
