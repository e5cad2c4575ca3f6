"""The examples of docs/extending.md, taken out of the page, added to a copy of the package, and used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

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
    done = run(
        extended, "-m", "media_assets.cli", "--config", library / "library.yaml", "process", "--stage", "word_count"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return library


@pytest.mark.thorough
def test_an_artifact_is_made_of_a_file_in_a_new_place_by_a_new_engine(processed: Path) -> None:
    manifests = list((processed / "artifacts" / "word_count").glob("*/manifest.json"))
    (stored,) = [json.loads(path.read_text("utf-8")) for path in manifests]
    assert stored["key"] == "talks:2026/talk.mp4"
    assert stored["value"] == {"words": 4, "frequent": ["bees", "honey"]}


@pytest.mark.thorough
def test_doctor_knows_the_new_place_and_the_new_engine(extended: Path, processed: Path) -> None:
    told = run(extended, "-m", "media_assets.cli", "--config", processed / "library.yaml", "doctor").stdout
    assert "holds 1 files that are wanted" in told
    assert "says 'Bees, bees and honey.' of every recording" in told


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
    types = run(extended, "-m", "mypy", "media_assets/places/zip", "media_assets/artifacts/word_count")
    assert types.returncode == 0, types.stdout
