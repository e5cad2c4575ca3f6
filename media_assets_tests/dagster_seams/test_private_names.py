"""Every private name of Dagster that is used: an upgrade that takes one away says here which."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import media_assets.dagster_seams

ROOM = Path(media_assets.dagster_seams.__file__).parent


def private_names() -> list[tuple[str, str]]:
    """Module and name of all that the room imports."""
    return sorted(
        {
            (node.module, alias.name)
            for path in ROOM.glob("*.py")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dagster._")
            for alias in node.names
        }
    )


@pytest.mark.parametrize(("module", "name"), private_names())
def test_dagster_still_has(module: str, name: str) -> None:
    found = importlib.import_module(module)
    if not hasattr(found, name):
        importlib.import_module(f"{module}.{name}")


def test_there_are_such_names() -> None:
    assert ("dagster._core.events", "DagsterEvent") in private_names()


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_every_seam_says_with_which_version_it_was_seen(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "dagster._" not in text or "Dagster 1.13" in " ".join(text.split())
