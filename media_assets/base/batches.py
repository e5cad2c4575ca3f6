"""Many items, so many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of `size` items, the last of what is left. Python has it from 3.12 on, as `itertools.batched`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
