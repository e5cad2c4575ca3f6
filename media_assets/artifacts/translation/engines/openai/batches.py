"""Lines in batches of a size that a model answers without losing its place, each with what stands around them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from media_assets.artifacts.translation.translator import Line, Order

MOST_LINES = 40
"""Models lose their place in longer lists."""
_BEFORE = 3
_BEHIND = 2


def batches(order: Order, most_characters: int) -> Iterator[list[Line]]:
    """The wanted lines, in order."""
    batch: list[Line] = []
    characters = 0
    for line in order.lines:
        if line.id not in order.wanted:
            continue
        if batch and (characters + len(line.text) > most_characters or len(batch) == MOST_LINES):
            yield batch
            batch, characters = [], 0
        batch.append(line)
        characters += len(line.text)
    if batch:
        yield batch


def with_context(lines: Sequence[Line], asked: Collection[int]) -> list[Line]:
    """The asked lines and those around each, in order."""
    near: set[int] = set()
    for index, line in enumerate(lines):
        if line.id in asked:
            near.update(range(max(0, index - _BEFORE), min(len(lines), index + _BEHIND + 1)))
    return [lines[index] for index in sorted(near)]
