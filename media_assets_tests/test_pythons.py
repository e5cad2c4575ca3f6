"""`make test-pythons` runs what it names: pytest, given one name that is gone, runs nothing at all."""

from __future__ import annotations

import ast

import pytest

from media_assets_tests.pythons import CHECKOUT, CORE


@pytest.mark.parametrize("named", CORE)
def test_what_the_core_names_is_there(named: str) -> None:
    path, _, function = named.partition("::")
    tests = {
        node.name
        for node in ast.parse((CHECKOUT / path).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert function in tests if function else tests
