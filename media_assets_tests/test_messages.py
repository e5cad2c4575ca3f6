"""What the package says to people leads nowhere that an installed wheel has not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "media_assets"
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
IN_THE_CHECKOUT_ALONE = re.compile(
    rf"\bmake (?:{'|'.join(TARGETS)})\b(?! [a-z])"
    r"|\b(?:docs|samples|deploy|benchmarks|media_assets_tests)/"
    r"|\b(?:Makefile|Dockerfile|docker-compose\.ya?ml|pyproject\.toml|requirements\.lock|workspace\.yaml|README)\b"
    r"|\.env\.example|\.venv/|\.ci/"
)
REPLACED_BY_INIT = {"see .env.example"}


def said(source: str, *, help_texts: bool) -> Iterator[tuple[int, str]]:
    """Line and text of each string of a module that has more than one word; what is put into it is left out."""
    tree = ast.parse(source)
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    pieces = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in pieces:
            if id(node) in documents and not help_texts:
                continue
            text = node.value
        else:
            continue
        if " " in text:
            yield node.lineno, text


def strangers(source: str, *, help_texts: bool = False) -> list[tuple[int, str]]:
    """What is said of files and commands that are in the checkout alone, by line."""
    found = ((line, IN_THE_CHECKOUT_ALONE.search(text), text) for line, text in said(source, help_texts=help_texts))
    return [(line, match[0]) for line, match, text in found if match and text not in REPLACED_BY_INIT]


def test_messages_name_nothing_that_a_wheel_lacks() -> None:
    found = {}
    for module in sorted(PACKAGE.rglob("*.py")):
        # Docstrings of commands are their help. `init` says what it replaces.
        has_help = module.name.startswith("cli") and module.name != "cli_init.py"
        source = module.read_text("utf-8")
        found[module.relative_to(PACKAGE)] = (
            strangers(source, help_texts=has_help) if IN_THE_CHECKOUT_ALONE.search(source) else []
        )
    assert len(found) > 200
    assert {module: words for module, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "message",
    [
        'Fatal("no key", next_step="see docs/engines.md")',
        'Fatal("no key", next_step="Run `make dev`")',
        'Fatal(f"{name} is not among env_vars in deploy/docker/dagster.yaml")',
        'Fatal("a variable is missing", next_step="Copy .env.example to .env")',
    ],
)
def test_a_message_that_leads_into_the_checkout_is_found(message: str) -> None:
    assert len(strangers(message)) == 1


def test_words_are_no_commands() -> None:
    assert strangers('print("they make samples of both, and make one file; a docs folder")') == []
