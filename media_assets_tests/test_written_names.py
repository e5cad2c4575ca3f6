"""What docstrings and documents call a module of ours is one: old names are found here after a move."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from media_assets.config.settings import Settings
from media_assets.work.work import Work

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "media_assets"
ROOMS = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCES = sorted(
    path
    for room in ("media_assets", "media_assets_tests", "benchmarks", "samples")
    for path in (ROOT / room).rglob("*.py")
)
FOLDERS = {path.parent for path in SOURCES}
OTHERS = {"gql.py", "types.py", "transcribe.py"}
"""Files of others that are spoken of."""
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_*]\w*)+(\(\))?")
_PATH = re.compile(r"[\w./*<>-]*/[\w./*<>-]*")
_FILE = re.compile(r"\w+\.py")


def explained(text: str) -> Iterator[str]:
    """All that is explained in a module: docstrings, also those of attributes, and comments."""
    yield from re.findall(r'"""(.*?)"""', text, re.DOTALL)
    yield from re.findall(r"^\s*# (.*)$", text, re.MULTILINE)


def in_backticks(path: Path) -> set[str]:
    text = path.read_text("utf-8")
    texts = explained(text) if path.suffix == ".py" else [re.sub(r"```.*?```", "", text, flags=re.DOTALL)]
    return {name for text in texts for name in re.findall(r"`([^`\n]+)`", text)}


@cache
def defined_in(module: Path) -> frozenset[str]:
    """Names that a module defines or imports, those inside its classes too."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).rpartition(".")[2])
    return frozenset(names)


@cache
def attributes_of_traces() -> frozenset[str]:
    """Names that begin as those of modules do."""
    return frozenset(re.findall(r'"(media_assets\.\w+)"', (PACKAGE / "operation" / "tracing.py").read_text("utf-8")))


def is_there(dotted: list[str], folder: Path) -> bool:
    """Whether a dotted name, read from a folder on, leads to a module, or to a name in one."""
    first, *rest = dotted
    if first == "*" or (folder / first).is_dir():
        return not rest or is_there(rest, folder / first) or (first == "*" and (folder / "__init__.py").exists())
    module = folder / f"{first}.py"
    if not module.is_file():
        module, rest = folder / "__init__.py", dotted
    return module.is_file() and defined_in(module).issuperset(rest)


def is_of_settings(dotted: list[str]) -> bool:
    """Whether it is a key of a section of library.yaml, one of which is called as a room is."""
    section = Settings.model_fields.get(dotted[0])
    return section is not None and dotted[1] in getattr(section.annotation, "model_fields", ())


def unknown_dotted(name: str) -> bool:
    """A name that begins as those of our modules do, and is none."""
    dotted = name.removesuffix("()").split(".")
    if dotted[0] == "media_assets":
        return not is_there(dotted[1:], PACKAGE) and name not in attributes_of_traces()
    if dotted[0] in ROOMS:
        return not (
            is_there(dotted, PACKAGE) or is_of_settings(dotted) or (dotted[0] == "work" and hasattr(Work, dotted[1]))
        )
    if dotted[1][0].isupper() and dotted[0].islower() and importlib.util.find_spec(dotted[0]) is None:
        # A module is called by its last name in the room where it lies.
        return not any(is_there(dotted, folder) for folder in FOLDERS)
    return False


def unknown_path(name: str, beside: Path) -> bool:
    """A path that begins with a room of ours, or ends as a module does, and leads to nothing."""
    path = name.rstrip("/").partition(":")[0]
    if "<" in path or not (path.endswith(".py") or path.partition("/")[0] in ROOMS):
        return False
    return not any(list(root.glob(path)) for root in (ROOT, PACKAGE, ROOT / "media_assets_tests", beside))


def wrong_names(path: Path) -> list[str]:
    wrong = []
    for name in sorted(in_backticks(path)):
        if _FILE.fullmatch(name):
            there = {each.name for each in SOURCES if path.suffix == ".md" or each.parent == path.parent}
            wrong += [] if name in there | OTHERS else [name]
        elif _DOTTED.fullmatch(name):
            wrong += [name] if unknown_dotted(name) else []
        elif _PATH.fullmatch(name.partition(":")[0]):
            wrong += [name] if unknown_path(name, path.parent) else []
    return wrong


def test_every_module_that_a_docstring_names_is_there() -> None:
    wrong = {str(path.relative_to(ROOT)): found for path in SOURCES if (found := wrong_names(path))}
    assert wrong == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_a_document_names_is_there(page: Path) -> None:
    made = set(re.findall(r"^# (media_assets/\S+\.py)$", page.read_text("utf-8"), re.MULTILINE))
    assert [name for name in wrong_names(page) if f"media_assets/{name}" not in made] == []
