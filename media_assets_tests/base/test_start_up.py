"""Garbage is looked for as usual once a process has loaded what it needs, and not among what it has loaded.

What is kept for good here stays so: to look through all that the tests have loaded takes them a third of their time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from media_assets.base.start_up import begin_loading, end_loading


@pytest.fixture(autouse=True)
def usual() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_garbage_is_looked_for_rarely_while_a_process_loads_and_as_usual_then(usual: tuple[int, int, int]) -> None:
    kept = gc.get_freeze_count()
    begin_loading()
    assert gc.get_threshold()[0] > usual[0] and gc.isenabled()
    loaded = [[number] for number in range(100)]
    end_loading()
    assert gc.get_threshold() == usual
    assert loaded and gc.get_freeze_count() > kept


def test_nothing_is_kept_for_good_where_no_loading_was_begun(usual: tuple[int, int, int]) -> None:
    kept = gc.get_freeze_count()
    end_loading()
    assert gc.get_threshold() == usual and gc.get_freeze_count() <= kept  # what was kept may be let go of
