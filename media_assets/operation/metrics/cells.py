"""The state of every file in every stage, in about forty bytes a cell: 100,000 files in five stages take 30 MB.

It follows `pipeline.status`, which reads the same events for a person, with one difference: whether an artifact
still lies in its store, and a source file in its folder, is not looked at here.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from media_assets.base.errors import OverBudget
from media_assets.pipeline.causes import cause
from media_assets.pipeline.status import State

MISSING, DONE, NOT_APPLICABLE, FAILED = range(4)
_STATES = {MISSING: State.MISSING, DONE: State.DONE, NOT_APPLICABLE: State.NOT_APPLICABLE, FAILED: State.FAILED}

OVER_BUDGET = OverBudget.__name__
"""A file that was left alone for what it would cost is no failure."""
_LONGEST_CAUSE = 80


@dataclass(frozen=True)
class Cause:
    """The cause of a failure, without what differs from file to file."""

    error: str
    """Name of the class in `errors`."""
    reason: str


def cause_of(error: str, reason: str) -> Cause:
    """The cause that a reason stands for, as short as a label has to be."""
    return Cause(error, cause(reason)[:_LONGEST_CAUSE])


@dataclass
class StageCells:
    """The cells of one asset; the position of a file is that in `FileCells`."""

    made: array[int] = field(default_factory=lambda: array("q"))
    """Storage id of the last materialization; 0: none."""
    failed: array[int] = field(default_factory=lambda: array("q"))
    """Storage id of the last failure; 0: none."""
    fingerprint: array[int] = field(default_factory=lambda: array("Q"))
    saved_bytes: array[int] = field(default_factory=lambda: array("q"))
    not_applicable: bytearray = field(default_factory=bytearray)
    states: bytearray = field(default_factory=bytearray)
    causes: dict[int, Cause] = field(default_factory=dict)
    """The cause of the last failure, by position of the file, for as long as it counts."""

    def grow(self, length: int) -> None:
        """Make room for so many files."""
        more = length - len(self.states)
        if more > 0:
            for numbers in (self.made, self.failed, self.fingerprint, self.saved_bytes):
                numbers.extend([0] * more)
            self.not_applicable.extend(bytes(more))
            self.states.extend(bytes(more))

    def settle(self, position: int, removed_at: int) -> None:
        """Work out the state of a file anew.

        Args:
            removed_at: Storage id of the note that its source is gone: what failed before is nobody's concern.
        """
        failed = self.failed[position]
        if failed > max(self.made[position], removed_at):
            self.states[position] = MISSING if self.causes[position].error == OVER_BUDGET else FAILED
            return
        self.causes.pop(position, None)
        if not self.made[position]:
            self.states[position] = MISSING
        else:
            self.states[position] = NOT_APPLICABLE if self.not_applicable[position] else DONE


class FileCells:
    """Every file that was ever seen, which of them are registered now, and their cells."""

    def __init__(self, assets: Iterable[str]) -> None:
        self.keys: list[str] = []
        self.registered = bytearray()
        self.removed_at: dict[int, int] = {}
        self.stages: dict[str, StageCells] = {asset: StageCells() for asset in assets}
        self._positions: dict[str, int] = {}

    def position(self, key: str) -> int:
        """The position of a file, which is taken up when it was not known."""
        position = self._positions.get(key)
        if position is None:
            position = self._positions[key] = len(self.keys)
            self.keys.append(key)
            self.registered.append(0)
            for cells in self.stages.values():
                cells.grow(len(self.keys))
        return position

    def register(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.registered[self.position(key)] = 1

    def unregister_all(self) -> None:
        """Forget which files are registered, before all are registered again."""
        self.registered[:] = bytes(len(self.registered))

    def settle(self, asset: str, position: int) -> None:
        self.stages[asset].settle(position, self.removed_at.get(position, 0))

    def remove_source(self, position: int, storage_id: int) -> None:
        """Note that the source of a file is gone."""
        self.removed_at[position] = storage_id
        for asset in self.stages:
            self.settle(asset, position)

    def by_source(self) -> Counter[str]:
        """How many files of each source are registered; what belongs to none counts for the source ``."""
        sources: Counter[str] = Counter()
        for position, key in enumerate(self.keys):
            if self.registered[position]:
                source, separator, _ = key.partition(":")
                sources[source if separator else ""] += 1
        return sources

    def states(self, asset: str) -> Mapping[State, int]:
        """How many registered files are in each state."""
        states = self.stages[asset].states
        counts = {number: states.count(number) for number in _STATES}
        position = self.registered.find(0)
        while position >= 0:
            counts[states[position]] -= 1
            position = self.registered.find(0, position + 1)
        return {state: counts[number] for number, state in _STATES.items()}

    def causes(self, asset: str) -> Counter[Cause]:
        """How many registered files have failed, or were left alone, for each cause."""
        cells = self.stages[asset]
        return Counter(cause for position, cause in cells.causes.items() if self.registered[position])

    def saved_bytes(self, asset: str) -> int:
        saved = self.stages[asset].saved_bytes
        return sum(number for position, number in enumerate(saved) if number and self.registered[position])

    def restore(self, keys: list[str], registered: bytes) -> None:
        """Take over what was saved; the cells are filled in by the caller."""
        self.keys, self.registered = keys, bytearray(registered)
        self._positions = {key: position for position, key in enumerate(keys)}
        for cells in self.stages.values():
            cells.grow(len(keys))
