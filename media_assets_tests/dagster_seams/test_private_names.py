"""Every private name of Dagster that is used: an upgrade that takes one away says here which."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

import media_assets.dagster_seams

# What begins with an underscore, in Dagster and its companions, and the package of what they share.
_PRIVATE = re.compile(r"dagster(_[a-z]+)?(\.[a-z_]+)*\._|dagster_shared")
ROOM = Path(media_assets.dagster_seams.__file__).parent


def private_names() -> list[tuple[str, str]]:
    """Module and name of all that the room imports."""
    return sorted(
        {
            (node.module, alias.name)
            for path in ROOM.glob("*.py")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module and _PRIVATE.match(f"{node.module}.")
            for alias in node.names
        }
    )


@pytest.mark.parametrize(("module", "name"), private_names())
def test_dagster_still_has(module: str, name: str) -> None:
    found = importlib.import_module(module)
    if not hasattr(found, name):
        importlib.import_module(f"{module}.{name}")


def touched_in(source: str) -> set[str]:
    """What a module touches of Dagster that is private, by import or by a name in a string."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value[-1:].isidentifier():
            found.add(node.value)
    return {name for name in found if _PRIVATE.match(name)}


@pytest.mark.parametrize(
    "line",
    [
        "from dagster import _check",
        "from dagster._record import record",
        "import dagster._core.events as e",
        "importlib.import_module('dagster._cli.dev')",
        "from dagster_shared.record import record",
        "def f():\n    from dagster._annotations import beta",
    ],
)
def test_a_private_name_is_seen_however_it_is_come_by(line: str) -> None:
    assert touched_in(line)


def test_nothing_private_is_touched_outside_of_the_room() -> None:
    package = ROOM.parent
    found = {
        str(path.relative_to(package)): names
        for path in package.rglob("*.py")
        if ROOM not in path.parents and (names := touched_in(path.read_text("utf-8")))
    }
    assert found == {}


def test_there_are_such_names() -> None:
    assert ("dagster._core.events", "DagsterEvent") in private_names()


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_every_seam_says_with_which_version_it_was_seen(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "dagster._" not in text or "Dagster 1.13" in " ".join(text.split())
