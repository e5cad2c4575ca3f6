"""What `make test` runs of many equal cases; `make test-all` runs them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def few_of_them(cases: Iterable[Any], *few: Any) -> list[Any]:
    """The cases, of which those that are not among the few are slow."""
    cases = list(cases)
    assert set(few) <= set(cases)
    return [case if case in few else _slow(case) for case in cases]


def _slow(case: Any) -> Any:
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
