"""Each class has a name and a docstring of its own, and every explanation can be read alone."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import media_assets

ROOT = Path(str(media_assets.__file__)).parent


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield path.relative_to(ROOT), node


def test_no_name_is_that_of_two_classes() -> None:
    counts = Counter(node.name for _, node in classes())
    assert {name for name, count in counts.items() if count > 1} == set()


def test_no_class_sends_its_reader_to_the_module() -> None:
    sent = [f"{path}: {node.name}" for path, node in classes() if "See the module" in (ast.get_docstring(node) or "")]
    assert sent == []


def test_no_explanation_begins_in_the_middle_of_a_sentence() -> None:
    begun = re.compile(r'^ *"""(?:(?:Of|By|As|In|For|With|Per) |…).*', re.MULTILINE)
    cut = re.compile(r'^.*…"""$', re.MULTILINE)
    dangling = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted(ROOT.rglob("*.py"))
        for kind in (begun, cut)
        for found in kind.findall(path.read_text("utf-8"))
    ]
    assert dangling == []
