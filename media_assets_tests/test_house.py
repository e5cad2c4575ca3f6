"""The rules of docs/architecture.md on rooms and imports, and that each of them is really checked."""

from __future__ import annotations

import ast
import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import pytest

from media_assets_tests.child_processes import lean_processes

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "media_assets"
MOST_ROOMS = 14
TOP = """
.ci .dockerignore .env.example .gitignore Dockerfile Makefile README.md benchmarks dagster.yaml deploy
docker-compose.yml docs library.yaml media media_assets media_assets_tests pyproject.toml requirements.lock samples
workspace.yaml
"""
"""What the project has at its top, as git knows it."""


def lint(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A tool of `make lint`, on the package in that folder."""
    command = [str(Path(sys.executable).parent / name), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def packages() -> list[Path]:
    return sorted({path.parent for path in PACKAGE.rglob("*.py")})


def test_the_package_has_few_rooms_and_three_modules() -> None:
    inside = [path for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    rooms = [path.name for path in inside if path.is_dir()]
    assert len(rooms) <= MOST_ROOMS
    assert {path.name for path in inside if path.is_file()} == {"__init__.py", "dagster_fixes.py", "definitions.py"}


def test_the_top_holds_what_a_user_looks_for_and_nothing_else() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("what belongs to the project is told by git, and this is a copy without it")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert {name.split("/")[0] for name in listed.stdout.split("\0") if name} == set(TOP.split())


@pytest.mark.parametrize("folder", packages(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_package_says_what_belongs_there_and_what_does_not(folder: Path) -> None:
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
    assert text
    assert "not belong here" in " ".join(text.split())


def test_the_picture_shows_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {room for room in rooms if f"<b>{room}</b>" not in page} == set()


def imported_by(path: Path) -> set[str]:
    """What a module imports, in functions too."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    whole = {
        f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return whole | {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}


def rooms_from_top() -> list[set[str]]:
    """The rooms, those that may know all others first, as the contract has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers") == ["media_assets"])
    return [{room.strip(" ()") for room in re.split("[|:]", layer)} for layer in layers]


def named_by(path: Path) -> set[str]:
    """The modules of ours that a module names in strings, to import them by hand or to have them imported."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if re.fullmatch(r"media_assets(\.\w+)+", text)}


def test_no_room_names_a_higher_one_in_a_string() -> None:
    """What no linter of imports sees."""
    rooms = rooms_from_top()
    floors = {room: floor for floor, names in enumerate(rooms) for room in names}
    assert floors["cli"] < floors["artifacts"] < floors["media"] < floors["base"]
    for path in PACKAGE.rglob("*.py"):
        own = floors.get(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), 0)
        higher = {name for name in named_by(path) if floors.get(name.split(".")[1], own) < own}
        assert not higher, path


MAY_KNOW_DAGSTER = {
    "duplicates/library.py": "asks the instance which files there are",
    "duplicates/library_rows.py": "asks the instance which files there are",
    "library_report/figures.py": "reads what the instance recorded",
}


def test_in_artifacts_only_recipes_know_dagster() -> None:
    """Whatever lies beside them: values, settings, engines. Not what is made over a whole library."""
    artifacts = PACKAGE / "artifacts"
    known = {
        path.relative_to(artifacts).as_posix()
        for path in artifacts.rglob("*.py")
        if any(name.split(".")[0] == "dagster" for name in imported_by(path))
    }
    assert {name for name in known if not name.endswith("asset.py")} <= set(MAY_KNOW_DAGSTER)


@pytest.mark.thorough
def test_settings_and_stages_are_known_without_dagster() -> None:
    """It takes seconds to import, and most commands that only look at settings have no need of it."""
    known = "media_assets.cli.app, media_assets.config.opening, media_assets.artifacts.all"
    code = f"import sys, {known}; sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120, check=False).returncode == 0


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(PACKAGE, root / "media_assets", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("base/files.py", "from media_assets.work import spending", "A room imports only rooms below it"),
        ("media/probe.py", "import dagster", "The rooms below the machine know no Dagster"),
        ("artifacts/summary/value.py", "import dagster", "Engines, values and settings of artifacts know no Dagster"),
        (
            "artifacts/thumbnail/make.py",
            "from media_assets.artifacts.m4a_audio import extract",
            "Of each other artifacts know the values only",
        ),
        (
            "artifacts/compressed_video/reading/views.py",
            "from media_assets.artifacts.compressed_video.planning import plan",
            "A video is led through rooms that do not know who leads it",
        ),
        ("places/folder/source.py", "from media_assets.places.drive import settings", "Places do not know each other"),
        # Also kinds that are yet to come, and what all kinds share.
        ("places/zip/__init__.py", "from media_assets.places.folder import source", "Places do not know each other"),
        ("places/manifest.py", "from media_assets.places.folder import source", "Places do not know each other"),
    ],
)
def test_an_import_that_breaks_a_rule_is_found(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / "media_assets" / module
    sound = path.read_text("utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{sound or ''}\n{line}  # noqa\n", "utf-8")
    try:
        found = lint("lint-imports", "--no-cache", cwd=copy)
    finally:
        shutil.rmtree(path.parent) if sound is None else path.write_text(sound, "utf-8")
    assert found.returncode == 1
    assert f"{contract} BROKEN" in " ".join(found.stdout.split())


@pytest.mark.thorough
def test_the_rules_hold_here(copy: Path) -> None:
    found = lint("lint-imports", "--no-cache", cwd=copy)
    assert found.returncode == 0, found.stdout


def test_a_private_module_of_dagster_is_found_outside_of_its_room(copy: Path) -> None:
    planted = copy / "media_assets" / "pipeline" / "planted.py"
    planted.write_text("from dagster._core.events import DagsterEvent\n\n__all__ = ['DagsterEvent']\n", "utf-8")
    found = lint("ruff", "check", "--select", "TID251", "media_assets", cwd=copy)
    planted.unlink()
    assert found.returncode == 1
    assert "dagster_seams" in found.stdout
    assert lint("ruff", "check", "--select", "TID251", "media_assets", cwd=copy).returncode == 0


FORKED = (
    "bucket.store.test_bucket_rivals",
    "bucket.test_large_objects",
    "cache.test_cache_processes",
    "drive.store.test_drive_crash",
    "folder.test_folder_crash",
)
"""Tests of places that end in a child process."""


def test_child_processes_of_a_room_without_dagster_load_none() -> None:
    context = lean_processes()
    said = context.SimpleQueue()
    child = context.Process(target=_say_what_is_loaded, args=(said,))
    child.start()
    loaded = said.get()
    child.join()
    assert child.exitcode == 0
    assert {f"media_assets_tests.places.{name}" for name in FORKED} <= loaded
    assert "dagster" not in loaded


def _say_what_is_loaded(said: SimpleQueue[set[str]]) -> None:
    for name in FORKED:
        importlib.import_module(f"media_assets_tests.places.{name}")
    said.put(set(sys.modules))
